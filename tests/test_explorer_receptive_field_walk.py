"""The walk through the receptive fields: the arithmetic against gradients and PyTorch, and the page."""

import itertools
import re
from io import BytesIO
from urllib.request import urlopen

import numpy as np
import pytest
import torch
from explorer_page import CONTRASTS, press, stop_the_clock
from PIL import Image
from torch import nn

from cnnlib.datasets import resize
from cnnlib.explorers.explorer import HERE, bundle, source
from cnnlib.explorers.lenet import LeNetLive
from cnnlib.explorers.receptive_field_walk import NETWORKS, ReceptiveFieldWalk
from cnnlib.layers import Conv2d
from cnnlib.network import LeNet5
from cnnlib.receptive_field import receptive_field
from cnnlib.windows import output_size

LAYERS = {name: len(layers) for name, (_, _, layers) in NETWORKS.items()}
# Layer, size of the window, step to the next; 212 and 32 are also what Araujo et al. print for VGG16.
BY_HAND = {
    ("VGG16", 1): ("conv1_1", 3, 1, 0),
    ("VGG16", 2): ("conv1_2", 5, 1, 0),  # 3 + 2 * 1
    ("VGG16", 3): ("pool1", 6, 2, 0.5),  # 5 + 1 * 1
    ("VGG16", 4): ("conv2_1", 10, 2, 0.5),  # 6 + 2 * 2
    ("VGG16", 18): ("pool5", 212, 32, 15.5),
    ("VGG16", 19): ("fc6", 404, 32, 111.5),  # 212 + 6 * 32
    ("LeNet-5", 1): ("C1", 5, 1, 2),
    ("LeNet-5", 2): ("S2", 6, 2, 2.5),
    ("LeNet-5", 3): ("C3", 14, 2, 6.5),
    ("LeNet-5", 4): ("S4", 16, 4, 7.5),
    ("LeNet-5", 5): ("C5", 32, 4, 15.5),
}


def side_of(network, layer):
    side, _, layers = NETWORKS[network]
    for _, *window in layers[:layer]:
        side = output_size(side, *window)
    return side


# --- the arithmetic --------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "expected"), BY_HAND.items())
def test_windows_worked_out_by_hand(place, expected):
    network, layer = place
    walk = ReceptiveFieldWalk(network, layer)
    field = walk.field()
    assert NETWORKS[network][2][layer - 1][0] == expected[0]
    assert [(field.size, field.jump, field.start)] == [tuple((v, v) for v in expected[1:])]


def test_the_image_sees_itself():
    walk = ReceptiveFieldWalk(layer=0, point=(3, 200))
    assert walk.field()[1:] == ((1, 1), (1, 1), (0, 0))
    assert walk.unit() == (3, 200)
    assert walk.window() == ((3, 3), (200, 200))


def test_vgg16_is_walked_as_pytorch_would_build_it():
    layers = []
    for count in (2, 2, 3, 3, 3):
        layers += [nn.Conv2d(1, 1, 3, padding=1)] * count + [nn.MaxPool2d(2)]
    fields = receptive_field([*layers, nn.Conv2d(1, 1, 7)])
    assert len(fields) == LAYERS["VGG16"]
    for layer, field in enumerate(fields, start=1):
        assert ReceptiveFieldWalk(layer=layer).field()[1:] == field[1:]


def test_lenet_is_walked_as_our_own():
    net = LeNet5()
    windows = [layer for layer in net if hasattr(layer, "kernel_size")]
    fields = receptive_field([*windows, Conv2d(16, 120, 5)])  # C5 sees all of 16 maps of 5 x 5
    for layer, field in enumerate(fields, start=1):
        assert ReceptiveFieldWalk("LeNet-5", layer).field()[1:] == field[1:]


@pytest.mark.parametrize(
    ("network", "layer"), [("VGG16", 4), ("VGG16", 7), ("VGG16", 15), ("LeNet-5", 3), ("LeNet-5", 5)]
)
def test_a_unit_changes_with_exactly_the_pixels_of_its_window(network, layer):
    """The gradient of the unit with respect to the image, with weights of one and means for maxima."""
    side, _, layers = NETWORKS[network]
    x = torch.zeros(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    y = x
    for name, kernel_size, stride, padding in layers[:layer]:
        if name.startswith(("pool", "S")):
            y = nn.functional.avg_pool2d(y, kernel_size, stride, padding)
        else:
            ones = torch.full((1, 1, kernel_size, kernel_size), 0.1, dtype=torch.float64)
            y = nn.functional.conv2d(y, ones, stride=stride, padding=padding)
    assert y.shape[-1] == side_of(network, layer)
    last = y.shape[-1] - 1
    for row, col in {(0, 0), (last // 2, last // 3), (last, 0), (last - 1 if last else 0, last)}:
        field = ReceptiveFieldWalk(network, layer).field()
        centre = np.array(field.start) + np.array(field.jump) * (row, col)
        walk = ReceptiveFieldWalk(network, layer, centre)
        assert walk.unit() == (row, col)
        (gradient,) = torch.autograd.grad(y[0, 0, row, col], x, retain_graph=True)
        seen = np.argwhere(gradient[0, 0].numpy() > 0)
        expected = [(max(first, 0), min(end, side - 1)) for first, end in walk.window()]
        assert list(zip(seen.min(axis=0), seen.max(axis=0), strict=True)) == expected
        assert len(seen) == np.prod([end - first + 1 for first, end in expected])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"network": "AlexNet"}, "network must be one of VGG16, LeNet-5: got 'AlexNet'"),
        ({"layer": 20}, r"layer must be 0 \(the image\) to 19 in VGG16: got 20"),
        ({"network": "LeNet-5", "layer": 6}, r"to 5 in LeNet-5: got 6"),
        ({"layer": -1}, "got -1"),
        ({"point": (224, 0)}, r"point must lie on the image, from 0 to 223: got \(224, 0\)"),
        ({"network": "LeNet-5", "point": (0, 31.5)}, r"from 0 to 31: got \(0, 31.5\)"),
        ({"point": (1, 2, 3)}, r"point must have shape \(2\): got shape \(3,\)"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        ReceptiveFieldWalk(**arguments)


def test_another_network_keeps_what_fits():
    walk = ReceptiveFieldWalk(layer=17, point=(200, 10))
    walk.network = "LeNet-5"
    assert (walk.layer, walk.point) == (5, [31, 10])
    walk.network = "VGG16"
    assert (walk.layer, walk.point) == (5, [31, 10])


def test_all_that_a_page_sends_is_taken_at_once():
    walk = ReceptiveFieldWalk("LeNet-5", layer=2)
    walk.set_state({"network": "VGG16", "layer": 19, "point": [200, 223]})
    assert (walk.network, walk.layer, walk.point) == ("VGG16", 19, [200, 223])
    walk.set_state({"network": "LeNet-5", "layer": 5, "point": [31, 0]})
    assert (walk.network, walk.layer, walk.point) == ("LeNet-5", 5, [31, 0])


def opened(network):
    with urlopen(ReceptiveFieldWalk().networks[network]["picture"]) as stream:
        return np.asarray(Image.open(BytesIO(stream.read())).convert("RGB"), float)


def test_pictures_have_the_size_of_the_networks_inputs():
    for network, (side, file, _) in NETWORKS.items():
        assert opened(network).shape == (side, side, 3)
        assert (HERE / file).stat().st_size < 3000


def test_the_seven_is_the_one_of_lenet_live():
    digit = np.array(LeNetLive().presets["7"]) / 16
    seen = resize(resize(digit[None, None], 24), 32, pad=True)[0, 0]
    np.testing.assert_allclose(opened("LeNet-5").mean(axis=2), 255 * (1 - np.clip(seen, 0, 1)), atol=25)


# --- the module as code ---------------------------------------------------------------------------

ASK = """async ([source, networks, points]) => {
    const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
    const {fields, nearest, sees, margin} = await import(url);
    return Object.entries(networks).map(([name, {side, layers}]) => {
        const all = fields(side, layers);
        return [all.map(f => [f.side, f.size, f.jump, f.start]), margin(all), all.map(f =>
            points.map(p => p.map(v => v * (side - 1))).map(p => [nearest(f, p), sees(f, nearest(f, p))]))];
    });
}"""


def test_the_page_computes_what_python_computes(browser_page):
    points = [(0, 0), (1, 1), (0.5, 0.5), (0.25, 0.75), *np.random.default_rng(0).uniform(size=(30, 2))]
    points = [[float(v) for v in point] for point in points]
    answers = browser_page.evaluate(
        ASK, [bundle("receptive_field_walk"), ReceptiveFieldWalk().networks, points]
    )
    for (network, (side, _, _)), (fields, margin, places) in zip(NETWORKS.items(), answers, strict=True):
        assert margin == {"VGG16": 90, "LeNet-5": 0}[network]  # 90: what Araujo et al. print
        for layer, (field, theirs) in enumerate(zip(fields, places, strict=True)):
            ours = ReceptiveFieldWalk(network, layer).field()
            assert field == [side_of(network, layer), ours.size[0], ours.jump[0], ours.start[0]]
            for point, (unit, window) in zip(points, theirs, strict=True):
                walk = ReceptiveFieldWalk(network, layer, [v * (side - 1) for v in point])
                assert unit == list(walk.unit())
                assert window == [list(ends) for ends in walk.window()]


@pytest.mark.parametrize(
    ("window", "text"),
    [
        ([[0, 223], [0, 223]], "All of it lies on the image."),
        ([[-2, 7], [0, 9]], "It sticks out by 2 above: 20 % of it is padding."),
        ([[-2, 7], [219, 228]], "It sticks out by 2 above, 5 right: 60 % of it is padding."),
        ([[219, 228], [-5, 4]], "It sticks out by 5 below, 5 left: 75 % of it is padding."),
    ],
)
def test_what_lies_outside_is_counted(call, window, text):
    assert call("receptive_field_walk", "outside", [[window, 224]]) == [text]


# --- the page --------------------------------------------------------------------------------------


def say(value):
    return f"{value:.0f}".replace("-", "−") if value == int(value) else f"{value:.1f}".replace("-", "−")


def span(ends):
    first, last = ends
    return say(first) if first == last else f"{say(first)} to {say(last)}"


def box_of(page, selector, around, side):
    """Rows and columns [first, last] that an element covers, in pixels of an image that fills `around`."""
    inner, outer = page.locator(selector).bounding_box(), page.locator(around).bounding_box()
    one = outer["width"] / side
    top, left = (inner["y"] - outer["y"]) / one, (inner["x"] - outer["x"]) / one
    return [top, top + inner["height"] / one - 1, left, left + inner["width"] / one - 1]


def squares(page, k):
    """The squares of a path of the drawing, each as rows and columns [first, last]."""
    path = page.locator("svg path").nth(k).get_attribute("d")
    found = re.findall(r"M([\d.-]+) ([\d.-]+)H([\d.-]+)V([\d.-]+)H", path)
    return [[[top, bottom - 1], [left, right - 1]] for left, top, right, bottom in np.array(found, float)]


def as_lists(window):
    return [list(ends) for ends in window]


def check(page, walk):
    """Compare what is drawn and said with Python's walk."""
    side = NETWORKS[walk.network][0]
    units, (row, col), window, field = (
        side_of(walk.network, walk.layer),
        walk.unit(),
        walk.window(),
        walk.field(),
    )
    name = NETWORKS[walk.network][2][walk.layer - 1][0] if walk.layer else "image"
    # the window on the picture, its hatched ground, and the drawing over both
    assert box_of(page, ".lit", ".photo", side) == pytest.approx([*window[0], *window[1]], abs=0.3)
    assert box_of(page, ".hatch", ".photo", side) == pytest.approx([*window[0], *window[1]], abs=0.3)
    assert squares(page, 2) == squares(page, 3) == [as_lists(window)]
    edge, _, whole, _ = map(float, page.locator("svg").get_attribute("viewBox").split())
    view = page.locator(".view").bounding_box()
    photo = page.locator(".photo").bounding_box()
    assert photo["x"] - view["x"] == pytest.approx(-edge / whole * view["width"], abs=0.5)
    assert photo["width"] == pytest.approx(side / whole * view["width"], abs=0.5)
    assert edge <= min(window[0][0], window[1][0])
    assert max(window[0][1], window[1][1]) < whole + edge
    # smaller windows: the same place in the layers before
    before = [ReceptiveFieldWalk(walk.network, k, walk.point).window() for k in range(1, walk.layer)]
    assert squares(page, 1) == squares(page, 0) == [as_lists(one) for one in before]
    # centres: of all units, or of this one where they are too close
    dots = np.array(re.findall(r"M([\d.-]+) ([\d.-]+)h0", page.locator("svg path").last.get_attribute("d")))
    dots = dots.astype(float)[:, ::-1] - 0.5
    line = field.start[0] + field.jump[0] * np.arange(units)
    centre = [line[row], line[col]]
    if len(dots) == 1:
        assert dots.tolist() == [centre]
    else:
        np.testing.assert_allclose(dots, list(itertools.product(line, line)))
    # the map and its chosen unit
    assert page.locator(".map canvas").evaluate("c => [c.width, c.height]") == [units, units]
    if units < 30:
        top, bottom, left, right = box_of(page, ".at", ".map canvas", units)
        assert [(top + bottom) / 2, (left + right) / 2] == pytest.approx([row, col], abs=0.05)
    kind = "units" if walk.layer else "pixels"
    label = f"{name}: {units} × {units} {kind}; row {row}, column {col} chosen; "
    assert page.get_by_role("application").get_attribute("aria-label").startswith(label)
    # the words
    text = f"{name}, unit in row {row}, column {col}: sees {field.size[0]} × {field.size[0]} pixels"
    assert page.locator(".worked b").inner_text() == f"{text}."
    lines = page.locator("li").all_inner_texts()
    assert [one.split(" = ")[-1] for one in lines[:3]] == [
        say(field.size[0]),
        say(field.jump[0]),
        say(field.start[0]),
    ]
    assert [float(v) for v in re.findall(r"= ([\d.]+)", lines[3])] == centre
    assert lines[4].startswith(f"rows {span(window[0])}, columns {span(window[1])}. ")
    assert page.get_by_role("slider").input_value() == str(walk.layer)
    assert page.get_by_label(f"layer {name}").count() == 1
    assert page.locator(".growth .passed").count() == walk.layer
    assert page.locator("[aria-pressed=true]").all_inner_texts() == [walk.network]


@pytest.mark.parametrize(
    ("network", "layer", "point"),
    [
        ("VGG16", 0, (10, 200)),
        ("VGG16", 1, (0, 0)),
        ("VGG16", 6, (100, 50)),
        ("VGG16", 14, (223, 0)),
        ("VGG16", 18, None),
        ("VGG16", 19, (5, 5)),
        ("LeNet-5", 3, (6, 30)),
        ("LeNet-5", 5, None),
    ],
)
def test_every_number_of_the_page(browser_page, show, network, layer, point):
    walk = ReceptiveFieldWalk(network, layer, point)
    check(show(browser_page, walk), walk)


def test_the_arithmetic_is_written_out(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=17, point=(90, 60)))
    assert page.locator("li").all_inner_texts() == [
        "size r = 164 + (3 − 1) × 16 = 196",
        "jump j = 16 × 1 = 16",
        "start s = 7.5 + ((3 − 1) / 2 − 1) × 16 = 7.5",
        "centre: row 7.5 + 5 × 16 = 87.5, column 7.5 + 3 × 16 = 55.5",
        "rows −10 to 185, columns −42 to 153. It sticks out by 10 above, 42 left: 25 % of it is padding.",
    ]


def test_the_slider_goes_deeper_and_keeps_the_place(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=1, point=(70, 150)))
    for layer in [*range(20), 9, 1]:
        page.get_by_role("slider").fill(str(layer))
        check(page, ReceptiveFieldWalk(layer=layer, point=(70, 150)))


def test_buttons_go_deeper_and_back_and_stop_at_the_ends(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk("LeNet-5", layer=1))
    for layer in (2, 3, 4, 5, 5):
        press(page, "Deeper")
        check(page, ReceptiveFieldWalk("LeNet-5", layer))
    for layer in (4, 3, 2, 1, 0, 0):
        press(page, "Back")
        check(page, ReceptiveFieldWalk("LeNet-5", layer))


def test_a_bar_leads_to_its_layer_and_is_as_high_as_its_window(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk())
    bars = page.locator(".growth i")
    heights = bars.evaluate_all("all => all.map(b => parseFloat(b.style.getPropertyValue('--k')))")
    sizes = [ReceptiveFieldWalk(layer=layer).field().size[0] for layer in range(20)]
    np.testing.assert_allclose(heights, 100 * np.array(sizes) / 404, atol=1e-3)
    bars.nth(12).click()
    check(page, ReceptiveFieldWalk(layer=12))


def test_play_walks_to_the_end_and_starts_again(new_page, show):
    page = new_page(viewport={"width": 1200, "height": 900})
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, ReceptiveFieldWalk("LeNet-5", layer=3))
    stop_the_clock(page)
    page.clock.run_for(5000)
    check(page, ReceptiveFieldWalk("LeNet-5", 3))  # nothing plays by itself
    press(page, "Play")
    page.clock.run_for(700)
    check(page, ReceptiveFieldWalk("LeNet-5", 4))
    page.clock.run_for(5000)
    check(page, ReceptiveFieldWalk("LeNet-5", 5))
    press(page, "Play")
    check(page, ReceptiveFieldWalk("LeNet-5", 0))
    page.clock.run_for(700)
    press(page, "Pause")
    page.clock.run_for(5000)
    check(page, ReceptiveFieldWalk("LeNet-5", 1))
    press(page, "Play")
    press(page, "VGG16")  # who takes over pauses it
    page.clock.run_for(5000)
    assert page.get_by_role("slider").input_value() == "1"


def test_play_is_slow_for_readers_who_want_less_motion(new_page, show):
    page = new_page(reduced_motion="reduce")
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, ReceptiveFieldWalk(layer=2))
    stop_the_clock(page)
    press(page, "Play")
    page.clock.run_for(1400)
    assert page.get_by_role("slider").input_value() == "2"
    page.clock.run_for(200)
    assert page.get_by_role("slider").input_value() == "3"


def spot(page, selector, row, col, side):
    """The middle of a unit of the map, or of a pixel of the picture."""
    box = page.locator(selector).bounding_box()
    return box["x"] + (col + 0.5) * box["width"] / side, box["y"] + (row + 0.5) * box["height"] / side


def pixel(page, row, col):
    """A place near a pixel of the photograph, on whole pixels of the screen, and the pixel that it hits."""
    box = page.locator(".photo").bounding_box()
    point, place = [], []
    for name, size, k in (("y", "height", row), ("x", "width", col)):
        one = box[size] / 224
        near = np.round(box[name] + (k + 0.5) * one) + np.arange(-3, 4)
        hit = (near - box[name]) / one
        best = np.argmin(np.abs(hit % 1 - 0.5))  # far from where one pixel ends
        place.append(float(near[best]))
        point.append(int(np.floor(hit[best])))
    return place[::-1], point


def at_unit(layer, row, col, network="VGG16"):
    field = ReceptiveFieldWalk(network, layer).field()
    return ReceptiveFieldWalk(network, layer, [field.start[0] + k * field.jump[0] for k in (row, col)])


def test_a_unit_is_dragged_over_the_map(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=17))
    page.mouse.move(*spot(page, ".map canvas", 2, 3, 14))
    check(page, ReceptiveFieldWalk(layer=17))  # to pass over it is not enough
    page.mouse.down()
    check(page, at_unit(17, 2, 3))
    page.mouse.move(*spot(page, ".map canvas", 12, 9, 14), steps=4)
    check(page, at_unit(17, 12, 9))
    page.mouse.move(5, 5)  # beyond the edge: the nearest unit
    check(page, at_unit(17, 0, 0))
    page.mouse.up()
    page.mouse.move(*spot(page, ".map canvas", 8, 8, 14))
    check(page, at_unit(17, 0, 0))
    page.mouse.click(*spot(page, ".map canvas", 5, 5, 14), button="right")
    check(page, at_unit(17, 0, 0))


def test_a_place_is_chosen_on_the_picture(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=14))
    place, point = pixel(page, 30, 100)
    page.mouse.click(*place)
    check(page, ReceptiveFieldWalk(layer=14, point=point))
    page.mouse.down()
    place, point = pixel(page, 180, 60)
    page.mouse.move(*place, steps=5)
    page.mouse.up()
    check(page, ReceptiveFieldWalk(layer=14, point=point))
    page.mouse.move(*pixel(page, 10, 10)[0])
    check(page, ReceptiveFieldWalk(layer=14, point=point))
    page.mouse.click(*pixel(page, -30, 240)[0])  # on the padding: the edge of the image
    check(page, ReceptiveFieldWalk(layer=14, point=(0, 223)))


def test_a_finger_taps_on_the_picture_and_drags_on_the_map(new_page, show):
    page = new_page(has_touch=True, viewport={"width": 360, "height": 740})
    show(page, ReceptiveFieldWalk(layer=18))
    place, point = pixel(page, 50, 120)
    page.touchscreen.tap(*place)
    page.get_by_text("unit in row 1, column 3:").wait_for()  # 15.5 + 32 = 47.5 and 15.5 + 3 * 32 = 111.5
    check(page, ReceptiveFieldWalk(layer=18, point=point))
    touch = page.context.new_cdp_session(page)
    for kind, row in [("touchStart", 60), ("touchMove", 62), ("touchMove", 200)]:  # that scrolls the page
        x, y = spot(page, ".photo", row, 10, 224)
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    check(page, ReceptiveFieldWalk(layer=18, point=point))
    places = [spot(page, ".map canvas", k, 6 - k, 7) for k in range(6)]
    kinds = ["touchStart", *["touchMove"] * 5]
    for kind, (x, y) in zip(kinds, places, strict=True):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    check(page, at_unit(18, 5, 1))
    assert page.evaluate("scrollY") == 0
    assert page.locator(".map").evaluate("b => getComputedStyle(b).touchAction") == "none"


def test_keys_go_from_unit_to_unit(browser_page, show):
    page = show(browser_page, at_unit(17, 6, 6))
    page.get_by_role("application").focus()
    row, col = 6, 6
    for key, down, right in [
        ("ArrowDown", 1, 0),
        ("ArrowRight", 0, 1),
        ("ArrowUp", -1, 0),
        ("ArrowLeft", 0, -1),
        ("Shift+ArrowDown", 2, 0),  # a seventh of the map
        ("Shift+ArrowLeft", 0, -2),
        ("Home", 0, -4),
        ("ArrowLeft", 0, 0),
        ("End", 0, 13),
        ("a", 0, 0),
    ]:
        page.keyboard.press(key)
        row, col = row + down, col + right
        check(page, at_unit(17, row, col))
    page.get_by_role("slider").fill("1")
    page.get_by_role("application").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowUp")
    assert page.get_by_text("unit in row 104, column 0:").count() == 1  # 136 - 32
    page.keyboard.press("End")
    assert page.get_by_text("unit in row 104, column 223:").count() == 1


def test_another_network_keeps_the_place_and_as_much_depth_as_it_has(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=4, point=(60, 160)))
    press(page, "LeNet-5")
    point = [(v + 0.5) * 32 / 224 - 0.5 for v in (60, 160)]
    check(page, ReceptiveFieldWalk("LeNet-5", 4, point))
    press(page, "VGG16")
    check(page, ReceptiveFieldWalk("VGG16", 4, (60, 160)))
    page.get_by_role("slider").fill("19")
    press(page, "LeNet-5")
    check(page, ReceptiveFieldWalk("LeNet-5", 5, point))
    assert page.get_by_role("slider").get_attribute("max") == "5"


@pytest.mark.parametrize(("network", "layer"), [("LeNet-5", 3), ("LeNet-5", 1), ("VGG16", 18), ("VGG16", 19)])
def test_a_unit_has_the_colour_of_the_picture_round_its_centre(browser_page, show, network, layer):
    page = show(browser_page, ReceptiveFieldWalk(network, layer))
    units, field = side_of(network, layer), ReceptiveFieldWalk(network, layer).field()
    page.wait_for_function("document.querySelector('img').complete")
    pixels = page.locator(".map canvas").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    theirs = np.array(pixels, float).reshape(units, units, 4)
    assert (theirs[..., 3] == 255).all()
    jump, picture = field.jump[0], opened(network)
    first = int(field.start[0] + (1 - jump) / 2)
    cut = picture[first : first + units * jump, first : first + units * jump]
    expected = cut.reshape(units, jump, units, jump, 3).mean(axis=(1, 3))
    assert np.abs(theirs[..., :3] - expected).mean() < 12
    if jump == 1:
        np.testing.assert_allclose(theirs[..., :3], expected, atol=6)


def heard(page, text):
    page.locator("[aria-live=polite]", has_text=text).wait_for(state="attached", timeout=3000)


def test_the_window_is_announced_when_it_changes(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=17, point=(90, 60)))
    page.wait_for_timeout(500)
    assert page.locator("[aria-live=polite]").inner_text() == ""  # a page that opens says nothing
    press(page, "Back")
    heard(page, "conv5_2, unit in row 5, column 3: sees 164 × 164 pixels, rows 6 to 169, columns −26 to 137")


def test_the_picture_says_what_is_drawn_on_it(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=3, point=(0, 0)))
    label = "photograph of a cat; pool1, unit in row 0, column 0: sees 6 × 6 pixels"
    assert page.get_by_role("img", name=label).count() == 1
    press(page, "LeNet-5")
    assert page.get_by_role("img", name="a written seven; C3, unit in row 0, column 0").count() == 1


def test_kernel_and_page_share_what_is_chosen(live):
    page = live(ReceptiveFieldWalk())
    page.evaluate("model.set('layer', 12)")
    page.evaluate("model.set('point', [3, 220])")
    check(page, ReceptiveFieldWalk(layer=12, point=(3, 220)))
    page.evaluate("model.set('network', 'LeNet-5')")  # the kernel's other values follow
    page.evaluate("model.set('layer', 5)")
    page.evaluate("model.set('point', [3, 31])")
    check(page, ReceptiveFieldWalk("LeNet-5", 5, (3, 31)))
    assert page.evaluate("sent.length") == 0  # what the kernel sets is not sent back
    press(page, "Back")
    page.get_by_role("application").press("ArrowDown")
    sent = page.evaluate("sent.map(s => [s.network, s.layer, s.point])")
    assert sent == [["LeNet-5", 4, [3, 31]], ["LeNet-5", 4, [11.5, 23.5]]]
    press(page, "VGG16")
    assert page.evaluate("sent.length") == 3  # one message for all three values
    network, layer, point = page.evaluate("(s => [s.network, s.layer, s.point])(sent.at(-1))")
    assert (network, layer) == ("VGG16", 4)
    check(page, ReceptiveFieldWalk(network, layer, point))


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 800}), ReceptiveFieldWalk(point=(200, 200)))
    for network, layer in itertools.product(NETWORKS, (0, 2, 5)):
        press(page, network)
        page.get_by_role("slider").fill(str(layer if network == "LeNet-5" else 3 * layer + 4))
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        panel = page.locator(".panel").bounding_box()
        outside = "(all, right) => all.filter(e => e.getBoundingClientRect().right > right + 1).length"
        everything = page.locator(".panel, .view, .map, .name, b, li, button, label, input")
        assert everything.evaluate_all(outside, panel["x"] + panel["width"]) == 0
        wide = "els => els.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
        assert page.locator(".name, li, label").evaluate_all(wide) == []
    sizes = page.locator("button").evaluate_all("all => all.flatMap(e => [e.offsetWidth, e.offsetHeight])")
    assert min(sizes) >= 24  # pixels, for a finger


def test_a_phone_shows_the_picture_the_map_and_the_working_on_one_screen(new_page, show):
    walk = ReceptiveFieldWalk(layer=17, point=(20, 20))
    page = show(new_page(viewport={"width": 360, "height": 740}), walk)
    view, units = (page.locator(selector).bounding_box() for selector in (".view", ".map"))
    assert view["x"] + view["width"] < units["x"]
    assert abs(view["y"] - units["y"]) < 40
    last = page.locator("li").last.bounding_box()
    assert last["y"] + last["height"] < 740


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    page = show(browser_page, ReceptiveFieldWalk(layer=9), theme=theme)
    contrasts = page.locator(".name, .heading, b, li, button, label").evaluate_all(CONTRASTS)
    assert len(contrasts) > 12
    assert min(contrasts) >= 4.5


def test_focus_is_visible_and_passes_through_everything(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=5))
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(2 + 1 + 3 + 1):  # two networks, the slider, Play, Back and Deeper, the map
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_print_shows_the_picture_and_the_working_and_not_the_controls(browser_page, show):
    page = show(browser_page, ReceptiveFieldWalk(layer=9))
    page.emulate_media(media="print")
    for part in (".view", ".map", "li >> nth=4"):
        assert page.locator(part).is_visible()
    assert not any(control.is_visible() for control in page.locator("button, input").all())


def test_nothing_moves_by_itself():
    text = source("receptive_field_walk.css") + source("receptive_field_walk.js")
    assert not re.search("transition|animation", text)


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    names = set(re.findall(r"\.([a-z]+)", source("receptive_field_walk.css"))) - {"explorer"}
    page = show(browser_page, ReceptiveFieldWalk("LeNet-5", layer=2))
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
