"""All masks of a small layer: the arithmetic against NumPy, the page, and what it says."""

import math
import re

import numpy as np
import pytest
from explorer_page import CONTRASTS, labels_of, press, stop_the_clock

from cnnlib.ensemble import enumerate_masks
from cnnlib.explorers.coins import METHODS, WEIGHT, WhoseCoin

WEIGHT = np.array(WEIGHT)


def masks_of(method):
    """All masks of the weights, in the order of the explorer: shape (count, 2, 3)."""
    coins = 3 if method == "dropout" else 6
    bits = np.array([[(mask >> k) & 1 for k in range(coins)] for mask in range(2**coins)])
    return np.repeat(bits[:, None], 2, axis=1) if coins == 3 else bits.reshape(-1, 2, 3)


def answers(method, weight=WEIGHT):
    return np.maximum((masks_of(method) * weight).sum(axis=2), 0)


def chances(method, p):
    coins = masks_of(method)[:, 0] if method == "dropout" else masks_of(method).reshape(-1, 6)
    return np.prod(np.where(coins, 1 - p, p), axis=1)


def shown(value, digits=3):
    return f"{value:.{digits}f}".replace("-", "−")


def facts(page):
    return [row.inner_text().split("\t") for row in page.locator(".coins tr").all()][1:]


# --- what Python sends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "standout"}, "method must be one of dropout, dropconnect: got 'standout'"),
        ({"p": 1.0}, r"p must be from 0 to 0\.95: got 1\.0"),
        ({"mask": 8}, "mask must be one of 8, counted from 0: got 8"),
        ({"method": "dropconnect", "mask": 64}, "mask must be one of 64, counted from 0: got 64"),
        ({"weight": np.ones((3, 2))}, r"weight must have shape \(2, 3\): got shape \(3, 2\)"),
        ({"weight": np.full((2, 3), 0.5)}, r"whole numbers from -9 to 9: got 0\.5"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        WhoseCoin(**arguments)


def test_another_method_begins_with_everybody_kept():
    explorer = WhoseCoin("dropconnect", mask=20)
    explorer.method = "dropout"
    assert explorer.mask == 7
    explorer.method = "dropconnect"
    assert explorer.mask == 63


# --- the module as code -------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_mask_says_what_numpy_says(call, method):
    rng = np.random.default_rng(0)
    cases = [(method, rng.integers(-9, 10, (2, 3)), float(p)) for p in (0, 0.2, 0.5, 0.9)]
    for (_, weight, p), found in zip(cases, call("coins", "everyone", cases), strict=True):
        np.testing.assert_array_equal([one["outputs"] for one in found], answers(method, weight))
        np.testing.assert_allclose([one["chance"] for one in found], chances(method, p), rtol=1e-12)


def test_a_coin_for_each_input_makes_all_masks_of_the_ensemble():
    ours = {tuple(mask[0]) for mask in masks_of("dropout")}
    assert ours == {tuple(mask) for mask in enumerate_masks(3)}


@pytest.mark.parametrize("method", METHODS)
def test_moments_are_those_of_all_masks(call, method):
    p, said = 0.3, answers(method)
    share = chances(method, p)
    mean = share @ said
    centred = said - mean
    covariance = centred.T @ (share[:, None] * centred)
    found = call("coins", "moments", [call("coins", "everyone", [[method, WEIGHT, p]])])[0]
    np.testing.assert_allclose(found["mean"], mean, rtol=1e-12)
    expected = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found["correlation"] == pytest.approx(expected, abs=1e-12)


def test_connections_of_their_own_leave_the_units_uncorrelated(call):
    found = call("coins", "moments", [call("coins", "everyone", [["dropconnect", WEIGHT, 0.4]])])[0]
    assert abs(found["correlation"]) < 1e-12


def test_erf_is_that_of_the_standard_library(call):
    points = np.linspace(-4, 4, 81)
    found = call("coins", "erf", [[x] for x in points])
    np.testing.assert_allclose(found, [math.erf(x) for x in points], rtol=0, atol=2e-7)


def test_moment_matching_is_chapter_15s(call):
    """Mean 1 and variance 3.5 give 1.3505 there."""
    assert call("coins", "matched", [[WEIGHT, 0.5]])[0][0] == pytest.approx(1.3505, abs=5e-5)
    assert call("coins", "matched", [[WEIGHT, 0]])[0] == [2, 2]


# --- the page -----------------------------------------------------------------------------------


def test_the_pencil_of_chapter_15(browser_page, show):
    """Weights 1, -2, 3: sums 0 3 -2 1 1 4 -1 2, ReLUs 0 3 0 1 1 4 0 2, of mean 11 / 8."""
    page = show(browser_page, WhoseCoin())
    assert facts(page)[0] == ["mean of all masks", "1.375", "1.125"]
    assert facts(page)[2] == ["scaled network", "1.000", "1.000"]
    assert page.locator(".telling").inner_text().startswith("8 masks, 8 different answers.")


@pytest.mark.parametrize("method", METHODS)
def test_facts_are_numpys(browser_page, show, method):
    p = 0.2
    page = show(browser_page, WhoseCoin(method, p=p))
    mean, scaled = chances(method, p) @ answers(method), np.maximum(0.8 * WEIGHT.sum(axis=1), 0)
    assert facts(page)[0][1:] == [shown(v) for v in mean]
    assert facts(page)[2][1:] == [shown(v) for v in scaled]
    different = len({tuple(pair) for pair in answers(method).tolist()})
    assert f"{2 ** (3 if method == 'dropout' else 6)} masks, {different} different" in (
        page.locator(".telling").inner_text()
    )
    assert page.locator(".pair").count() == different


def test_dropout_drops_a_column_and_dropconnect_one_weight(browser_page, show):
    page = show(browser_page, WhoseCoin())
    grid = page.get_by_role("grid", name="weights")
    grid.get_by_role("gridcell", name="row 1, column 3,").click()
    dropped = [label.endswith("dropped") for label in labels_of(grid)]
    assert dropped == [False, False, True] * 2
    assert page.locator(".said").inner_text().split("\n") == ["sum −1 → 0", "sum 3 → 3"]
    press(page, "DropConnect: a coin for each weight")
    assert not any(label.endswith("dropped") for label in labels_of(grid))
    grid.get_by_role("gridcell", name="row 1, column 3,").click()
    assert [label.endswith("dropped") for label in labels_of(grid)] == [False] * 2 + [True] + [False] * 3
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    assert page.locator(".said").inner_text().split("\n") == ["sum −1 → 0", "sum 3 → 3"]
    press(page, "Reset")
    assert page.get_by_role("slider", name="mask").get_attribute("aria-valuetext") == "8 of 8"


@pytest.mark.parametrize("method", METHODS)
def test_the_slider_shows_every_mask(browser_page, show, method):
    page = show(browser_page, WhoseCoin(method))
    slider = page.get_by_role("slider", name="mask")
    for mask in range(0, len(masks_of(method)), 5):
        slider.fill(str(mask + 1))
        kept = [label.endswith("kept") for label in labels_of(page.get_by_role("grid", name="weights"))]
        assert kept == masks_of(method)[mask].astype(bool).ravel().tolist()
        said = [int(text.split(" → ")[1]) for text in page.locator(".said div").all_inner_texts()]
        assert said == answers(method)[mask].tolist()


def test_play_goes_through_the_masks(browser_page, show):
    browser_page.clock.install(time="2026-01-01T00:00:00")
    page = show(browser_page, WhoseCoin(mask=5))
    stop_the_clock(page)
    press(page, "Play")
    page.clock.run_for(1300)
    assert page.get_by_role("slider", name="mask").get_attribute("aria-valuetext") == "8 of 8"
    assert page.get_by_role("button", name="Play").count() == 1  # it has stopped


def test_kernel_and_page_share_their_choice(live):
    page = live(WhoseCoin())
    page.evaluate("model.set('p', 0.25)")
    assert page.get_by_role("slider", name="p", exact=True).get_attribute("aria-valuetext") == "0.25"
    press(page, "DropConnect: a coin for each weight")
    assert page.evaluate("[sent.at(-1).method, sent.at(-1).mask]") == ["dropconnect", 63]
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 360])
def test_readable_at_any_width(new_page, show, theme, width):
    page = new_page(viewport={"width": width, "height": 800})
    show(page, WhoseCoin("dropconnect", mask=20), theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    words = ".explorer .unit, .explorer p, .explorer .name, .explorer td, .explorer th, .said div"
    assert min(page.locator(words).evaluate_all(CONTRASTS)) >= 4.5
    label = page.locator(".drawing").get_attribute("aria-label")
    assert re.fullmatch(r"64 masks, .* This mask: \d and \d\.", label)
