"""LeNet-5 as an explorer: the weights that ship, what a drawing becomes, every map of the page."""

import itertools
import re

import numpy as np
import pytest
from explorer_page import CONTRASTS, press, shown

from cnnlib.datasets import folds, load, resize
from cnnlib.explorers.explorer import bundle, source
from cnnlib.explorers.lenet import SHIPPED, LeNetLive, as_trained, quantise, restore
from cnnlib.layers import Conv2d, ReLU
from cnnlib.losses import softmax
from cnnlib.network import LeNet5, Sequential
from cnnlib.receptive_field import receptive_field

STAGES = {"C1": 2, "S2": 3, "C3": 5, "S4": 6, "C5": 9, "F6": 11}  # how many layers lead there
PAPER, INK, ZERO, POSITIVE = "eef1f5", "1b2a41", "f4f6f8", "f0932f"  # of explorers.css, in the light
PEN = 1.6


def arc(row, col, height, width, start, end, points=20):
    """Points of an ellipse, (row, column); degrees, counter-clockwise from the right."""
    angle = np.deg2rad(np.linspace(start, end, points))
    return np.column_stack([row - height * np.sin(angle), col + width * np.cos(angle)]).tolist()


# One way to write each digit: strokes through points (row, column), in a square of side 1.
STROKES = {
    0: [arc(0.5, 0.5, 0.5, 0.33, 90, 450)],
    1: [[(0.2, 0.35), (0, 0.55), (1, 0.55)]],
    2: [[*arc(0.28, 0.5, 0.28, 0.3, 160, -20), (1, 0.2), (1, 0.82)]],
    3: [arc(0.25, 0.45, 0.25, 0.3, 150, -90), arc(0.75, 0.45, 0.25, 0.33, 90, -150)],
    4: [[(0, 0.55), (0.62, 0.15), (0.62, 0.85)], [(0.35, 0.65), (1, 0.65)]],
    5: [[(0, 0.8), (0, 0.28), (0.45, 0.25), *arc(0.68, 0.45, 0.32, 0.35, 100, -150)]],
    6: [[(0, 0.65), (0.3, 0.3), (0.65, 0.2), *arc(0.72, 0.5, 0.28, 0.3, 180, 540)]],
    7: [[(0, 0.15), (0, 0.85), (1, 0.4)]],
    8: [arc(0.25, 0.5, 0.25, 0.25, 90, 450), arc(0.75, 0.5, 0.25, 0.32, 90, 450)],
    9: [[*arc(0.28, 0.5, 0.28, 0.28, 0, 360), (0.28, 0.78), (1, 0.7)]],
}


def stroked(drawing, start, end, ink=1, pen=PEN):
    """A pen's width of ink round a line, fading out over one pixel, as `stroke` in lenet.js."""
    rows, cols = np.mgrid[:32, :32] + 0.5
    (row, col), (down, right) = start, np.subtract(end, start)
    length = down**2 + right**2
    along = np.clip(((rows - row) * down + (cols - col) * right) / length, 0, 1) if length else 0
    cover = np.clip(pen + 0.5 - np.hypot(rows - row - along * down, cols - col - along * right), 0, 1)
    return np.maximum(drawing, cover) if ink else np.minimum(drawing, 1 - cover)


def lines_of(digit, height=24, middle=(16, 16), slant=0.0, turn=0.0, wobble=0.0, rng=None):
    """The strokes of a digit on the board: arrays of points (row, column)."""
    cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    for line in STROKES[digit]:
        points = height * (np.array(line) - 0.5)
        if wobble:
            points += rng.normal(0, wobble, points.shape)
        points[:, 1] -= slant * points[:, 0]
        yield points @ [[cos, sin], [-sin, cos]] + middle


def drawn(digit, pen=PEN, **how):
    drawing = np.zeros((32, 32))
    for points in lines_of(digit, **how):
        for start, end in itertools.pairwise(points):
            drawing = stroked(drawing, start, end, pen=pen)
    return drawing


def in_blocks(digit):
    return np.repeat(np.repeat(digit, 4, axis=0), 4, axis=1)


def stages_of(network, seen):
    """What each stage makes of 32x32 values, the votes, the probabilities; with our own layers."""
    x = np.asarray(seen, float)[None, None]
    stages = {name: network[:count].forward(x)[0] for name, count in STAGES.items()}
    votes = network.forward(x)[0]
    return stages, votes, softmax(votes)


def says(network, drawing, fit=True):
    return stages_of(network, as_trained(drawing, fit=fit))[1].argmax()


@pytest.fixture(scope="module")
def shipped():
    return LeNetLive().network


@pytest.fixture(scope="module")
def held_out():
    """The digits of the writers whom the shipped network has never seen."""
    images, labels, _ = load("digits")
    *_, (_, test) = folds("digits", 5)
    return images[test, 0].astype(float), labels[test]


# --- weights ------------------------------------------------------------------------------------


def test_a_weight_is_its_code_times_the_scale_of_its_filter():
    network = LeNet5()
    network[0].weight[:] = 0
    network[0].weight[0, 0, 0, :3] = [1.27, -0.63, 0.014]  # the largest becomes 127: a scale of 0.01
    network[0].weight[1, 0, 0, 0] = -2.54
    codes, scales, biases = quantise(network)
    assert codes[:4].tolist() == [127, -63, 1, 0]
    assert codes[25] == -127
    assert scales[:2].tolist() == [0.01, 0.02]
    assert scales[2] == 1  # nothing to scale
    np.testing.assert_allclose(biases[:6], network[0].bias, rtol=1e-5)
    assert (codes.dtype, codes.shape, scales.shape, biases.shape) == (np.int8, (61470,), (236,), (236,))


def test_no_weight_moves_by_more_than_half_a_step():
    network = LeNet5(rng=np.random.default_rng(7))
    packed = quantise(network)
    steps = iter(packed[1])
    for before, after in zip(network, restore(*packed), strict=True):
        if before.weight is not None:
            step = np.array([next(steps) for _ in before.weight])
            move = np.abs(after.weight - before.weight).reshape(len(step), -1).max(axis=1)
            assert (move <= 0.501 * step).all()  # the scale is rounded, too
    assert next(steps, None) is None


def test_what_was_quantised_stays_as_it_is(shipped):
    again = restore(*quantise(shipped))
    for before, after in zip(shipped.parameters(), again.parameters(), strict=True):
        np.testing.assert_allclose(after, before, rtol=2e-6)


@pytest.mark.parametrize(
    "network",
    [
        LeNet5(in_channels=3),
        LeNet5(num_classes=26),
        Sequential(Conv2d(1, 6, 5, stride=2), ReLU(), *LeNet5()[2:]),
        Conv2d(1, 6, 5),
    ],
    ids=["colour", "letters", "strides", "layer"],
)
def test_other_networks_are_refused(network):
    with pytest.raises(ValueError, match=r"network must have the layers of LeNet5\(\): got "):
        LeNetLive(network)


def test_a_sequential_of_the_same_layers_is_a_lenet():
    network = LeNet5(rng=np.random.default_rng(1))
    assert LeNetLive(Sequential(*network)).weights == LeNetLive(network).weights


def test_shipped_file_needs_no_pickle_and_holds_numbers_only():
    with np.load(SHIPPED, allow_pickle=False) as shipped:
        kinds = {name: (array.dtype.kind, array.shape) for name, array in shipped.items()}
    assert kinds == {
        "codes": ("i", (61470,)),
        "scales": ("f", (236,)),
        "biases": ("f", (236,)),
        "digits": ("u", (10, 8, 8)),
    }


def test_shipped_network_reads_writers_whom_it_has_never_seen(shipped, held_out):
    digits, labels = held_out
    for fit in (False, True):
        said = [says(shipped, in_blocks(digit), fit) for digit in digits]
        assert np.mean(said == labels) > 0.94


def test_presets_are_the_first_ten_of_those_digits(held_out):
    digits, labels = held_out
    for name, preset in LeNetLive().presets.items():
        np.testing.assert_array_equal(preset, 16 * digits[labels == int(name)][0])


# --- what a drawing becomes -----------------------------------------------------------------------


@pytest.mark.parametrize(("pixels", "large"), [(8, 24), (16, 24)])
def test_blocks_become_what_the_chapter_makes_of_a_digit(pixels, large):
    digit = np.random.default_rng(0).uniform(size=(pixels, pixels))
    drawing = np.kron(digit, np.ones((32 // pixels, 32 // pixels)))
    expected = resize(resize(digit[None, None], large), 32, pad=True)[0, 0] * 1.275 - 0.1
    np.testing.assert_allclose(as_trained(drawing, pixels, fit=False), expected, atol=1e-6)


def test_of_28_pixels_each_is_kept():
    drawing = np.zeros((32, 32))
    drawing[:16] = 1  # the upper 14 rows of 28
    seen = as_trained(drawing, 28, fit=False)
    np.testing.assert_allclose(seen[2:16, 2:30], 1.175)
    np.testing.assert_allclose(seen[16:], -0.1)
    np.testing.assert_allclose(seen[:2], -0.1)


def test_fit_makes_a_small_square_as_large_as_a_digit():
    drawing = np.zeros((32, 32))
    drawing[3:8, 20:25] = 1
    expected = np.full((32, 32), -0.1)
    expected[4:28, 4:28] = 1.175
    np.testing.assert_allclose(as_trained(drawing), expected)


def test_fit_keeps_a_one_thin():
    drawing = np.zeros((32, 32))
    drawing[4:28, 6:9] = 1  # 24 by 3 pixels: 8 by 1 blocks, half in each of the middle columns
    ink = (as_trained(drawing) + 0.1) / 1.275
    np.testing.assert_allclose(ink[15].sum(), 3)  # one block is three pixels, enlarged
    np.testing.assert_allclose(ink[15], ink[15, ::-1])


def test_fit_keeps_a_dash_flat():
    drawing = np.zeros((32, 32))
    drawing[4:28, 6:9] = 1
    np.testing.assert_allclose(as_trained(drawing.T), as_trained(drawing).T)


def test_fit_makes_the_place_irrelevant_and_without_it_the_place_matters():
    near, far = drawn(3, height=16, middle=(10, 11)), drawn(3, height=16, middle=(19, 21))
    np.testing.assert_allclose(as_trained(near), as_trained(far), atol=1e-12)
    assert np.abs(as_trained(near, fit=False) - as_trained(far, fit=False)).max() > 1


@pytest.mark.parametrize("fit", [True, False])
def test_an_empty_board_is_paper(fit):
    np.testing.assert_allclose(as_trained(np.zeros((32, 32)), fit=fit), -0.1)


def test_digits_drawn_with_a_pen_are_recognised(shipped):
    """Ten made-up digits, thin and thick, small and large, upright and slanting."""
    for name, values in {"pen": (1.0, 1.6, 2.2), "height": (14, 28), "slant": (-0.2, 0.2)}.items():
        for value in values:
            said = [says(shipped, drawn(digit, **{name: value})) for digit in range(10)]
            assert said == list(range(10)), f"{name} {value}"


def test_shaky_digits_are_nearly_all_recognised(shipped):
    rng, right = np.random.default_rng(0), []
    for digit in np.repeat(range(10), 30):
        how = {
            "height": rng.uniform(14, 28),
            "middle": 16 + rng.uniform(-2, 2, 2),
            "slant": rng.uniform(-0.15, 0.3),
            "turn": rng.uniform(-10, 10),
            "wobble": rng.uniform(0, 0.7),
        }
        right.append(says(shipped, drawn(digit, pen=rng.uniform(1.2, 2), rng=rng, **how)) == digit)
    assert np.mean(right) > 0.93


def test_without_fit_small_digits_are_not(shipped):
    """The limit that the chapter shows: the network knows digits of one size only."""
    right = [says(shipped, drawn(digit, height=14), fit=False) == digit for digit in range(10)]
    assert np.mean(right) < 0.5


# --- what Python sends ----------------------------------------------------------------------------


def test_a_weight_takes_one_byte():
    assert len(LeNetLive().weights) == 81_960  # base64: four characters for three bytes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((28, 28))}, r"image must have shape \(32, 32\): got shape \(28, 28\)"),
        ({"image": np.full((32, 32), 2)}, r"image must hold 0 \(paper\) to 1 \(ink\): got 2"),
        ({"image": np.full((32, 32), -0.5)}, "got -0.5"),
        ({"pixels": 9}, "pixels must be one of 8, 16, 28: got 9"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        LeNetLive(**arguments)


def test_drawings_are_checked_like_images():
    with pytest.raises(ValueError, match=r"drawing must have shape \(32, 32\): got shape \(8, 8\)"):
        as_trained(np.zeros((8, 8)))


# --- the module as code ---------------------------------------------------------------------------

FORWARD = """async ([source, {weights, scales, biases}, inputs]) => {
    const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
    const {unpack, forward} = await import(url);
    const layers = unpack(weights, scales, biases);
    return inputs.map(input => {
        const {stages, votes, probabilities} = forward(input, layers);
        return [stages.map(values => [...values]), [...votes], [...probabilities]];
    });
}"""


def check_forward(page, explorer, inputs):
    state = {name: getattr(explorer, name) for name in ("weights", "scales", "biases")}
    inputs = [np.asarray(seen).tolist() for seen in inputs]
    results = page.evaluate(FORWARD, [bundle("lenet"), state, inputs])
    for seen, (theirs, votes, probabilities) in zip(inputs, results, strict=True):
        stages, *ours = stages_of(explorer.network, seen)
        for name, values in zip(STAGES, theirs, strict=True):
            np.testing.assert_allclose(values, stages[name].ravel(), atol=1e-9, err_msg=name)
        np.testing.assert_allclose(votes, ours[0], atol=1e-9)
        np.testing.assert_allclose(probabilities, ours[1], atol=1e-9)


def test_page_computes_what_our_layers_compute(browser_page, held_out):
    drawings = [in_blocks(digit) for digit in held_out[0][:20]] + [drawn(digit) for digit in range(10)]
    inputs = [as_trained(drawing) for drawing in drawings]
    inputs += [*np.random.default_rng(0).normal(size=(10, 32, 32)), np.zeros((32, 32))]
    check_forward(browser_page, LeNetLive(), inputs)


def test_page_computes_with_the_network_that_it_is_given(browser_page):
    rng = np.random.default_rng(11)
    network = LeNet5(rng=rng)
    explorer = LeNetLive(network)
    inputs = rng.normal(size=(5, 32, 32))
    check_forward(browser_page, explorer, inputs)
    votes = network.forward(inputs[:, None].astype(np.float32))
    np.testing.assert_allclose(explorer.network.forward(inputs[:, None]), votes, atol=0.01)


def test_drawing_becomes_in_the_page_what_it_becomes_in_python(call):
    rng = np.random.default_rng(5)
    drawings = [drawn(int(digit), height=rng.uniform(8, 26)) for digit in rng.integers(10, size=6)]
    drawings += [np.zeros((32, 32)), np.ones((32, 32)), np.eye(32), rng.uniform(size=(32, 32))]
    dot, dash = np.zeros((32, 32)), np.zeros((32, 32))
    dot[31, 0] = 0.2
    dash[14:17, 2:27] = 1
    corner = np.full((32, 32), 0.1)  # a trace of ink is none
    corner[30:, 30:] = 1
    calls = [
        (drawing, pixels, fit)
        for drawing in [*drawings, dot, dash, corner]
        for pixels in (8, 16, 28)
        for fit in (True, False)
    ]
    for arguments, seen in zip(calls, call("lenet", "asTrained", calls), strict=True):
        np.testing.assert_allclose(seen, as_trained(*arguments), atol=1e-12)


def test_stroke_is_ink_round_a_line(call):
    rng = np.random.default_rng(6)
    before = rng.integers(0, 101, size=(32, 32)) / 100
    lines = [rng.uniform(0, 32, (2, 2)).tolist() for _ in range(20)] + [[[4.5, 4.5], [4.5, 4.5]]]
    calls = [(before, *line, ink) for line in lines for ink in (1, 0)]
    for arguments, after in zip(calls, call("lenet", "stroke", calls), strict=True):
        np.testing.assert_allclose(after, stroked(*arguments), atol=0.00501)  # kept to two decimals


def test_a_value_sees_what_its_receptive_field_says(call):
    fields = receptive_field(LeNet5()[:6])
    for name in ("C1", "S2", "C3", "S4"):
        (size, _), (jump, _), (start, _) = fields[STAGES[name] - 1][1:]
        for place in [(0, 0), (2, 4)]:
            middles = [start + k * jump for k in place]
            expected = [[middle - (size - 1) / 2, middle + (size - 1) / 2] for middle in middles]
            assert call("lenet", "sees", [[name, *place]]) == [expected]


def test_softmax_of_large_votes(call):
    (shares,) = call("lenet", "softmax", [[[1000, 999, -1000]]])
    np.testing.assert_allclose(shares, softmax(np.array([1000.0, 999, -1000])), atol=1e-15)


# --- the page -------------------------------------------------------------------------------------

PIXELS = """all => all.map(({width, height}, n) => {
    const copy = Object.assign(document.createElement('canvas'), {width, height});
    const context = copy.getContext('2d', {willReadFrequently: true});
    context.drawImage(all[n], 0, 0);
    return [...context.getImageData(0, 0, width, height).data].filter((_, k) => k % 4 < 3);
})"""


def colours(page, selector):
    """The colours of the canvases, of shape (canvases, pixels, 3)."""
    return np.array(page.locator(selector).evaluate_all(PIXELS), float).reshape(
        page.locator(selector).count(), -1, 3
    )


def mixed(share, low, high):
    low, high = (np.array([int(code[k : k + 2], 16) for k in (0, 2, 4)]) for code in (low, high))
    return low + np.clip(np.ravel(share), 0, 1)[:, None] * (high - low)


def percent(share):
    return f"{shown(100 * share, 1)} %"


def check_page(page, drawing, network, fit=True):
    """Compare every pixel of every map, the bars and the verdict with our own layers."""
    seen = as_trained(drawing, fit=fit)
    stages, _, probabilities = stages_of(network, seen)
    np.testing.assert_allclose(colours(page, ".board")[0], mixed(drawing, PAPER, INK), atol=0.51)
    ink = mixed((seen + 0.1) / 1.275, PAPER, INK)
    np.testing.assert_allclose(colours(page, ".input canvas")[0], ink, atol=0.51)
    for name, values in stages.items():
        expected = mixed(values / (values.max() or 1), ZERO, POSITIVE)
        theirs = colours(page, f".{name} canvas").reshape(-1, 3)
        np.testing.assert_allclose(theirs, expected, atol=0.51, err_msg=name)
        assert page.locator(f".{name} .name").inner_text().endswith(f"up to {shown(values.max())}")
    assert page.locator(".bar b").all_inner_texts() == [percent(share) for share in probabilities]
    widths = page.locator(".bar i").evaluate_all("bars => bars.map(b => parseFloat(b.style.width))")
    np.testing.assert_allclose(widths, 100 * probabilities, atol=1e-4)
    assert page.locator(".letter").inner_text() == str(probabilities.argmax())
    assert page.locator(".bar.wins > span").all_inner_texts() == [str(probabilities.argmax())]


@pytest.mark.parametrize("digit", [0, 4, 8])
def test_presets(browser_page, show, shipped, digit):
    page = show(browser_page, LeNetLive())
    press(page, f"digit {digit}")
    check_page(page, in_blocks(np.array(LeNetLive().presets[str(digit)]) / 16), shipped)
    pressed = page.locator("[aria-pressed=true]").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert pressed == [f"digit {digit}"]


def test_page_shows_what_it_was_given_before_anybody_touches_it(browser_page, show):
    network = LeNet5(rng=np.random.default_rng(3))
    explorer = LeNetLive(network, image=drawn(5), fit=False)
    check_page(show(browser_page, explorer), drawn(5), explorer.network, fit=False)


def test_an_empty_board_gets_an_answer_too(browser_page, show, shipped):
    page = show(browser_page, LeNetLive())
    check_page(page, np.zeros((32, 32)), shipped)
    assert page.get_by_text("The board is empty.").count() == 1


def board_points(page, points):
    box = page.locator(".board").bounding_box()
    return [(box["x"] + col / 32 * box["width"], box["y"] + row / 32 * box["height"]) for row, col in points]


def draw_with_the_mouse(page, digit):
    for points in lines_of(digit):
        first, *rest = board_points(page, points)
        page.mouse.move(*first)
        page.mouse.down()
        for place in rest:
            page.mouse.move(*place)
        page.mouse.up()


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_drawn_with_the_mouse_is_read(live, shipped, digit):
    page = live(LeNetLive())
    draw_with_the_mouse(page, digit)
    image = np.array(page.evaluate("model.get('image')"))
    np.testing.assert_allclose(image, drawn(digit), atol=0.15)  # a mouse stands on whole pixels
    shares = stages_of(shipped, as_trained(image))[2]
    assert page.locator(".bar b").all_inner_texts() == [percent(share) for share in shares]
    assert page.locator(".letter").inner_text() == str(digit)
    assert page.get_by_text(f"Says {digit}.").count() == 1


def test_the_kernel_gets_a_drawing_once_a_stroke(live):
    page = live(LeNetLive())
    draw_with_the_mouse(page, 4)  # two strokes
    sent = page.evaluate("sent.map(state => state.image)")
    assert len(sent) == 2
    assert sent[-1] == page.evaluate("model.get('image')")
    page.evaluate("model.set('image', Array.from({length: 32}, () => Array(32).fill(0)))")
    assert page.get_by_text("The board is empty.").count() == 1  # and the page what the kernel does


def test_moving_over_the_board_without_the_button_draws_nothing(live):
    page = live(LeNetLive())
    (first, second) = board_points(page, [(5, 5), (20, 20)])
    page.mouse.move(*first)
    page.mouse.move(*second)
    assert not np.any(page.evaluate("model.get('image')"))
    page.mouse.down(button="right")
    page.mouse.move(*first)
    page.mouse.up(button="right")
    assert not np.any(page.evaluate("model.get('image')"))


def test_erase_takes_ink_away_and_clear_all_of_it(live):
    page = live(LeNetLive(image=np.ones((32, 32))))
    press(page, "Erase")
    start, end = board_points(page, [(16, 0.5), (16, 31.5)])
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end)
    page.mouse.up()
    expected = stroked(np.ones((32, 32)), (16, 0.5), (16, 31.5), ink=0)
    np.testing.assert_allclose(page.evaluate("model.get('image')"), expected, atol=0.1)
    press(page, "Clear")
    assert not np.any(page.evaluate("model.get('image')"))
    assert not np.any(page.evaluate("sent.at(-1).image"))


def test_fit_can_be_switched_off(browser_page, show, shipped):
    small = drawn(3, height=12, middle=(9, 10))
    page = show(browser_page, LeNetLive(image=small))
    check_page(page, small, shipped)
    page.get_by_label("fit to size and middle").uncheck()
    check_page(page, small, shipped, fit=False)


def test_keys_draw(live):
    page = live(LeNetLive())
    page.get_by_role("application", name="drawing").focus()
    keys = ["Home", "ArrowDown", "Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown", "ArrowDown"]
    for key in [*keys, "Shift+ArrowDown", "Enter"]:
        page.keyboard.press(key)
    expected = stroked(np.zeros((32, 32)), (17.5, 0.5), (17.5, 2.5))  # the pen begins in the middle
    expected = stroked(expected, (23.5, 2.5), (23.5, 2.5))
    np.testing.assert_allclose(page.evaluate("model.get('image')"), expected, atol=0.00501)
    assert spot_on(page, ".drawing") == [23, 23, 2, 2]  # where the pen is


def test_the_pen_is_lifted_when_the_focus_leaves(live):
    page = live(LeNetLive())
    board = page.get_by_role("application", name="drawing")
    board.focus()
    page.keyboard.press("Space")
    before = page.evaluate("model.get('image')")
    page.keyboard.press("Tab")
    assert page.locator(".drawing .spot").is_hidden()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("model.get('image')") == before


def test_a_finger_draws_and_does_not_scroll(new_page, show, shipped):
    page = show(new_page(has_touch=True, viewport={"width": 360, "height": 740}), LeNetLive())
    touch = page.context.new_cdp_session(page)
    for points in lines_of(7):
        kinds = ["touchStart", *["touchMove"] * (len(points) - 1)]
        for kind, (x, y) in zip(kinds, board_points(page, points), strict=True):
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.locator(".board").evaluate("b => getComputedStyle(b).touchAction") == "none"
    assert page.evaluate("scrollY") == 0
    assert page.locator(".letter").inner_text() == "7"


def heard(page, pattern):
    """Wait for the line that screen readers read out."""
    line = page.locator("[aria-live=polite]", has_text=re.compile(pattern))
    line.wait_for(state="attached", timeout=5000)


def spot_on(page, selector, side=32):
    """Rows and columns [first, last] inside the visible frame of a picture."""
    frame = page.locator(f"{selector} .spot:not([hidden])")
    if not frame.count():
        return None
    style = frame.evaluate("s => ['top', 'height', 'left', 'width'].map(k => parseFloat(s.style[k]))")
    top, height, left, width = np.array(style) * side / 100
    return [round(v) for v in (top, top + height - 1, left, left + width - 1)]


@pytest.mark.parametrize("how", ["pointer", "keys"])
def test_a_value_outlines_what_it_looks_at(browser_page, show, shipped, how):
    drawing = drawn(2)
    page = show(browser_page, LeNetLive(image=drawing))
    if how == "pointer":
        box = page.locator(".S4 canvas").nth(6).bounding_box()
        page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    else:
        page.get_by_role("application", name="S4").focus()
        for key in ["ArrowDown"] + ["ArrowRight"] * (6 * 5 + 3):  # through six maps of five columns
            page.keyboard.press(key)
    assert spot_on(page, ".input") == [4, 19, 12, 27]  # 16 x 16 pixels, in steps of 4
    assert spot_on(page, ".S4", 5) == [1, 1, 3, 3]
    value = stages_of(shipped, as_trained(drawing))[0]["S4"][6, 1, 3]
    window = "It looks at rows 5 to 20 and columns 13 to 28 of the input."
    assert page.locator(".trace").inner_text() == f"S4, map 7, row 2, column 4: {shown(value)}. {window}"
    if how == "pointer":
        page.mouse.move(0, 0)
    else:
        heard(page, "^S4, map 7, row 2, column 4")
        for _ in range(3):  # C5, F6, and out
            page.keyboard.press("Tab")
    assert page.locator(".spot:not([hidden])").count() == 0


def test_a_unit_looks_at_everything(browser_page, show, shipped):
    page = show(browser_page, LeNetLive(image=drawn(6)))
    box = page.locator(".F6 canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 2)
    value = stages_of(shipped, as_trained(drawn(6)))[0]["F6"][83]
    assert page.locator(".trace").inner_text() == f"F6, unit 84: {shown(value)}. It looks at everything."
    assert spot_on(page, ".input") == [0, 31, 0, 31]


def test_verdict_is_announced_when_it_changes(browser_page, show):
    page = show(browser_page, LeNetLive())
    voice = page.locator("[aria-live=polite]")
    page.wait_for_timeout(500)
    assert voice.inner_text() == ""  # a page that opens says nothing
    press(page, "digit 7")
    heard(page, r"^7, \d+\.\d %$")


def test_maps_change_their_colours_with_the_page(browser_page, show, shipped):
    page = show(browser_page, LeNetLive(image=drawn(9)))
    light = colours(page, ".C1 canvas")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    dark = colours(page, ".C1 canvas")
    assert light.mean() > 200 > 60 > dark.mean()
    assert colours(page, ".board")[0].mean() < 100
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    check_page(page, drawn(9), shipped)


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 800}), LeNetLive(image=drawn(8)))
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    panel = page.locator(".panel").bounding_box()
    outside = "(all, right) => all.filter(e => e.getBoundingClientRect().right > right + 1).length"
    everything = page.locator(".name, .name *, .bar b, canvas, button, label")
    assert everything.evaluate_all(outside, panel["x"] + panel["width"]) == 0
    sizes = "all => all.flatMap(e => [e.offsetWidth, e.offsetHeight])"
    sizes = page.locator("button, label").evaluate_all(sizes)
    assert min(sizes) >= 24  # pixels, for a finger


def test_a_phone_shows_the_board_and_all_bars_on_one_screen(new_page, show):
    page = show(new_page(viewport={"width": 360, "height": 740}), LeNetLive())
    last = page.locator(".bar").last.bounding_box()
    assert last["y"] + last["height"] < 740


def test_nothing_moves_by_itself():
    assert not re.search("transition|animation", source("lenet.css") + bundle("lenet"))


def test_focus_is_visible_on_every_stop(browser_page, show):
    page = show(browser_page, LeNetLive())
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(1 + 2 + 1 + 10 + 6):  # the board, two buttons, the box, ten digits, six layers
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    page = show(browser_page, LeNetLive(image=drawn(1)), theme=theme)
    selector = ".name, .name b, .heading, .trace, .bar span, .bar b, .ruling, .letter, button, label"
    contrasts = page.locator(selector).evaluate_all(CONTRASTS)
    assert len(contrasts) > 40
    assert min(contrasts) >= 4.5
