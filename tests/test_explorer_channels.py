"""A filter over a colour image as an explorer: 27 products, their sums, the stack of maps."""

import re

import numpy as np
import pytest
from explorer_page import CONTRASTS, framed, labels_of, numbers_in, press, read, shown, stop_the_clock

from cnnlib.convolution import conv2d
from cnnlib.explorers.channels import FILTERS, ChannelsExplorer, apple

WEIGHT = np.array([planes for planes, _ in FILTERS.values()], float)
BIAS = np.array([bias for _, bias in FILTERS.values()], float)
IMAGE = apple().astype(float)
COLOURS = ["red", "green", "blue"]
NAMES = list(FILTERS)


def maps_of(image=IMAGE, weight=WEIGHT, bias=BIAS):
    """The stack of maps that our own convolution makes: shape (K, H - 2, W - 2)."""
    return conv2d(np.asarray(image, float)[None], np.asarray(weight, float), np.asarray(bias, float))[0]


def map_grid(page, k):
    return page.get_by_role("grid", name=f"map {k + 1}: ")


def map_cell(page, k, row, col):
    return map_grid(page, k).get_by_role("gridcell", name=f"row {row + 1}, column {col + 1},")


def filter_grid(page, channel):
    return page.get_by_role("grid", name=f"filter, {COLOURS[channel]}", exact=True)


def equation(page):
    return page.locator(".equation").inner_text()


def telling(page):
    return page.locator(".telling").inner_text()


def signed(value):
    return f"({shown(value, 0)})" if value < 0 else shown(value, 0)


def blocks(page, part):
    """The numbers of the three 3x3 blocks of a part, None where a cell is blank: shape (3, 3, 3)."""
    texts = page.locator(f".part.{part} .unit").all_inner_texts()
    return np.array([read(text) if text else None for text in texts], object).reshape(3, 3, 3)


def check_window(page, k, row, col, n, image=IMAGE, weight=WEIGHT, bias=BIAS):
    """Compare what the page shows of one window, with n of its 27 products, with the arithmetic."""
    seen = image[:, row : row + 3, col : col + 3]
    products = seen * weight[k]
    done = np.arange(27).reshape(3, 3, 3) < n
    np.testing.assert_array_equal(blocks(page, "patch"), seen)
    np.testing.assert_array_equal([numbers_in(filter_grid(page, c)) for c in range(3)], weight[k])
    np.testing.assert_array_equal(blocks(page, "product"), np.where(done, products, None))
    sums = (products * done).sum(axis=(1, 2))
    begun = (n + 8) // 9
    texts = page.locator(".total b").all_inner_texts()
    assert texts == [shown(total, 0) for total in sums[:begun]] + [""] * (3 - begun)
    terms = " + ".join(f"{COLOURS[c]} {signed(sums[c])}" for c in range(begun))
    if n == 27:
        value = maps_of(image, weight, bias)[k, row, col]
        assert equation(page) == f"{terms} + bias {signed(bias[k])} = {shown(value, 0)}"
        assert map_cell(page, k, row, col).inner_text() == shown(value, 0)
    else:
        assert equation(page) == f"{terms} + …"
    c, i, j = np.unravel_index(n - 1, (3, 3, 3))
    pixel, factor = seen[c, i, j], weight[k, c, i, j]
    assert telling(page) == (
        f"Product {n} of 27: {COLOURS[c]}, {shown(pixel, 0)} × {signed(factor)} = {shown(pixel * factor, 0)}."
    )
    marked = page.locator(".channel .unit").evaluate_all(
        "cells => cells.map(c => c.classList.contains('now'))"
    )
    where = np.zeros((3, 3, 9), bool)  # channel, then patch, filter, products
    where[c, :, 3 * i + j] = True
    np.testing.assert_array_equal(np.array(marked).reshape(3, 3, 9), where)


# --- what Python sends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((8, 8, 3))}, r"image must have shape \(3, H, W\), .* got shape \(8, 8, 3\)"),
        ({"image": np.zeros((3, 2, 8))}, r"H and W from 3 to 10: got shape \(3, 2, 8\)"),
        ({"image": np.zeros((3, 8, 11))}, r"H and W from 3 to 10: got shape \(3, 8, 11\)"),
        (
            {"image": np.full((3, 4, 4), 0.5)},
            r"whole numbers from 0 to 9: got 0\.5; .* np\.rint\(9 \* image\)",
        ),
        ({"image": np.full((3, 4, 4), -1)}, "whole numbers from 0 to 9: got -1"),
        ({"image": np.full((3, 4, 4), 10)}, "whole numbers from 0 to 9: got 10"),
        ({"weight": np.ones((2, 3, 5, 5))}, r"weight must have shape \(any, 3, 3, 3\)"),
        ({"weight": np.ones((0, 3, 3, 3))}, r"weight must have shape .* got shape \(0, 3, 3, 3\)"),
        (
            {"weight": np.ones((2, 3, 3, 3)), "bias": [1]},
            "bias must have one entry .* got 1, but there are 2",
        ),
        ({"names": ["a"]}, "names must have one entry for each filter: got 1, but there are 4 filters"),
        ({"bias": [0, 0, 0, np.nan]}, "bias must be finite: got nan"),
        ({"filter": 4}, "filter must be an index of weight: got 4, but there are 4, counted from 0"),
        ({"filter": -1}, "filter must be an index of weight: got -1"),
        ({"position": (6, 0)}, r"of the 6x6 map, counted from 0: got \(6, 0\)"),
        ({"position": (0, 0.5)}, r"got \(0, 0\.5\)"),
        ({"product": 0}, "product must be from 1 to 27: got 0"),
        ({"product": 28}, "product must be from 1 to 27: got 28"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        ChannelsExplorer(**arguments)


def test_filters_without_bias_and_names_get_zeros_and_numbers():
    explorer = ChannelsExplorer(weight=np.ones((2, 3, 3, 3)))
    assert explorer.bias == [0, 0]
    assert explorer.names == ["filter 1", "filter 2"]


def test_choices_stay_inside_another_image_and_other_filters():
    explorer = ChannelsExplorer(filter=3, position=(5, 4))
    explorer.image = np.ones((3, 4, 9))
    assert explorer.position == [1, 4]
    explorer.weight = WEIGHT[:2]
    assert (explorer.filter, explorer.bias, explorer.names) == (1, [-20, 0], NAMES[:2])
    explorer.weight = WEIGHT[[0, 1, 2]]
    assert (explorer.bias, explorer.names) == ([-20, 0, 0], [*NAMES[:2], "filter 3"])


def test_the_first_filter_finds_the_apple_and_the_last_the_sky():
    """What their names promise."""
    red, _, _, blue = maps_of()
    assert red[3, 2] > 0 > red[0, 0]  # (3, 2) is amid the apple, (0, 0) in the sky
    assert blue[0, 0] > 0 > blue[3, 2]


# --- the module as code -------------------------------------------------------------------------


def test_maps_equal_conv2d(call):
    rng = np.random.default_rng(1)
    calls = []
    for _ in range(60):
        k, size = rng.integers(1, 7), rng.integers(3, 11, 2)
        calls.append((rng.integers(0, 10, (3, *size)), rng.normal(size=(k, 3, 3, 3)), rng.normal(size=k)))
    for arguments, result in zip(calls, call("channels", "convolve", calls), strict=True):
        np.testing.assert_allclose(result, maps_of(*arguments), rtol=0, atol=1e-12)


def test_products_are_those_of_one_window(call):
    rng = np.random.default_rng(2)
    calls = []
    for _ in range(30):
        size = rng.integers(3, 11, 2)
        row, col = (int(rng.integers(0, n - 2)) for n in size)
        calls.append((rng.integers(0, 10, (3, *size)), rng.integers(-9, 10, (3, 3, 3)), row, col))
    for (image, weight, row, col), result in zip(calls, call("channels", "cube", calls), strict=True):
        np.testing.assert_array_equal(result, image[:, row : row + 3, col : col + 3] * weight)


def test_products_are_counted_channel_by_channel_in_reading_order(call):
    places = call("channels", "part27", [[n] for n in range(27)])
    np.testing.assert_array_equal(places, list(np.ndindex(3, 3, 3)))


def test_a_press_turns_a_weight_into_the_next(call):
    turned = call("channels", "turned", [[-9], [-2], [-1], [0], [1], [2], [3], [0.5], [-1.25]])
    assert turned == [-8, -1, 0, 1, 2, -2, -2, 1, -1]


# --- the page: one window -----------------------------------------------------------------------


def test_next_goes_through_all_27_products_and_on_to_the_next_window(browser_page, show):
    page = show(browser_page, ChannelsExplorer(filter=1, position=(1, 5)))
    for n in range(1, 28):
        check_window(page, 1, 1, 5, n)
        press(page, "Next")
    check_window(page, 1, 2, 0, 1)  # the next row
    assert page.get_by_role("button", name="Previous").is_disabled()
    press(page, "Next")
    press(page, "Previous")
    check_window(page, 1, 2, 0, 1)


def test_after_the_last_window_comes_the_first(browser_page, show):
    page = show(browser_page, ChannelsExplorer(position=(5, 5), product=27))
    press(page, "Next")
    check_window(page, 0, 0, 0, 1)


@pytest.mark.parametrize("k", range(4))
def test_slider_shows_any_number_of_products(browser_page, show, k):
    page = show(browser_page, ChannelsExplorer(filter=k, position=(2, 3)))
    slider = page.get_by_role("slider", name="product", exact=True)
    for n in (9, 10, 18, 19, 26, 27, 1):
        slider.fill(str(n))
        check_window(page, k, 2, 3, n)
        assert page.locator("label", has_text="product").inner_text().strip() == f"product {n} of 27"


def test_a_window_worked_out_by_hand(browser_page, show):
    """Red 1 to 9, green 1, blue 2 in the centre; the filter: red's diagonal, less green, twice blue's."""
    image = np.zeros((3, 3, 3), int)
    image[0] = np.arange(1, 10).reshape(3, 3)
    image[1], image[2, 1, 1] = 1, 2
    weight = np.stack([np.eye(3), -np.ones((3, 3)), 2 * np.eye(3)])[None]
    page = show(browser_page, ChannelsExplorer(image, weight, bias=[3], product=27))
    # 1 + 5 + 9; nine times -1; 2 * 2
    assert equation(page) == "red 15 + green (−9) + blue 4 + bias 3 = 13"
    assert numbers_in(map_grid(page, 0)) == [[13]]
    assert page.locator(".shapes").inner_text() == (
        "image (3, 3, 3) → 1 filter, each (3, 3, 3) → stack of maps (1, 1, 1)"
    )


def test_picture_and_channels_have_the_colours_of_the_image(browser_page, show):
    page = show(browser_page, ChannelsExplorer(position=(2, 3)))
    picture = page.get_by_role("grid", name="picture")
    rgb = picture.get_by_role("gridcell").evaluate_all(
        "cells => cells.map(c => getComputedStyle(c).backgroundColor.match(/[0-9]+/g).map(Number))"
    )
    expected = np.moveaxis(IMAGE, 0, 2).reshape(-1, 3) / 9 * 255
    assert np.abs(np.array(rgb) - expected).max() <= 0.5
    labels = labels_of(picture)
    assert labels[8 * 3 + 1] == "row 4, column 2, red 9, green 6, blue 5"
    for c, colour in enumerate(COLOURS):
        channel = page.get_by_role("img", name=f"{colour} channel of the picture")
        numbers = channel.locator(".unit").all_inner_texts()
        np.testing.assert_array_equal(np.array(numbers, int).reshape(8, 8), IMAGE[c])
        assert framed(page, picture) == [2, 4, 3, 5]
        frame, board = (channel.locator("xpath=..").locator(s).bounding_box() for s in (".frame", ".units"))
        pitch = board["width"] / 8
        assert (frame["y"] - board["y"]) / pitch == pytest.approx(2, abs=0.1)
        assert (frame["x"] - board["x"]) / pitch == pytest.approx(3, abs=0.1)


def test_picture_moves_the_window_by_pointer_and_by_keys(browser_page, show):
    page = show(browser_page, ChannelsExplorer(product=27))
    picture = page.get_by_role("grid", name="picture")
    picture.get_by_role("gridcell", name="row 5, column 4,").click()  # the window's centre
    check_window(page, 0, 3, 2, 27)
    page.keyboard.press("ArrowRight")
    check_window(page, 0, 3, 3, 27)
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    check_window(page, 0, 4, 5, 27)  # it stays inside the picture
    picture.get_by_role("gridcell").first.click()
    check_window(page, 0, 0, 0, 27)


# --- the page: filters and maps -----------------------------------------------------------------


def visited(page, k):
    return np.argwhere(np.array(numbers_in(map_grid(page, k)), object) != None).tolist()  # noqa: E711


def test_maps_are_empty_until_a_window_is_complete(browser_page, show):
    page = show(browser_page, ChannelsExplorer(position=(1, 2), product=26))
    assert [visited(page, k) for k in range(4)] == [[], [], [], []]
    assert labels_of(map_grid(page, 0))[0] == "row 1, column 1, not computed yet"
    press(page, "Next")
    press(page, "Next")
    press(page, "All 27")
    press(page, "3: top to bottom")
    assert [visited(page, k) for k in range(4)] == [[[1, 2], [1, 3]], [], [[1, 3]], []]


def test_fill_maps_shows_the_stack_and_reset_empties_it(browser_page, show):
    page = show(browser_page, ChannelsExplorer())
    press(page, "Fill maps")
    np.testing.assert_array_equal([numbers_in(map_grid(page, k)) for k in range(4)], maps_of())
    names = page.locator(".map .name").all_inner_texts()
    assert names == [f"map {k + 1}: {name}" for k, name in enumerate(NAMES)]
    press(page, "Reset")
    assert visited(page, 0) == []


def test_a_map_cell_chooses_filter_and_window_and_completes_it(browser_page, show):
    page = show(browser_page, ChannelsExplorer())
    map_cell(page, 3, 4, 1).click()
    check_window(page, 3, 4, 1, 27)
    assert [framed(page, map_grid(page, k)) for k in range(4)] == [None, None, None, [4, 4, 1, 1]]
    pressed = page.locator(".picks [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["4: blue, not red"]
    page.keyboard.press("ArrowUp")
    check_window(page, 3, 3, 1, 27)
    assert page.evaluate("document.activeElement.ariaLabel").startswith("row 4, column 2, value ")


def test_weights_and_bias_are_edited_and_reset(browser_page, show):
    page = show(browser_page, ChannelsExplorer(filter=1, position=(2, 1), product=27))
    weight, bias = WEIGHT.copy(), BIAS.copy()
    filter_grid(page, 2).get_by_role("gridcell", name="row 2, column 1,").click()  # -1 to 0
    weight[1, 2, 1, 0] = 0
    check_window(page, 1, 2, 1, 27, weight=weight)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    weight[1, 2, 1, 1] = 2
    check_window(page, 1, 2, 1, 27, weight=weight)
    page.get_by_role("slider", name="bias", exact=True).fill("-7")
    bias[1] = -7
    check_window(page, 1, 2, 1, 27, weight=weight, bias=bias)
    press(page, "Fill maps")
    maps = maps_of(weight=weight, bias=bias)  # the other filters are as they were
    np.testing.assert_array_equal([numbers_in(map_grid(page, k)) for k in range(4)], maps)
    map_cell(page, 1, 0, 0).click()
    press(page, "Reset")
    check_window(page, 1, 2, 1, 27)
    assert visited(page, 1) == [[2, 1]]


def test_other_images_and_learned_filters(browser_page, show):
    rng = np.random.default_rng(3)
    image, weight, bias = rng.integers(0, 10, (3, 5, 9)), rng.normal(size=(6, 3, 3, 3)), rng.normal(size=6)
    page = show(browser_page, ChannelsExplorer(image, weight, bias, filter=5, position=(2, 6), product=27))
    press(page, "Fill maps")
    maps = maps_of(image, weight, bias)
    for k in range(6):
        values = labels_of(map_grid(page, k))
        assert [read(label.split("value ")[1]) for label in values] == pytest.approx(
            maps[k].ravel(), abs=0.005001
        )
    shown_maps = [numbers_in(map_grid(page, k)) for k in range(6)]
    np.testing.assert_allclose(shown_maps, maps, atol=0.5001)  # ones where there are tens, else tenths
    assert equation(page).endswith(f" = {shown(maps[5, 2, 6])}")
    assert page.locator(".picks button").all_inner_texts() == [f"{k}: filter {k}" for k in range(1, 7)]


# --- the page: playing, telling, every home -----------------------------------------------------


def test_play_runs_to_the_last_product_and_pauses(browser_page, show):
    browser_page.clock.install(time="2026-01-01T00:00:00")
    page = show(browser_page, ChannelsExplorer(product=24))
    stop_the_clock(page)
    voice = page.locator("[aria-live=polite]")
    press(page, "Play")
    page.clock.run_for(700)
    assert telling(page).startswith("Product 25 of 27")
    assert voice.inner_text() == ""  # not a word for each step
    press(page, "Pause")
    page.clock.run_for(5000)
    assert telling(page).startswith("Product 25 of 27")
    assert voice.inner_text().startswith("Product 25 of 27: blue, 9 × 0 = 0. So far ")
    press(page, "Play")
    page.clock.run_for(5000)
    check_window(page, 0, 0, 0, 27)
    assert page.get_by_role("button", name="Play").count() == 1
    press(page, "Play")  # from the end it starts again
    check_window(page, 0, 0, 0, 1)
    map_cell(page, 0, 3, 3).click()  # who takes over pauses it
    page.clock.run_for(5000)
    check_window(page, 0, 3, 3, 27)


def test_play_is_slow_for_readers_who_want_less_motion(new_page, show):
    page = new_page(reduced_motion="reduce")
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, ChannelsExplorer())
    stop_the_clock(page)
    page.clock.run_for(5000)
    assert telling(page).startswith("Product 1 of 27")  # nothing plays by itself
    press(page, "Play")
    page.clock.run_for(1400)
    assert telling(page).startswith("Product 1 of 27")
    page.clock.run_for(200)
    assert telling(page).startswith("Product 2 of 27")


def test_result_is_announced_when_it_changes(browser_page, show):
    page = show(browser_page, ChannelsExplorer(filter=2, position=(5, 0)))
    page.wait_for_timeout(500)
    voice = page.locator("[aria-live=polite]")
    assert voice.inner_text() == ""  # a page that opens says nothing
    press(page, "All 27")
    value = shown(maps_of()[2, 5, 0], 0)
    said = re.compile(rf"^map 3, row 6, column 1: red .* \+ bias 0 = {value}$")
    page.locator("[aria-live=polite]").filter(has_text=said).wait_for(state="attached", timeout=3000)


def test_products_are_read_out_as_a_sum(browser_page, show):
    page = show(browser_page, ChannelsExplorer(filter=1, product=12))
    assert page.get_by_role("img", name="products, green: (−6) + 0 + 6", exact=True).count() == 1
    assert page.get_by_role("img", name="products, blue: none yet").count() == 1
    assert page.get_by_role("img", name="red in the window: 3 3 3; 3 3 3; 3 8 8").count() == 1


def test_kernel_and_page_share_what_is_chosen(live):
    page = live(ChannelsExplorer())
    map_cell(page, 2, 1, 4).click()
    filter_grid(page, 0).get_by_role("gridcell").first.click()
    sent = page.evaluate("sent.map(s => [s.filter, s.position, s.product, s.weight[2][0][0][0]])")
    assert sent[-1] == [2, [1, 4], 27, 0]
    page.evaluate("model.set('filter', 1)")
    check_window(page, 1, 1, 4, 27)
    image = np.random.default_rng(4).integers(0, 10, (3, 4, 5)).astype(float)
    page.evaluate("image => model.set('image', image)", image.tolist())
    check_window(page, 1, 1, 2, 27, image=image)  # the window moved into the smaller picture
    # other filters arrive one trait at a time
    page.evaluate("weight => model.set('weight', weight)", WEIGHT[:1].tolist())
    page.evaluate("model.set('bias', [5])")
    page.evaluate("model.set('names', ['one'])")
    check_window(page, 0, 1, 2, 27, image=image, weight=WEIGHT[:1], bias=np.array([5.0]))
    page.evaluate("weight => model.set('weight', weight)", WEIGHT[:2].tolist())
    assert page.locator(".map").count() == 1  # half of the news is not drawn
    page.evaluate("model.set('bias', [5, -5])")
    page.evaluate("model.set('names', ['one', 'two'])")
    assert page.locator(".map .name").all_inner_texts() == ["map 1: one", "map 2: two"]
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


@pytest.mark.parametrize("size", [8, 10])
@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out_and_every_choice_is_large_enough(new_page, show, width, size):
    image = np.full((3, size, size), 9)
    weight = np.full((6, 3, 3, 3), -9.99)
    page = new_page(viewport={"width": width, "height": 800})
    show(page, ChannelsExplorer(image, weight, product=27))
    press(page, "Fill maps")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    widths = page.locator(".toggles .unit").evaluate_all("cells => cells.map(c => c.offsetWidth)")
    assert min(widths) >= 23  # pixels, for a finger; a half on each side is the gap
    too_wide = "cells => cells.filter(c => c.firstChild?.offsetWidth > c.clientWidth).length"
    assert page.locator(".unit").evaluate_all(too_wide) == 0


def test_on_a_phone_a_step_and_what_it_changes_are_on_one_screen(new_page, show):
    page = show(new_page(viewport={"width": 360, "height": 740}), ChannelsExplorer())
    button, last = (page.locator(s).bounding_box() for s in ("button:text-is('Next')", ".equation"))
    assert last["y"] + last["height"] - button["y"] < 740


def test_a_finger_chooses(new_page, show):
    page = show(new_page(has_touch=True, viewport={"width": 360, "height": 740}), ChannelsExplorer())
    map_cell(page, 1, 2, 5).tap()
    check_window(page, 1, 2, 5, 27)
    page.get_by_role("grid", name="picture").get_by_role("gridcell", name="row 2, column 2,").tap()
    check_window(page, 1, 0, 0, 27)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    tints = np.arange(48).reshape(3, 4, 4) % 10
    page = show(browser_page, ChannelsExplorer(tints, product=20), theme=theme)
    press(page, "Fill maps")
    selector = ".unit, .name, .heading, .shapes, .sign, .total b, .telling, .equation, button:enabled, label"
    contrasts = page.locator(selector).evaluate_all(CONTRASTS)
    assert len(contrasts) > 100
    assert min(contrasts) >= 4.5


def test_focus_is_visible(browser_page, show):
    page = show(browser_page, ChannelsExplorer())
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    # the picture, four filters, play, next and all, the slider, three planes, bias, four maps, two buttons
    for _ in range(1 + 4 + 3 + 1 + 3 + 1 + 4 + 2):
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_two_on_one_page_leave_each_other_alone(browser_page, show):
    page = show(browser_page, ChannelsExplorer(), ChannelsExplorer(title="Another"))
    first, second = page.locator(".explorer").nth(0), page.locator(".explorer").nth(1)
    before = first.inner_html()
    second.get_by_role("button", name="Fill maps").click()
    second.get_by_role("button", name="Next").click()
    assert first.inner_html() == before


def test_print_shows_the_sums_and_not_the_controls(browser_page, show):
    page = show(browser_page, ChannelsExplorer(product=27))
    page.emulate_media(media="print")
    assert page.locator(".equation").is_visible()
    assert not any(control.is_visible() for control in page.locator("button, input").all())


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    css = ChannelsExplorer()._css
    own = css[css.index("/* the picture and its three channels") :]
    names = set(re.findall(r"\.([a-z]+)", own)) - {"explorer"}
    page = show(browser_page, ChannelsExplorer())
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
