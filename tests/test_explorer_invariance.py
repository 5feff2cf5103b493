"""Three networks and a digit that moves: the file that ships, the picture, the page, and what it says."""

import base64
import re

import numpy as np
import pytest
import torch
import train_invariance
from explorer_page import CONTRASTS, press
from scipy import ndimage

from cnnlib import datasets
from cnnlib.explorers.invariance import (
    RANGES,
    SHIPPED,
    STEP,
    InvarianceExplorer,
    build,
    picture,
    quantise,
    restore,
)
from cnnlib.losses import softmax

NAMES = ["MLP", "CNN", "CNN, anywhere"]
DIGITS = [2, 4, 5, 7]
TURNS = [(0, 1), (1, 0), (0, -1), (-1, 0)]  # in which chapter 2 shifts its test digits


@pytest.fixture(scope="module")
def test_digits():
    images, labels, _ = datasets.load("digits", split="test")
    return images[:, 0].astype(float), labels


def settings(count=40, seed=0):
    """The settings as trained, the ends of all ranges, and others by chance."""
    rng = np.random.default_rng(seed)
    chosen = [((0, 0), 1, 0, 0), ((-8, 8), 0.5, -60, 0.6), ((8, -8), 1.5, 60, 0)]
    for _ in range(count - len(chosen)):
        shift = rng.integers(-8, 9, 2).tolist()
        chosen.append((shift, rng.uniform(0.5, 1.5), rng.uniform(-60, 60), rng.choice([0, 0.1, 0.3, 0.6])))
    return [(DIGITS[k % 4], *map(float_or_list, one)) for k, one in enumerate(chosen)]


def float_or_list(value):
    return list(value) if np.ndim(value) else float(value)


def explorer_at(setting):
    digit, shift, scale, rotation, noise = setting
    return InvarianceExplorer(digit, shift=shift, scale=scale, rotation=rotation, noise=noise)


def with_weights(networks):
    """The layers that have weights, network after network."""
    return [layer for network in networks.values() for layer in network if layer.weight is not None]


def slider(page, name):
    return page.get_by_role("slider", name=name)


def sheet(page):
    return page.get_by_role("application", name=re.compile("^digit . on a sheet"))


def card(page, k):
    return page.get_by_role("group", name=NAMES[k], exact=True)


def pressed_key(page, keys):
    sheet(page).focus()
    for key in keys.split():
        page.keyboard.press(key)


def says(page):
    """The probabilities that the bars show: shape (3, 10)."""
    widths = page.locator(".bar i").evaluate_all("bars => bars.map(b => parseFloat(b.style.width) / 100)")
    return np.array(widths).reshape(3, 10)


def inked(page):
    """The ink of each pixel of the sheet: shape (24, 24)."""
    values = page.locator(".sheet rect").evaluate_all("cells => cells.map(c => Number(c.style.opacity))")
    return np.array(values).reshape(24, 24)


def shifted_to(page):
    """The shift that the sliders hold: rows, columns."""
    return [int(slider(page, name).input_value()) for name in ("rows", "columns")]


def check_page(page, explorer):
    """Compare the whole page with what NumPy makes of the same settings."""
    np.testing.assert_allclose(inked(page), np.clip(explorer.picture(), 0, 1), atol=6e-4)  # three decimals
    expected = explorer.probabilities()
    np.testing.assert_allclose(says(page), expected, atol=1e-4)
    parts = []
    for k, shares in enumerate(expected):
        winner, right = shares.argmax(), shares.argmax() == explorer.digit
        word = "right" if right else "wrong"
        assert card(page, k).locator(".verdict").inner_text() == f"says {winner}: {'✓✗'[not right]} {word}"
        assert card(page, k).locator(".wins .which").all_inner_texts() == [str(winner)]
        assert card(page, k).locator(".true .which").all_inner_texts() == [str(explorer.digit)]
        texts = card(page, k).get_by_role("listitem").all_inner_texts()
        printed = [re.fullmatch(r"(\d)\s+(\d+) %", text).groups() for text in texts]
        assert [int(label) for label, _ in printed] == list(range(10))
        np.testing.assert_allclose([int(share) for _, share in printed], 100 * shares, atol=0.51)
        parts.append(f"{NAMES[k]} says {winner} ({printed[winner][1]} %, {word})")
    assert page.locator(".telling").inner_text().endswith(f". {'; '.join(parts)}.")


# --- the file that ships ------------------------------------------------------------------------


def test_shipped_file_holds_arrays_of_numbers_and_needs_no_pickle():
    with np.load(SHIPPED, allow_pickle=False) as shipped:
        kinds = {name: (array.dtype.name, array.shape) for name, array in shipped.items()}
    assert kinds == {
        "codes": ("int8", (26118,)),
        "scales": ("float64", (145,)),
        "biases": ("float64", (145,)),
        "digits": ("uint8", (4, 8, 8)),
        "labels": ("uint8", (4,)),
        "pattern": ("int8", (24, 24)),
    }
    assert SHIPPED.stat().st_size < 40_000


def test_every_unit_uses_all_its_steps():
    with np.load(SHIPPED, allow_pickle=False) as shipped:
        codes = shipped["codes"].astype(int)
    start = 0
    for layer in with_weights(build()):
        rows = codes[start : start + layer.weight.size].reshape(len(layer.weight), -1)
        assert (np.abs(rows).max(axis=1) == 127).all()
        start += layer.weight.size
    assert start == len(codes)


def test_a_weight_is_its_code_times_the_scale_of_its_unit():
    weight = np.zeros((3, 1, 2, 2))
    weight[0, 0] = [[1.27, -0.634], [0.014, 0]]  # the largest becomes 127: a scale of 0.01
    weight[1, 0, 0, 0] = -2.54
    codes, scales, biases = quantise([(weight, np.array([1 / 3, 0, -1]))])
    assert codes.tolist() == [127, -63, 1, 0, -127, 0, 0, 0, 0, 0, 0, 0]
    assert scales.tolist() == [0.01, 0.02, 1]  # nothing to scale in the last
    assert biases.tolist() == [0.333333, 0, -1]


def test_no_weight_moves_by_more_than_half_a_step():
    rng = np.random.default_rng(3)
    shapes = [layer.weight.shape for layer in with_weights(build())]
    layers = [(rng.normal(size=shape), rng.normal(size=shape[0])) for shape in shapes]
    codes, scales, biases = quantise(layers)
    start, after = 0, with_weights(restore(codes, scales, biases))
    for (weight, bias), layer in zip(layers, after, strict=True):
        step = scales[start : start + len(weight)].reshape(-1, *[1] * (weight.ndim - 1))
        assert (np.abs(layer.weight - weight) <= 0.501 * step).all()
        np.testing.assert_allclose(layer.bias, bias, rtol=1e-5)
        start += len(weight)


def test_shipped_networks_tell_the_story_of_chapter_2(test_digits):
    """All read digits in the middle; three pixels beside it only the one that votes anywhere does."""
    digits, labels = test_digits
    networks = InvarianceExplorer().networks
    accuracy = {}
    for pixels in (0, 3, 4):
        seen = [picture(one, np.multiply(TURNS[n % 4][::1], pixels)) for n, one in enumerate(digits)]
        for name, network in networks.items():
            votes = network.forward(np.array(seen)[:, None])
            accuracy[name, pixels] = np.mean(votes.argmax(axis=1) == labels)
    assert min(accuracy[name, 0] for name in NAMES) > 0.94
    assert max(accuracy["MLP", 3], accuracy["CNN", 3]) < 0.4
    assert min(accuracy["CNN, anywhere", pixels] for pixels in (3, 4)) > 0.65


def test_networks_compute_what_pytorch_computes():
    """The same weights in PyTorch's layers: another library, another order of the arithmetic."""
    explorers = [explorer_at(setting) for setting in settings(12)]
    seen = np.array([explorer.picture() for explorer in explorers])[:, None]
    for k, (name, network) in enumerate(InvarianceExplorer().networks.items()):
        theirs = torch.nn.Sequential(*train_invariance.NETWORKS[name]()).double()
        ours = [layer for layer in network if layer.weight is not None]
        for to, layer in zip([one for one in theirs if hasattr(one, "weight")], ours, strict=True):
            to.weight.data, to.bias.data = torch.tensor(layer.weight), torch.tensor(layer.bias)
        with torch.no_grad():
            shares = torch.softmax(theirs(torch.tensor(seen)), dim=1).numpy()
        np.testing.assert_allclose([one.probabilities()[k] for one in explorers], shares, atol=1e-9)


def test_training_again_gives_a_file_of_the_same_kind(tmp_path, capsys, monkeypatch):
    """One round instead of twelve: that the script runs, and writes what it says."""
    monkeypatch.setattr(train_invariance, "EPOCHS", 1)
    train_invariance.main(tmp_path / "again.npz")
    with np.load(SHIPPED) as shipped, np.load(tmp_path / "again.npz", allow_pickle=False) as again:
        kinds = [{name: (a.dtype, a.shape) for name, a in file.items()} for file in (shipped, again)]
        assert kinds[0] == kinds[1]
        for name in ("digits", "labels", "pattern"):
            np.testing.assert_array_equal(again[name], shipped[name])
        for name, (dtype, shape) in kinds[0].items():  # what the docstring says is what there is
            size = ", ".join(map(str, shape)) + "," * (len(shape) == 1)
            assert re.search(rf"^ +{name} +{dtype} \({re.escape(size)}\)", train_invariance.__doc__, re.M)
    assert capsys.readouterr().out.count("of 360 test digits") == 9


def test_digits_to_choose_are_the_first_test_digits_of_their_kind(test_digits):
    digits, labels = test_digits
    presets = InvarianceExplorer().presets
    assert [int(label) for label in presets] == DIGITS
    for label, preset in presets.items():
        np.testing.assert_array_equal(preset, 16 * digits[labels == int(label)][0])


def test_as_trained_all_networks_are_right_about_these_digits():
    for digit in DIGITS:
        assert InvarianceExplorer(digit).probabilities().argmax(axis=1).tolist() == [digit] * 3


# --- the picture --------------------------------------------------------------------------------


def on_a_sheet(digit):
    """What chapter 2 makes of a digit of 8 x 8 pixels."""
    return datasets.resize(datasets.resize(digit[None, None], 16), 24, pad=True)[0, 0].astype(float)


@pytest.mark.parametrize("n", [0, 8, 100])
def test_picture_as_trained_is_that_of_chapter_2(test_digits, n):
    digit = test_digits[0][n]
    np.testing.assert_allclose(picture(digit), on_a_sheet(digit), atol=1e-6)


@pytest.mark.parametrize("shift", [(0, 3), (4, 0), (0, -2), (-8, 8)])
def test_a_shift_is_that_of_scipy(test_digits, shift):
    digit = test_digits[0][8]
    expected = ndimage.shift(on_a_sheet(digit), shift, order=1)
    np.testing.assert_allclose(picture(digit, shift), expected, atol=1e-6)


@pytest.mark.parametrize("factor", [0.5, 0.7, 1.1, 1.5])
def test_a_scale_is_that_of_scipy(test_digits, factor):
    digit, middle = test_digits[0][8], 11.5
    offset = middle - middle / factor
    expected = ndimage.affine_transform(on_a_sheet(digit), [1 / factor] * 2, offset, order=1)
    np.testing.assert_allclose(picture(digit, scale=factor), expected, atol=1e-6)


@pytest.mark.parametrize("degrees", [-60, -15, 30, 45])
def test_a_rotation_is_that_of_scipy(test_digits, degrees):
    digit = test_digits[0][8]
    expected = ndimage.rotate(on_a_sheet(digit)[None, None], degrees, axes=(3, 2), reshape=False, order=1)
    np.testing.assert_allclose(picture(digit, rotation=degrees), expected[0, 0], atol=1e-6)


def test_a_positive_rotation_turns_to_the_left():
    line = np.zeros((8, 8))
    line[:4, 3:5] = 1  # from the middle upwards
    turned = picture(line, rotation=60)
    assert turned[:, :12].sum() > 5 * turned[:, 12:].sum()
    assert turned[:12].sum() > 5 * turned[12:].sum()


def test_the_digit_turns_about_its_own_middle_and_moves_after_that():
    digit = np.random.default_rng(0).uniform(size=(8, 8))
    at_home, away = (picture(digit, shift, 0.6, 40) for shift in [(0, 0), (3, -4)])
    np.testing.assert_allclose(away[3:, :-4], at_home[:-3, 4:], atol=1e-12)


def test_noise_is_a_fixed_pattern_of_unit_size(test_digits):
    digit = test_digits[0][8]
    explorer = InvarianceExplorer(5, noise=0.2)
    added = (explorer.picture() - picture(digit)) / 0.2
    expected = np.random.default_rng(2).standard_normal((24, 24))
    np.testing.assert_allclose(added, expected, atol=0.5 / STEP + 1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"digit": 3}, "digit must be one of 2, 4, 5, 7: got 3"),
        ({"shift": (9, 0)}, "shift must be whole pixels from -8 to 8: got 9"),
        ({"shift": (0, -9)}, "shift must be whole pixels from -8 to 8: got -9"),
        ({"shift": (0.5, 0)}, "shift must be whole pixels from -8 to 8: got 0.5"),
        ({"shift": 3}, r"shift must have shape \(2\): got shape \(\)"),
        ({"scale": 0.4}, "scale must be from 0.5 to 1.5: got 0.4"),
        ({"rotation": 61}, "rotation must be from -60 to 60: got 61"),
        ({"noise": -0.1}, "noise must be from 0 to 0.6: got -0.1"),
        ({"noise": float("nan")}, "noise must be from 0 to 0.6: got nan"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        InvarianceExplorer(**arguments)


def test_another_digit_is_checked_like_the_first():
    explorer = InvarianceExplorer(2)
    with pytest.raises(ValueError, match="digit must be one of"):
        explorer.digit = 9
    assert explorer.digit == 2


# --- the module as code -------------------------------------------------------------------------


def test_pictures_equal_numpys(call):
    explorers = [explorer_at(setting) for setting in settings()]
    calls = [[e.presets[str(e.digit)], e.shift, e.scale, e.rotation, e.noise, e.pattern] for e in explorers]
    for explorer, result in zip(explorers, call("invariance", "picture", calls), strict=True):
        np.testing.assert_allclose(result, explorer.picture(), rtol=0, atol=1e-10)


def test_probabilities_equal_numpys(call):
    explorers = [explorer_at(setting) for setting in settings()]
    calls = [[e.picture(), e.weights, e.scales, e.biases] for e in explorers]
    expected = np.array([explorer.probabilities() for explorer in explorers])
    np.testing.assert_allclose(call("invariance", "probabilities", calls), expected, rtol=0, atol=1e-8)
    # the settings are no easy ones: the networks often differ, and are often unsure
    assert (np.ptp(expected.argmax(axis=2), axis=1) > 0).mean() > 0.3
    assert (expected.max(axis=2) < 0.9).mean() > 0.2


def test_probabilities_of_other_weights_and_of_large_votes(call):
    rng = np.random.default_rng(4)
    shapes = [layer.weight.shape for layer in with_weights(build())]
    codes, scales, biases = quantise([(rng.normal(size=s), rng.normal(size=s[0])) for s in shapes])
    seen = rng.normal(size=(24, 24))
    packed = base64.b64encode(codes.tobytes()).decode()
    [result] = call("invariance", "probabilities", [[seen, packed, scales, biases]])
    votes = [network.forward(seen[None, None])[0] for network in restore(codes, scales, biases).values()]
    assert np.abs(votes).max() > 750  # exp() of it is no number
    np.testing.assert_allclose(result, [softmax(one) for one in votes], atol=1e-8)


# --- the page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(6))
def test_page_shows_what_numpy_computes(browser_page, show, k):
    explorer = explorer_at(settings()[k])
    check_page(show(browser_page, explorer), explorer)


def test_sliders_move_resize_turn_and_add_noise(browser_page, show):
    page = show(browser_page, InvarianceExplorer(4))
    for values, expected in [
        ({"rows": "-3"}, {"shift": (-3, 0)}),
        ({"columns": "8"}, {"shift": (-3, 8)}),
        ({"size": "70"}, {"shift": (-3, 8), "scale": 0.7}),
        ({"turn": "-35"}, {"shift": (-3, 8), "scale": 0.7, "rotation": -35}),
        ({"noise": "45", "columns": "0"}, {"shift": (-3, 0), "scale": 0.7, "rotation": -35, "noise": 0.45}),
    ]:
        for name, value in values.items():
            slider(page, name).fill(value)
        check_page(page, InvarianceExplorer(4, **expected))
    texts = [
        slider(page, n).get_attribute("aria-valuetext") for n in ("rows", "columns", "size", "turn", "noise")
    ]
    assert texts == ["3 up", "0", "× 0.7", "35° right", "0.45"]
    assert (
        page.locator(".telling")
        .inner_text()
        .startswith("Digit 4, 3 up, size × 0.7, turned 35° right, noise 0.45. ")
    )


def test_sliders_end_where_python_says(browser_page, show):
    page = show(browser_page, InvarianceExplorer())
    for names, key, unit in [
        (("rows", "columns"), "shift", 1),
        (("size",), "scale", 100),
        (("turn",), "rotation", 1),
        (("noise",), "noise", 100),
    ]:
        for name in names:
            ends = [float(slider(page, name).get_attribute(end)) / unit for end in ("min", "max")]
            assert ends == list(RANGES[key])


def test_another_digit_is_chosen(browser_page, show):
    page = show(browser_page, InvarianceExplorer(2, shift=(1, 1)))
    for digit in (7, 4, 5, 2):
        press(page, f"digit {digit}")
        check_page(page, InvarianceExplorer(digit, shift=(1, 1)))
        assert page.locator(".picks [aria-pressed=true]").get_attribute("aria-label") == f"digit {digit}"


def test_reset_undoes_all_but_the_digit(browser_page, show):
    page = show(browser_page, InvarianceExplorer(7, (2, -5), 1.3, 25, 0.4))
    press(page, "Reset")
    check_page(page, InvarianceExplorer(7))
    assert page.locator(".telling").inner_text().startswith("Digit 7, as trained. MLP says 7 (")


def test_arrow_keys_move_the_digit_and_stop_at_the_end(browser_page, show):
    page = show(browser_page, InvarianceExplorer(5))
    pressed_key(page, "ArrowRight ArrowRight ArrowRight ArrowUp")
    check_page(page, InvarianceExplorer(5, (-1, 3)))
    pressed_key(page, "ArrowLeft ArrowDown ArrowDown")
    check_page(page, InvarianceExplorer(5, (1, 2)))
    pressed_key(page, " ".join(["ArrowDown"] * 10 + ["Home"]))
    assert shifted_to(page) == [8, -8]
    pressed_key(page, "End ArrowRight Control+ArrowLeft x")  # the last two are not ours
    check_page(page, InvarianceExplorer(5, (8, 8)))
    assert sheet(page).get_attribute("aria-label") == (
        "digit 5 on a sheet of 24 by 24 pixels, rows 8 down, columns 8 right; arrow keys move it"
    )


def test_digit_is_dragged_in_whole_pixels(browser_page, show):
    page = show(browser_page, InvarianceExplorer(5, (0, 1)))
    box = sheet(page).bounding_box()
    pixel, x, y = box["width"] / 24, box["x"] + 100, box["y"] + 90
    mouse = page.mouse
    mouse.move(x, y)
    mouse.move(x + 30, y)  # nothing is held
    assert shifted_to(page) == [0, 1]
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 2.4 * pixel, y - 1.6 * pixel)
    check_page(page, InvarianceExplorer(5, (-2, 3)))
    mouse.move(x - 5 * pixel, y + 4 * pixel, steps=5)
    check_page(page, InvarianceExplorer(5, (4, -4)))
    mouse.move(x - 600, y + 600)  # far outside, still held
    check_page(page, InvarianceExplorer(5, (8, -8)))
    mouse.up()
    mouse.move(x, y)
    assert shifted_to(page) == [8, -8]
    mouse.down(button="right")
    mouse.move(x + 5 * pixel, y)
    assert shifted_to(page) == [8, -8]


def test_a_finger_drags_and_the_page_stays(new_page, show):
    page = show(new_page(has_touch=True, viewport={"width": 360, "height": 740}), InvarianceExplorer(2))
    box = sheet(page).bounding_box()
    touch = page.context.new_cdp_session(page)

    def send(kind, dx=0.0, dy=0.0):
        at = {"x": box["x"] + 100 + dx, "y": box["y"] + 100 + dy}
        points = [] if kind == "touchEnd" else [at]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    pixel = box["width"] / 24
    send("touchStart")
    for share in (0.25, 0.5, 0.75, 1):
        send("touchMove", 3 * pixel * share, -6 * pixel * share)
    send("touchEnd")
    check_page(page, InvarianceExplorer(2, (-6, 3)))
    assert page.evaluate("document.scrollingElement.scrollTop") == 0


def test_what_changes_is_announced_once(browser_page, show):
    page = show(browser_page, InvarianceExplorer(5))
    page.wait_for_timeout(500)
    voice = page.locator("[aria-live=polite]")
    assert voice.inner_text() == ""  # a page that opens says nothing
    pressed_key(page, "ArrowRight ArrowRight ArrowRight")
    said = page.locator("[aria-live=polite]").filter(has_text="Digit 5, 3 right. MLP says ")
    said.wait_for(state="attached", timeout=3000)
    assert voice.inner_text() == page.locator(".telling").inner_text()


def test_kernel_and_page_share_what_is_chosen(live):
    page = live(InvarianceExplorer(5))
    pressed_key(page, "ArrowLeft")
    slider(page, "turn").fill("20")
    press(page, "digit 7")
    sent = page.evaluate("sent.map(s => [s.digit, s.shift, s.scale, s.rotation, s.noise])")
    assert sent == [[5, [0, -1], 1, 0, 0], [5, [0, -1], 1, 20, 0], [7, [0, -1], 1, 20, 0]]
    page.evaluate("model.set('shift', [3, 2]); model.set('scale', 1.234); model.set('noise', 0.07)")
    check_page(page, InvarianceExplorer(7, (3, 2), 1.234, 20, 0.07))
    # other weights: the page computes with them
    page.evaluate("model.set('biases', model.get('biases').map((b, k) => (k === 24 ? 99 : b)))")
    assert card(page, 0).locator(".verdict").inner_text() == "says 9: ✗ wrong"  # the MLP's last bias
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


def test_numbers_of_the_page_come_back_to_python():
    """What the page sends is what the traits accept."""
    explorer = InvarianceExplorer(5)
    explorer.set_state({"shift": [0, -1], "scale": 1, "rotation": 20, "noise": 0, "digit": 7})
    assert (explorer.digit, explorer.shift, explorer.rotation) == (7, [0, -1], 20)


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out_and_every_control_is_large_enough(new_page, show, width):
    page = show(
        new_page(viewport={"width": width, "height": 800}), InvarianceExplorer(5, (-8, -8), 1.25, -25, 0.15)
    )
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    sizes = page.locator(".explorer button").evaluate_all(
        "all => all.map(b => [b.offsetWidth, b.offsetHeight])"
    )
    assert np.min(sizes) >= 30
    too_wide = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
    assert page.locator(".verdict, .who, .bar, .bar b, .network, label").evaluate_all(too_wide) == []
    # the bars can be told apart: a full one is long enough
    tracks = page.locator(".bar > div").evaluate_all("all => all.map(e => e.clientWidth)")
    assert min(tracks) >= 40


def test_on_a_phone_the_digit_and_all_bars_are_on_one_screen(new_page, show):
    page = show(new_page(viewport={"width": 360, "height": 640}), InvarianceExplorer())
    last = page.locator(".bar").last.bounding_box()
    assert last["y"] + last["height"] - sheet(page).bounding_box()["y"] < 640


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    page = show(browser_page, InvarianceExplorer(5, (0, 3), noise=0.1), theme=theme)
    selector = ".heading, .name, .who, .what, .verdict, .which, .bar b, .legend, label span, .telling, button"
    contrasts = page.locator(selector).evaluate_all(CONTRASTS)
    assert len(contrasts) > 70
    assert min(contrasts) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_ink_and_paper_follow_the_theme(browser_page, show, theme):
    page = show(browser_page, InvarianceExplorer(), theme=theme)
    colours = page.locator(".sheet .ink").evaluate(
        "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e.querySelector('rect')).fill]"
    )
    light = {
        "light": ["rgb(238, 241, 245)", "rgb(27, 42, 65)"],
        "dark": ["rgb(38, 45, 55)", "rgb(211, 220, 232)"],
    }
    assert colours == light[theme]


def test_focus_is_visible_on_every_control(browser_page, show):
    page = show(browser_page, InvarianceExplorer())
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(1 + 4 + 1 + 5):  # the sheet, four digits, reset, five sliders
        assert " solid 3px" in page.evaluate(outline)
        assert page.evaluate("document.activeElement.hasAttribute('data-lm-suppress-shortcuts')")
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_two_on_one_page_leave_each_other_alone(browser_page, show):
    page = show(browser_page, InvarianceExplorer(), InvarianceExplorer(title="Another"))
    first, second = page.locator(".explorer").nth(0), page.locator(".explorer").nth(1)
    before = first.inner_html()
    second.get_by_role("slider", name="columns").fill("4")
    second.get_by_role("button", name="digit 7").click()
    assert first.inner_html() == before


def test_print_shows_the_networks_and_not_the_controls(browser_page, show):
    page = show(browser_page, InvarianceExplorer())
    page.emulate_media(media="print")
    assert page.locator(".networks").is_visible()
    assert not any(control.is_visible() for control in page.locator("button, input").all())


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    css = InvarianceExplorer()._css
    own = css[css.index("/* the sheet and what can be chosen") :]
    names = set(re.findall(r"\.([a-z]+)", own)) - {"explorer"}
    page = show(browser_page, InvarianceExplorer(5, (0, 3)))  # one is right, two are wrong
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
