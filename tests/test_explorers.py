"""The explorers: what Python sends, what the modules compute, what a reader can do with them."""

import inspect
import json
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from explorer_page import (
    CONTRASTS,
    centre,
    framed,
    labels_of,
    numbers_in,
    press,
    shown,
    stop_the_clock,
)

from cnnlib.explorers.activations import ActivationExplorer
from cnnlib.explorers.arithmetic import ConvolutionArithmetic
from cnnlib.explorers.channels import ChannelsExplorer
from cnnlib.explorers.coins import WhoseCoin
from cnnlib.explorers.columns import ImageToColumns
from cnnlib.explorers.descriptors import DescriptorExplorer
from cnnlib.explorers.ensemble_microscope import EnsembleMicroscope
from cnnlib.explorers.explorer import bundle, source
from cnnlib.explorers.faults import FaultLab
from cnnlib.explorers.filtering import FilteringExplorer
from cnnlib.explorers.invariance import InvarianceExplorer
from cnnlib.explorers.lenet import LeNetLive
from cnnlib.explorers.optimizer_race import OptimizerRace
from cnnlib.explorers.receptive_field_walk import ReceptiveFieldWalk
from cnnlib.explorers.thinned_network import ThinnedNetwork
from cnnlib.explorers.toy_network import ToyNetwork, default_votes, presets
from cnnlib.explorers.vgg_table import VGGTable
from cnnlib.layers import MaxPool2d
from cnnlib.windows import correlate2d
from cnnlib.xo import FEATURES, O, X

ALL = [
    FilteringExplorer,
    ToyNetwork,
    ConvolutionArithmetic,
    ChannelsExplorer,
    DescriptorExplorer,
    LeNetLive,
    InvarianceExplorer,
    ActivationExplorer,
    ReceptiveFieldWalk,
    VGGTable,
    FaultLab,
    OptimizerRace,
    EnsembleMicroscope,
    ThinnedNetwork,
    ImageToColumns,
    WhoseCoin,
]
EACH = pytest.mark.parametrize("make", ALL)
# A weight is one byte, and a byte 1.33 characters in base64: 61,470 of LeNet's make 81,960, and
# 26,118 of the three networks of chapter 2 make 34,824. The rest keeps to 43,000.
# The nineteen recorded runs of the fault lab are 34,000 characters.
LIMITS = {LeNetLive: 125_000, InvarianceExplorer: 75_000, FaultLab: 62_000}
# The 5,500 weights of ten networks in hundredths are 18,000 characters.
LIMITS |= {EnsembleMicroscope: 48_000}
TRAITS = {"title", "presets", "ranges", "pattern", "weights", "scales", "biases"}  # made, not given
TRAITS |= {"layers", "photograph", "networks", "cases", "families"}
# --- what Python sends --------------------------------------------------------------------------


@EACH
def test_twin_is_the_same_in_every_run(make):
    assert make().twin() == make().twin()


@EACH
def test_twin_is_at_most_30_kilobytes_unless_it_carries_weights(make):
    assert len(make().twin().encode()) <= LIMITS.get(make, 30_000)


@EACH
def test_twin_loads_nothing(make):
    html = make().twin()
    assert not re.search(r"\bimport\b", html)
    assert not re.search(r"\b(src|href|url)\b *[=(]", html)
    # the one address is SVG's name for itself
    assert set(re.findall(r"https?://[^\"' ]*", html)) <= {"http://www.w3.org/2000/svg"}


@EACH
def test_text_in_a_trait_cannot_end_the_script(make):
    hostile = "</script><!--<b>"
    html = make(title=hostile).twin()
    assert html.lower().count("</script") == 2  # the state's and the module's own
    assert "<!--" not in html
    state = re.search(r'<script type="application/json">(.*)</script>', html)[1]
    assert json.loads(state)["title"] == hostile


@EACH
def test_bundle_exchanges_its_data_for_plain_text(make):
    data, _ = make()._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert data["text/plain"] == f"{make.__name__}()"


@EACH
def test_state_holds_the_explorers_own_traits_only(make):
    assert set(make().state()) <= set(inspect.signature(make).parameters) | TRAITS


@EACH
def test_bundle_is_one_module_without_imports(make):
    text = bundle(make.name)
    assert "import " not in text
    assert text.count("export default") == 1


def test_bundle_refuses_a_module_that_does_not_import_the_parts():
    with pytest.raises(ValueError, match=r"parts\.js must import from \./parts\.js once: found 0"):
        bundle("parts")


def test_arrays_and_lists_are_the_same_to_an_explorer():
    assert FilteringExplorer(X).state() == FilteringExplorer(X.tolist()).state()
    assert FilteringExplorer(X).image == X.tolist()
    assert all(isinstance(pixel, int) for row in FilteringExplorer(X).image for pixel in row)


def test_an_explorer_starts_with_the_arrays_of_the_lecture():
    assert FilteringExplorer().features == FEATURES.tolist()
    network = ToyNetwork()
    np.testing.assert_array_equal(network.image, X)
    np.testing.assert_allclose(network.weight, FEATURES / 9)
    np.testing.assert_array_equal(presets()["O"], O)


@pytest.mark.parametrize(
    ("make", "arguments", "message"),
    [
        (FilteringExplorer, {"image": np.ones((2, 9))}, r"image .* 3 to 16 .* got shape \(2, 9\)"),
        (FilteringExplorer, {"image": np.ones((9, 17))}, r"image .* 3 to 16 .* got shape \(9, 17\)"),
        (FilteringExplorer, {"image": np.ones(9)}, r"image must be 2-D .* got shape \(9,\)"),
        (FilteringExplorer, {"image": np.zeros((9, 9))}, r"-1 .* and 1 .* got 0; np.where\(image > 0"),
        (FilteringExplorer, {"image": [[1, 1, 1], [1, 1], [1]]}, "image must be numbers in rows of one"),
        (FilteringExplorer, {"image": [["a"] * 3] * 3}, "image must be numbers in rows of one"),
        (FilteringExplorer, {"features": FEATURES[0]}, r"shape \(any, 3, 3\): got shape \(3, 3\)"),
        (FilteringExplorer, {"features": np.ones((0, 3, 3))}, r"got shape \(0, 3, 3\)"),
        (FilteringExplorer, {"features": [[[np.nan] * 3] * 3]}, "features must be finite: got nan"),
        (FilteringExplorer, {"feature": 3}, "feature must be an index of features: got 3, but there are 3"),
        (FilteringExplorer, {"feature": -1}, "got -1"),
        (FilteringExplorer, {"position": (7, 0)}, r"of the 7x7 filtered map, counted from 0: got \(7, 0\)"),
        (FilteringExplorer, {"position": (0.5, 0)}, r"got \(0\.5, 0\)"),
        (FilteringExplorer, {"position": (0, -1)}, r"got \(0, -1\)"),
        (ToyNetwork, {"image": np.ones((8, 9))}, r"image must have shape \(9, 9\): got shape \(8, 9\)"),
        (ToyNetwork, {"image": np.zeros((9, 9))}, "image must hold -1"),
        (ToyNetwork, {"weight": np.ones((2, 3, 3))}, r"weight must have shape \(3, 3, 3\)"),
        (ToyNetwork, {"bias": [0, 0]}, r"bias must have shape \(3\): got shape \(2,\)"),
        (ToyNetwork, {"votes": np.ones((12, 2))}, r"votes must have shape \(2, 12\): got shape \(12, 2\)"),
        (ToyNetwork, {"vote_bias": [np.inf, 0]}, "vote_bias must be finite: got inf"),
    ],
)
def test_messages(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


def test_assignment_is_checked_like_the_constructor():
    explorer = FilteringExplorer()
    with pytest.raises(ValueError, match="image must hold"):
        explorer.image = np.zeros((9, 9))
    np.testing.assert_array_equal(explorer.image, X)


def test_window_stays_on_a_smaller_image():
    explorer = FilteringExplorer(position=(6, 5), feature=2)
    explorer.image = np.ones((5, 4))
    explorer.features = FEATURES[:1]
    assert explorer.position == [2, 1]
    assert explorer.feature == 0


# --- the modules as code ------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["filtering", "toy_network"])
def test_correlate2d_equals_ours(call, module):
    rng = np.random.default_rng(1)
    calls = [
        (rng.normal(size=rng.integers(3, 17, 2)), rng.normal(size=rng.integers(1, 4, 2))) for _ in range(60)
    ]
    for arguments, result in zip(calls, call(module, "correlate2d", calls), strict=True):
        np.testing.assert_allclose(result, correlate2d(*arguments), atol=1e-12)


def test_max_pool_equals_ours(call):
    rng = np.random.default_rng(2)
    calls = []
    for _ in range(60):
        size = int(rng.integers(1, 4))
        calls.append((rng.normal(size=rng.integers(size, 12, 2)), size, int(rng.integers(1, 5))))
    for (x, size, stride), result in zip(calls, call("toy_network", "maxPool", calls), strict=True):
        expected = MaxPool2d(size, stride, ceil_mode=True).forward(x[None, None])[0, 0]
        np.testing.assert_array_equal(result, expected)


def layers(image, weight, bias, votes, vote_bias):
    """The toy network with our own functions: the stages, the values, the votes."""
    filtered = np.array([correlate2d(image, w) for w in weight]) + np.reshape(bias, (-1, 1, 1))
    rectified = np.maximum(filtered, 0)
    pool = MaxPool2d(2, ceil_mode=True)
    pooled = pool.forward(rectified[None])[0]
    again = pool.forward(pooled[None])[0]
    values = again.ravel()
    return [filtered, rectified, pooled, again], values, votes @ values + vote_bias


def test_network_equals_our_layers(call):
    rng = np.random.default_rng(3)
    shapes = [(3, 3, 3), (3,), (2, 12), (2,)]
    calls = [
        (rng.choice([-1.0, 1.0], (9, 9)), *(rng.normal(size=shape) for shape in shapes)) for _ in range(60)
    ]
    for arguments, result in zip(calls, call("toy_network", "network", calls), strict=True):
        stages, values, votes = layers(*arguments)
        for ours, theirs in zip(stages, result["stages"], strict=True):
            np.testing.assert_allclose(theirs, ours, atol=1e-12)
        np.testing.assert_allclose(result["values"], values, atol=1e-12)
        np.testing.assert_allclose(result["votes"], votes, atol=1e-12)


def test_relu_and_verdict(call):
    assert call("toy_network", "relu", [[[[-2, 0], [0.5, -0.1]]]]) == [[[0, 0], [0.5, 0]]]
    assert call("toy_network", "verdict", [[[1, 0.5]], [[-1, 0.5]], [[0.25, 0.25]]]) == ["X", "O", "tie"]


def test_fed_by_names_every_pixel_that_matters_and_no_other(call):
    """Change one pixel at a time: the cells that may change are those that say they see it."""
    weight = np.arange(1.0, 28).reshape(3, 3, 3)  # positive and distinct: no pixel is lost in a maximum
    ramp = np.arange(81.0).reshape(9, 9)
    places = [(s, r, c) for s, n in enumerate([7, 7, 4, 2]) for r in range(n) for c in range(n)]
    fed = call("toy_network", "fedBy", places)
    rest = [np.zeros(3), np.zeros((2, 12)), np.zeros(2)]
    before = layers(ramp, weight, *rest)[0]
    seen = {place: np.zeros((9, 9), bool) for place in places}
    for pixel in np.ndindex(9, 9):
        image = ramp.copy()
        image[pixel] += 1e6
        after = layers(image, weight, *rest)[0]
        for s, r, c in places:
            seen[s, r, c][pixel] = (after[s] != before[s])[:, r, c].any()
    for place, spans in zip(places, fed, strict=True):
        (top, bottom), (left, right) = spans[0]
        expected = np.zeros((9, 9), bool)
        expected[top : bottom + 1, left : right + 1] = True
        np.testing.assert_array_equal(seen[place], expected, err_msg=f"stage, row, column: {place}")


def test_numbers_are_printed_with_a_true_minus_sign_and_never_a_negative_zero(call):
    printed = call("filtering", "number", [[5 / 9], [-7 / 9], [-0.004], [1], [-1, 0]])
    assert printed == ["0.56", "−0.78", "0.00", "1.00", "−1"]


# --- the filtering explorer in a page -----------------------------------------------------------


def equation(page):
    return page.locator(".equation").inner_text().replace("\n", " ")


def expected_equation(image, feature, row, col):
    nine = (image[row : row + 3, col : col + 3] * feature).astype(int).ravel()
    terms = shown(nine[0], 0) + "".join(f" {'+' if n > 0 else '−'} 1" for n in nine[1:])
    return f"{terms} = {shown(nine.sum(), 0)} {shown(nine.sum(), 0)} ÷ 9 = {shown(nine.sum() / 9)}"


def test_deck_example_reads_as_in_the_lecture(browser_page, show):
    page = show(browser_page, FilteringExplorer(position=(3, 3)))
    assert equation(page) == "1 + 1 − 1 + 1 + 1 + 1 − 1 + 1 + 1 = 5 5 ÷ 9 = 0.56"


def test_slider_visits_all_49_positions(browser_page, show):
    page = show(browser_page, FilteringExplorer())
    slider, grid = page.get_by_role("slider"), page.get_by_role("grid", name="filtered map")
    assert page.get_by_label("window position 1 of 49").count() == 1
    for k in range(49):
        row, col = divmod(k, 7)
        slider.fill(str(k + 1))
        assert equation(page) == expected_equation(X, FEATURES[0], row, col)
        label = f"row {row + 1}, column {col + 1}, value "
        assert grid.get_by_role("gridcell", name=label).inner_text() == shown(
            correlate2d(X, FEATURES[0])[row, col] / 9
        )
    np.testing.assert_allclose(numbers_in(grid), correlate2d(X, FEATURES[0]) / 9, atol=0.005)


@pytest.mark.parametrize("feature", [0, 1, 2])
def test_fill_map_shows_the_filtered_map(browser_page, show, feature):
    page = show(browser_page, FilteringExplorer(O, feature=feature))
    press(page, "Fill map")
    values = numbers_in(page.get_by_role("grid", name="filtered map"))
    np.testing.assert_allclose(values, correlate2d(O, FEATURES[feature]) / 9, atol=0.005)


def test_colour_tells_sign_and_size(browser_page, show):
    page = show(browser_page, FilteringExplorer())
    press(page, "Fill map")
    cells = page.get_by_role("grid", name="filtered map").get_by_role("gridcell")
    look = "cells => cells.map(c => [c.className, parseFloat(c.style.getPropertyValue('--k'))])"
    for (kind, strength), value in zip(
        cells.evaluate_all(look), correlate2d(X, FEATURES[0]).ravel() / 9, strict=True
    ):
        assert kind == ("unit positive" if value > 0 else "unit negative")
        assert strength == pytest.approx(100 * abs(value))
    grounds = cells.evaluate_all("cells => cells.map(c => getComputedStyle(c).backgroundColor)")
    assert grounds[8] != grounds[0] != grounds[1]  # 1.00, 0.78 and -0.11


def visited(page):
    return np.array(numbers_in(page.get_by_role("grid", name="filtered map")), float) > -9


def test_map_fills_as_the_window_visits_and_clear_starts_again(browser_page, show):
    page = show(browser_page, FilteringExplorer(position=(2, 2)))
    assert np.argwhere(visited(page)).tolist() == [[2, 2]]
    press(page, "Step")
    assert np.argwhere(visited(page)).tolist() == [[2, 2], [2, 3]]
    assert labels_of(page.get_by_role("grid", name="filtered map"))[0] == "row 1, column 1, not visited yet"
    press(page, "Clear")
    assert np.argwhere(visited(page)).tolist() == [[0, 0]]


def test_arrow_keys_move_the_window_and_stop_at_the_edge(browser_page, show):
    page = show(browser_page, FilteringExplorer())
    page.get_by_role("application").focus()
    for key in ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"]:
        page.keyboard.press(key)
    assert np.argwhere(visited(page)).tolist() == [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2]]
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    assert equation(page) == expected_equation(X, FEATURES[0], 1, 6)


def test_map_cells_send_the_window_there(browser_page, show):
    page = show(browser_page, FilteringExplorer())
    page.get_by_role("gridcell", name="row 5, column 3, not visited yet").click()
    assert equation(page) == expected_equation(X, FEATURES[0], 4, 2)


def test_pixels_toggle_by_mouse_and_by_keyboard(browser_page, show):
    page = show(browser_page, FilteringExplorer())
    grid = page.get_by_role("grid", name="image", exact=True)
    image = X.copy()
    grid.get_by_role("gridcell", name="row 1, column 1,").click()
    image[0, 0] *= -1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    image[0, 1] *= -1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    image[1, 1] *= -1
    np.testing.assert_array_equal(numbers_in(grid), image)
    assert labels_of(grid)[10] == "row 2, column 2, value −1"
    assert equation(page) == expected_equation(image, FEATURES[0], 0, 0)
    press(page, "Reset")
    np.testing.assert_array_equal(numbers_in(grid), X)


def test_features_are_chosen_and_edited(browser_page, show):
    page = show(browser_page, FilteringExplorer(position=(3, 3)))
    press(page, "feature 2")
    assert equation(page) == expected_equation(X, FEATURES[1], 3, 3)
    grid = page.get_by_role("grid", name="feature", exact=True)
    grid.get_by_role("gridcell", name="row 3, column 2,").click()
    edited = FEATURES[1].copy()
    edited[2, 1] = 1
    assert equation(page) == expected_equation(X, edited, 3, 3)
    press(page, "feature 1")  # the others stay as they were
    assert equation(page) == expected_equation(X, FEATURES[0], 3, 3)


def test_products_stand_beside_their_factors(browser_page, show):
    page = show(browser_page, FilteringExplorer(position=(3, 3)))
    products = page.get_by_role("img", name="nine products: 1 + 1 − 1 + 1 + 1 + 1 − 1 + 1 + 1")
    texts = products.locator(".unit").evaluate_all("cells => cells.map(c => c.innerText.split('\\n'))")
    expected = [
        [f"{shown(x, 0)} × {shown(w, 0)}", shown(x * w, 0)]
        for x, w in zip(X[3:6, 3:6].ravel(), FEATURES[0].ravel(), strict=True)
    ]
    assert [[part for part in text if part] for text in texts] == expected


def test_play_runs_to_the_end_and_pauses(browser_page, show):
    browser_page.clock.install(time="2026-01-01T00:00:00")
    page = show(browser_page, FilteringExplorer(position=(6, 3)))
    stop_the_clock(page)
    voice = page.locator("[aria-live=polite]")
    press(page, "Play")
    page.clock.run_for(700)
    assert page.get_by_text("window position 47 of 49").count() == 1
    assert voice.inner_text() == ""  # not a word for each step
    press(page, "Pause")
    page.clock.run_for(5000)
    assert voice.inner_text().startswith("window 47 of 49")
    assert page.get_by_text("window position 47 of 49").count() == 1
    press(page, "Play")
    page.clock.run_for(5000)
    assert page.get_by_text("window position 49 of 49").count() == 1
    press(page, "Play")  # from the end it starts again, with an empty map
    assert np.argwhere(visited(page)).tolist() == [[0, 0]]
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")  # who takes over pauses it
    page.clock.run_for(5000)
    assert page.get_by_text("window position 2 of 49").count() == 1


@pytest.mark.parametrize("width", [360, 1200])
def test_links_join_the_window_the_products_and_the_map(new_page, show, width):
    """Each path has four corners: two of what it leaves, two of what it reaches."""
    page = show(new_page(viewport={"width": width, "height": 900}), FilteringExplorer(position=(5, 2)))
    stage = page.locator(".stage").bounding_box()
    frames = page.locator(".image .frame"), page.locator(".product .units"), page.locator(".map .frame")
    boxes = [frame.bounding_box() for frame in frames]
    paths = page.locator(".links path").evaluate_all("paths => paths.map(p => p.getAttribute('d'))")
    assert len(paths) == 2
    for path, pair in zip(paths, [boxes[:2], boxes[1:]], strict=True):
        points = np.array(re.findall(r"[\d.]+", path), float).reshape(4, 2)
        points += stage["x"], stage["y"]
        for (x, y), box in zip(points[[0, 3, 1, 2]], np.repeat(pair, 2), strict=True):
            assert min(abs(x - box["x"]), abs(x - box["x"] - box["width"])) < 2
            assert min(abs(y - box["y"]), abs(y - box["y"] - box["height"])) < 2


def test_play_is_slow_for_readers_who_want_less_motion(new_page, show):
    page = new_page(reduced_motion="reduce")
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, FilteringExplorer())
    stop_the_clock(page)
    page.clock.run_for(5000)
    assert page.get_by_text("window position 1 of 49").count() == 1  # nothing plays by itself
    press(page, "Play")
    page.clock.run_for(1400)
    assert page.get_by_text("window position 1 of 49").count() == 1
    page.clock.run_for(200)
    assert page.get_by_text("window position 2 of 49").count() == 1


def test_sum_is_announced_when_it_changes(browser_page, show):
    page = show(browser_page, FilteringExplorer(position=(3, 2)))
    page.wait_for_timeout(500)
    assert page.locator("[aria-live=polite]").inner_text() == ""  # a page that opens says nothing
    press(page, "Step")
    page.locator("[aria-live=polite]", has_text="window 25 of 49: sum 5, 0.56").wait_for(
        state="attached", timeout=3000
    )


def test_other_sizes_and_other_features(browser_page, show):
    rng = np.random.default_rng(4)
    image, features = rng.choice([-1, 1], (4, 16)), rng.normal(size=(5, 3, 3))
    page = show(browser_page, FilteringExplorer(image, features, feature=4, position=(1, 13)))
    press(page, "Fill map")
    filtered = correlate2d(image, features[4]) / 9
    values = numbers_in(page.get_by_role("grid", name="filtered map"))
    np.testing.assert_allclose(values, filtered, atol=0.005)
    assert equation(page).endswith(f"÷ 9 = {shown(filtered[1, 13])}")


# --- the toy network in a page ------------------------------------------------------------------

NAMES = ["filtered", "ReLU", "pooled", "pooled again"]


def check_network(page, image, weight=FEATURES / 9, bias=(0, 0, 0), votes=None, vote_bias=(0, 0)):
    """Compare every number of the panel with our own layers."""
    votes = default_votes() if votes is None else votes
    stages, values, result = layers(np.asarray(image, float), weight, bias, votes, vote_bias)
    np.testing.assert_array_equal(numbers_in(page.get_by_role("grid", name="drawing")), image)
    for name, stage in zip(NAMES, stages, strict=True):
        for f in range(3):
            grid = page.get_by_role("grid", name=f"{name}, feature {f + 1}", exact=True)
            np.testing.assert_allclose(numbers_in(grid), stage[f], atol=0.00501)
    labels = labels_of(page.get_by_role("grid", name="values and votes"))
    assert labels[:12] == [f"row 1, column {i + 1}, value {shown(v)}" for i, v in enumerate(values)]
    assert labels[12:] == [
        f"value {i} counts {shown(w)} for {'XO'[k]}" for k in range(2) for i, w in enumerate(votes[k])
    ]
    bars = page.locator(".bar b").all_inner_texts()
    assert bars == [shown(v) for v in result]
    winner = "?" if abs(result[0] - result[1]) < 1e-9 else "XO"[int(result[1] > result[0])]
    assert page.locator(".letter").inner_text() == winner
    return result


@pytest.mark.parametrize("name", presets())
def test_presets(browser_page, show, name):
    page = show(browser_page, ToyNetwork(image=-X))
    press(page, name)
    check_network(page, presets()[name])
    assert page.get_by_role("button", name=name, exact=True).get_attribute("aria-pressed") == "true"
    assert page.locator("[aria-pressed=true]").count() == 1


def test_clean_x_and_o_get_the_votes_worked_out_by_hand(browser_page, show):
    page = show(browser_page, ToyNetwork())
    assert page.locator(".bar b").all_inner_texts() == ["1.00", "0.56"]
    press(page, "O")
    assert page.locator(".bar b").all_inner_texts() == ["0.56", "1.00"]
    assert page.get_by_text("Says O.").count() == 1


def test_learned_weights_and_votes(browser_page, show):
    rng = np.random.default_rng(5)
    learned = {
        "weight": rng.normal(size=(3, 3, 3)),
        "bias": rng.normal(size=3),
        "votes": rng.normal(size=(2, 12)),
        "vote_bias": rng.normal(size=2),
    }
    page = show(browser_page, ToyNetwork(image=O, **learned))
    check_network(page, O, **learned)


def test_tie_is_a_tie(browser_page, show):
    page = show(browser_page, ToyNetwork(votes=np.zeros((2, 12))))
    check_network(page, X, votes=np.zeros((2, 12)))
    assert page.get_by_text("A tie.").count() == 1


def test_dragging_draws_one_line_of_one_colour(browser_page, show):
    page = show(browser_page, ToyNetwork(image=-np.ones((9, 9))))
    grid = page.get_by_role("grid", name="drawing")
    page.mouse.move(*centre(page, grid, 1, 1))
    page.mouse.down()
    page.mouse.move(*centre(page, grid, 7, 7))  # in one jump: the cells between are filled in
    page.mouse.move(*centre(page, grid, 7, 4), steps=10)
    page.mouse.up()
    page.mouse.move(*centre(page, grid, 0, 0), steps=5)
    image = -np.ones((9, 9))
    image[range(1, 8), range(1, 8)] = 1
    image[7, 4:8] = 1
    check_network(page, image)
    page.mouse.move(*centre(page, grid, 1, 1))  # starting on ink, the pointer erases
    page.mouse.down()
    page.mouse.move(*centre(page, grid, 3, 3))
    page.mouse.up()
    image[range(1, 4), range(1, 4)] = -1
    check_network(page, image)


def test_a_finger_draws(new_page, show):
    page = show(new_page(has_touch=True, viewport={"width": 360, "height": 740}), ToyNetwork(image=-X))
    grid = page.get_by_role("grid", name="drawing")
    page.touchscreen.tap(*centre(page, grid, 0, 4))
    image = -X
    image[0, 4] *= -1
    np.testing.assert_array_equal(numbers_in(grid), image)
    (x, start), (_, end) = centre(page, grid, 4, 4), centre(page, grid, 7, 4)
    touch = page.context.new_cdp_session(page)
    for kind, y in [("touchStart", start), *(("touchMove", y) for y in np.linspace(start, end, 12))]:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    image[4:8, 4] = -image[4, 4]
    assert grid.evaluate("g => getComputedStyle(g).touchAction") == "none"  # it draws and does not scroll
    np.testing.assert_array_equal(numbers_in(grid), image)


def test_keys_draw(browser_page, show):
    page = show(browser_page, ToyNetwork(image=-np.ones((9, 9))))
    page.get_by_role("grid", name="drawing").get_by_role("gridcell").first.focus()
    for key in ["Space", "ArrowDown", "Enter", "ArrowRight", "Space", "Home", "End", "Space", "ArrowRight"]:
        page.keyboard.press(key)
    image = -np.ones((9, 9))
    image[[0, 1, 1, 1], [0, 0, 1, 8]] = 1
    check_network(page, image)
    assert page.locator(":focus").get_attribute("aria-label") == "row 2, column 9, value 1"


@pytest.mark.parametrize("how", ["pointer", "keys"])
def test_a_cell_outlines_what_fed_it(browser_page, show, how):
    page = show(browser_page, ToyNetwork())
    grids = [page.get_by_role("grid", name=f"{name}, feature 2", exact=True) for name in NAMES]
    if how == "pointer":
        grids[2].get_by_role("gridcell").nth(7).hover()
    else:
        page.get_by_role("grid", name="pooled, feature 2", exact=True)
        grids[2].get_by_role("gridcell").first.focus()
        for key in ["ArrowDown", "End"]:
            page.keyboard.press(key)
    # row 1, column 3: of the 7 columns the last window has only the last
    assert framed(page, page.get_by_role("grid", name="drawing")) == [2, 5, 6, 8]
    assert [framed(page, grid) for grid in grids] == [[2, 3, 6, 6], [2, 3, 6, 6], [1, 1, 3, 3], None]
    assert framed(page, page.get_by_role("grid", name="filtered, feature 1", exact=True)) is None
    assert page.get_by_text("from image rows 3 to 6, columns 7 to 9.").count() == 1


def test_a_value_outlines_the_map_it_was_taken_from(browser_page, show):
    page = show(browser_page, ToyNetwork())
    values = page.get_by_role("grid", name="values and votes").get_by_role("row").first
    values.get_by_role("gridcell").nth(4 + 1).hover()  # of the second feature, row 1, column 2
    assert framed(page, page.get_by_role("grid", name="pooled again, feature 2")) == [0, 0, 1, 1]
    page.mouse.move(0, 0)
    assert page.locator(".frame:not([hidden])").count() == 0


# --- both, as a page ----------------------------------------------------------------------------


def test_explorers_on_one_page_leave_each_other_alone(browser_page, show):
    page = show(browser_page, FilteringExplorer(), ToyNetwork(), FilteringExplorer(O), ToyNetwork(O))
    groups = [page.locator(".explorer").nth(k) for k in range(4)]
    before = [group.inner_html() for group in groups]
    groups[2].get_by_role("button", name="Step").click()
    groups[2].get_by_role("grid", name="image", exact=True).get_by_role("gridcell").first.click()
    groups[3].get_by_role("button", name="tricky X").click()
    after = [group.inner_html() for group in groups]
    assert [a == b for a, b in zip(after, before, strict=True)] == [True, True, False, False]
    assert groups[3].locator(".letter").inner_text() == "X"


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 800}), FilteringExplorer(), ToyNetwork())
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    widths = "cells => cells.map(c => c.closest('.units').offsetWidth / c.parentNode.children.length)"
    sizes = page.locator(".toggles .unit").evaluate_all(widths)
    assert min(sizes) >= 24  # pixels, for a finger


def test_a_phone_shows_the_window_beside_the_feature_and_the_products_beside_the_map(new_page, show):
    page = show(new_page(viewport={"width": 360, "height": 740}), FilteringExplorer())
    boxes = [page.locator(f".{part}").bounding_box() for part in ("image", "feature", "product", "map")]
    image, feature, product, filtered = boxes
    assert image["y"] == feature["y"] < product["y"] == filtered["y"]
    assert filtered["y"] + filtered["height"] < 740  # one screen


def test_fallback_is_read_without_javascript(new_page, show):
    page = show(new_page(java_script_enabled=False), *(make() for make in ALL))
    for make in ALL:
        assert page.get_by_text(make.fallback).is_visible()


def test_fallback_gives_way(browser_page, show):
    page = show(browser_page, *(make() for make in ALL))
    assert page.locator(".panel").count() == len(ALL)
    assert page.get_by_text("needs JavaScript").count() == 0


def test_everything_has_a_name_and_a_place_in_the_tab_order(browser_page, show):
    widgets = [*(make() for make in ALL), ConvolutionArithmetic(direction="backward", title="Backward")]
    page = show(browser_page, *widgets)
    for widget in widgets:
        assert page.get_by_role("group", name=widget.title, exact=True).count() == 1
    nameless = page.locator("button, input, [role=grid], [role=group], [role=application], [role=img]")
    names = nameless.evaluate_all(
        "els => els.map(e => e.ariaLabel || e.labels?.[0]?.textContent || e.textContent)"
    )
    assert all(name.strip() for name in names)
    count = "grids => grids.map(g => g.querySelectorAll('[tabindex=\"0\"]').length)"
    for cell in page.get_by_role("gridcell", name="row 2, column 2,").all():
        cell.focus()  # the place in the tab order follows the focus
    stops = page.get_by_role("grid").evaluate_all(count)
    assert stops == [1] * len(stops)
    labels = page.get_by_role("gridcell").evaluate_all("cells => cells.map(c => c.ariaLabel)")
    assert all(labels)


def test_jupyterlab_leaves_the_keys_to_every_control(browser_page, show):
    page = show(browser_page, *(make() for make in ALL))
    controls = page.locator("button, input, .explorer")
    assert controls.count() > 20
    assert controls.evaluate_all("all => all.every(e => e.hasAttribute('data-lm-suppress-shortcuts'))")


@EACH
def test_with_a_kernel_an_explorer_draws_and_when_closed_listens_no_more(live, make):
    page = live(make())
    assert page.get_by_role("group", name=make().title, exact=True).is_visible()
    assert page.evaluate("listeners()") > 0
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


def test_focus_is_visible(browser_page, show):
    page = show(browser_page, FilteringExplorer())
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(13):  # 3 grids, the window, 3 features, 5 buttons, the slider
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    page = show(browser_page, FilteringExplorer(feature=1), ToyNetwork(), theme=theme)
    press(page, "Fill map")
    selector = ".unit, .name, .heading, .trace, .equation, .bar, .ruling, .letter, button, label"
    contrasts = page.locator(selector).evaluate_all(CONTRASTS)
    assert len(contrasts) > 600
    assert min(contrasts) >= 4.5


def classes_of(sheet):
    return set(re.findall(r"\.([A-Za-z_][\w-]*)", re.sub(r"/\*.*?\*/", "", source(sheet), flags=re.DOTALL)))


def styles_of_the_book():
    """The text of every style sheet that the theme and its extensions may put on a page."""
    for package in ("pydata_sphinx_theme", "sphinx_book_theme", "myst_nb", "sphinx_design"):
        for path in sorted(Path(find_spec(package).origin).parent.rglob("*.css")):
            yield re.sub(r"@import[^;]*;", "", path.read_text(encoding="utf-8"))


MATCHES = """([sheets, names]) => {
    const explorer = document.querySelector('.explorer');
    for (const name of names) for (const tag of ['div', 'span', 'p', 'button'])
        explorer.append(Object.assign(document.createElement(tag), {className: name}));
    const elements = [...document.querySelectorAll('.explorer, .explorer *')];
    const ours = new Set(elements.flatMap(e => [...e.classList]));
    const found = new Set(), seen = {rules: 0, ours: ours.size};
    const visit = rules => { for (const rule of rules) {
        if (rule.cssRules?.length) visit(rule.cssRules);
        for (const selector of (rule.selectorText ?? '').split(',')) {
            seen.rules += 1;
            const bare = selector.replace(/::?(before|after|hover|focus(-visible)?|active|disabled)\\b/g, '');
            const shared = [...bare.matchAll(/\\.([\\w-]+)/g)].map(m => m[1]).filter(name => ours.has(name));
            try {
                if (shared.length && elements.some(e => e.matches(bare))) found.add(selector.trim());
            } catch { } // a selector list inside :is() or :not() was cut at its comma
        }
    } };
    for (const text of sheets) {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        visit(sheet.cssRules);
    }
    return {...seen, found: [...found]};
}"""
AROUND = (
    '<body class="explorers-page"><article class="bd-article"><div class="cell"><div class="cell_output">{}'
)


def test_no_class_is_one_of_the_books_theme(browser_page, tmp_path):
    """Bootstrap, in every page of the book, would give such an element a look of its own."""
    names = set().union(
        *(classes_of(f"{sheet}.css") for sheet in ["explorers", *(make.name for make in ALL)])
    )
    names -= {"bd-content", "cell_output", "text_html"}  # the theme's own: what lies around an explorer
    path = tmp_path / "page.html"
    path.write_text(AROUND.format("".join(make().twin() for make in ALL)), "utf-8")
    browser_page.goto(path.as_uri())
    assert browser_page.locator(".panel").count() == len(ALL)
    answer = browser_page.evaluate(MATCHES, [list(styles_of_the_book()), sorted(names)])
    assert answer["rules"] > 3000
    assert answer["ours"] > len(names)
    assert answer["found"] == []


def test_a_class_of_the_theme_would_be_found(browser_page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(AROUND.format('<div class="explorer"><div class="row"></div></div>'), "utf-8")
    browser_page.goto(path.as_uri())
    answer = browser_page.evaluate(MATCHES, [list(styles_of_the_book()), ["mark"]])
    assert {".row", ".mark"} <= set(answer["found"])


DRESS = """sheets => {
    const style = document.createElement('style');
    for (const text of sheets) {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text);
        for (const rule of sheet.cssRules)
            if (/\\bimg\\b/.test(rule.selectorText)) style.textContent += rule.cssText;
    }
    document.head.append(style);
    const framed = Object.assign(document.createElement('img'), {alt: ''});
    document.querySelector('.cell_output').append(framed);
    return getComputedStyle(framed).padding;
}"""


@pytest.mark.parametrize("make", [VGGTable, ReceptiveFieldWalk])
def test_the_books_frame_round_pictures_stays_off(browser_page, tmp_path, make):
    """In the dark the theme gives pictures a pale frame, which would make ours smaller."""
    path = tmp_path / "page.html"
    page = '<html data-theme="dark"><div class="bd-content"><div class="cell_output">{}</div></div>'
    path.write_text(page.format(make().twin()), "utf-8")
    browser_page.goto(path.as_uri())
    assert browser_page.evaluate(DRESS, list(styles_of_the_book())) == "8px"
    style = "e => [getComputedStyle(e).padding, getComputedStyle(e).borderRadius]"
    assert browser_page.locator(".explorer img").evaluate(style) == ["0px", "0px"]


@pytest.mark.parametrize("sheet", ["explorers", *(make.name for make in ALL)])
def test_styles_stay_inside_the_explorers(sheet):
    text = re.sub(r"/\*.*?\*/", "", source(f"{sheet}.css"), flags=re.DOTALL)
    selectors = [s.strip() for group in re.findall(r"([^{};]+)\{", text) for s in group.split(",")]
    outside = [s for s in selectors if ".explorer" not in s and not s.startswith("@")]
    assert outside == []
