"""The race of six optimisers: surfaces, walks as cnnlib walks them, the search, and the page."""

import re

import numpy as np
import pytest
from explorer_page import CONTRASTS, press, stop_the_clock

from cnnlib.explorers.optimizer_race import (
    EXPONENTS,
    MAKE,
    NEAR,
    STEPS,
    SURFACES,
    OptimizerRace,
    arrival,
    best_rates,
    walk,
)
from cnnlib.gradcheck import numerical_gradient

NAMES = list(MAKE)


def starts(surface, count=4):
    rng = np.random.default_rng(7)
    return np.transpose([rng.uniform(*ends, count) for ends in SURFACES[surface].limits])


def map_of(page):
    return page.get_by_role("application", name=re.compile("^map of the "))


def slider(page, name):
    return page.get_by_role("slider", name=name)


def on_map(surface, places):
    """Where places are drawn: from (0, 0), top left, to (100, 100), and cut off a map's width beyond."""
    (left, right), (bottom, top) = SURFACES[surface].limits
    share = np.transpose([(places[:, 0] - left) / (right - left), (top - places[:, 1]) / (top - bottom)])
    return np.clip(100 * share, -100, 200)


def numbers(text):
    return np.array([float(match) for match in re.findall(r"-?\d+\.?\d*", text)])


def check_page(page, explorer):
    """Compare the whole page with what the optimisers of cnnlib do."""
    paths, step = explorer.paths(), explorer.step
    lines, heads, rows = (page.locator(selector) for selector in (".way", ".head", ".racer"))
    telling = page.locator(".telling").inner_text()
    for k, name in enumerate(NAMES):
        places = paths[k, : step + 1]
        drawn = numbers(lines.nth(k).get_attribute("d")).reshape(-1, 2)
        np.testing.assert_allclose(drawn, on_map(explorer.surface, places), atol=0.006)
        np.testing.assert_allclose(numbers(heads.nth(k).get_attribute("transform")), drawn[-1])
        state, arrived = rows.nth(k).locator(".state").inner_text(), arrival(explorer.surface, paths[k])
        if np.abs(places[-1]).max() > 1000:
            assert state == "gone"
        elif arrived is not None and arrived <= step:
            assert state == f"there after {arrived}"
        else:
            printed = float(state.removeprefix("height ").replace("−", "-"))
            assert printed == pytest.approx(SURFACES[explorer.surface].height(*places[-1]), rel=0.051)
        shown = name in explorer.shown
        displays = [one.nth(k).evaluate("e => getComputedStyle(e).display") for one in (lines, heads)]
        assert displays == (["inline"] * 2 if shown else ["none"] * 2)
        assert (f"{name} {state}" in telling) == shown
        assert (
            page.get_by_role("button", name=name, exact=True).get_attribute("aria-pressed")
            == str(shown).lower()
        )
    start = ", ".join(f"{v:.2f}".replace("-", "−") for v in explorer.start)
    assert telling.startswith(f"Step {step}, start {start}. ")
    assert f"map of the {explorer.surface}, start {start};" in map_of(page).get_attribute("aria-label")
    assert page.locator(".surfaces [aria-pressed=true]").inner_text() == explorer.surface
    assert int(slider(page, "step").input_value()) == step


# --- surfaces and walks ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", SURFACES)
def test_slopes_are_what_differences_measure(name):
    surface = SURFACES[name]
    for start in starts(name):
        measured = numerical_gradient(lambda place, surface=surface: surface.height(*place), start)
        np.testing.assert_allclose(surface.slope(*start), measured, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", SURFACES)
def test_lowest_places_are_level_and_lowest(name):
    surface = SURFACES[name]
    for place in surface.lowest:
        assert surface.height(*place) == 0
        np.testing.assert_array_equal(surface.slope(*place), 0)
    assert min(surface.height(*start) for start in starts(name, 100)) > 0


def test_the_turned_valley_is_the_valley_turned_by_45_degrees_to_the_left():
    for a, b in starts("valley"):
        turned = (a - b) / np.sqrt(2), (a + b) / np.sqrt(2)
        assert SURFACES["valley, turned"].height(*turned) == pytest.approx(SURFACES["valley"].height(a, b))


def test_a_walk_beyond_the_end_of_the_world_stays_there():
    """From (1, 0), a rate of .15 multiplies by 1 - 3: 1, -2, 4 ... 1024."""
    places = walk("valley", "SGD", (1, 0), 0.15, steps=14)
    np.testing.assert_allclose(places[:, 0], [*(-2.0) ** np.arange(11), *[1024] * 4])
    assert arrival("valley", places) is None


def test_arrival_is_for_good():
    near, far = (0, NEAR), (0, NEAR + 0.001)
    assert arrival("valley", np.array([far, near, far, near, near])) == 3
    assert arrival("valley", np.array([near, near])) == 0
    assert arrival("valley", np.array([near, far])) is None
    assert arrival("saddle", np.array([(0, 0), (0, -1 + NEAR / 2)])) == 1


@pytest.mark.parametrize("name", SURFACES)
def test_rates_to_begin_with_are_the_best_for_the_start(name):
    np.testing.assert_allclose(OptimizerRace(name).rates, best_rates(name, SURFACES[name].start), rtol=1e-12)


# --- what Python refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"surface": "hill"}, "surface must be one of valley, valley, turned, ravine, saddle: got 'hill'"),
        ({"start": (1, 2, 3)}, r"start must have shape \(2\): got shape \(3,\)"),
        ({"start": (0, -1001)}, "start must be from -1000 to 1000: got -1001"),
        ({"rates": [1] * 5}, r"rates must have shape \(6\): got shape \(5,\)"),
        ({"rates": [1, 1, 0, 1, 1, 1]}, "rates must be above 0: got 0"),
        ({"shown": ["Adam", "Eve"]}, "shown must be some of SGD, .*: got 'Eve'"),
        ({"step": -1}, "step must be from 0 to 300: got -1"),
        ({"step": 301}, "step must be from 0 to 300: got 301"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        OptimizerRace(**arguments)


def test_another_surface_is_checked_like_the_first():
    with pytest.raises(ValueError, match="surface must be one of"):
        OptimizerRace().surface = "hill"


# --- the module as code ---------------------------------------------------------------------------


def test_heights_and_slopes_equal_pythons(call):
    calls = [[name, start] for name in SURFACES for start in starts(name)]
    expected = [SURFACES[name].height(*start) for name, start in calls]
    np.testing.assert_allclose(call("optimizer_race", "height", calls), expected, rtol=1e-12)
    expected = [SURFACES[name].slope(*start) for name, start in calls]
    np.testing.assert_allclose(call("optimizer_race", "slope", calls), expected, rtol=1e-12)


@pytest.mark.parametrize("surface", SURFACES)
def test_walks_equal_those_of_cnnlibs_optimizers(call, surface):
    """Rates up to the best ones: beyond, a rounding error may grow without bounds."""
    rates = dict(zip(NAMES, OptimizerRace(surface).rates, strict=True))
    shares = (1, 0.3) if surface != "ravine" else (0.1, 0.03)
    calls = [[surface, n, s, f * rates[n]] for n in NAMES for s in starts(surface, 3) for f in shares]
    for arguments, places in zip(calls, call("optimizer_race", "walk", calls), strict=True):
        np.testing.assert_allclose(places, walk(*arguments), rtol=1e-6, atol=1e-6, err_msg=str(arguments))


def test_the_search_finds_the_same_rates(call):
    calls = [["valley", [0.5, -1.25]], ["valley, turned", [1, 0.25]], ["saddle", [0.75, -0.125]]]
    with_lowest = [[name, start, SURFACES[name].lowest] for name, start in calls]
    for arguments, rates in zip(calls, call("optimizer_race", "bestRates", with_lowest), strict=True):
        np.testing.assert_allclose(rates, best_rates(*arguments), rtol=1e-12)


def test_arrivals_equal_pythons(call):
    cases = [("valley", walk("valley", name, (1, 1), rate)) for name in NAMES for rate in (0.01, 0.1)]
    cases += [("saddle", walk("saddle", "Adam", (1, -0.1), 0.05))]
    calls = [[places, SURFACES[name].lowest] for name, places in cases]
    expected = [arrival(name, places) for name, places in cases]
    assert None in expected
    assert call("optimizer_race", "arrival", calls) == expected


def test_level_lines_run_where_the_height_is_the_level(call):
    """A plane that rises by 1 a square: the line of 1.25 runs straight down at 1.25."""
    plane = [[0, 1, 2, 3]] * 4
    [path] = call("optimizer_race", "contours", [[plane, 3, [1.25]]])
    points = numbers(path).reshape(-1, 2)
    assert len(points) == 6
    np.testing.assert_allclose(points[:, 0], 1.25)
    assert set(points[:, 1]) == {0, 1, 2, 3}
    hill = [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    [path] = call("optimizer_race", "contours", [[hill, 2, [0.5, 2]]])  # nothing is as high as 2
    assert {tuple(p) for p in numbers(path).reshape(-1, 2)} == {(1, 0.5), (0.5, 1), (1.5, 1), (1, 1.5)}


# --- the page -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"step": 7},
        {"surface": "valley, turned", "step": 60},
        {"surface": "saddle", "step": STEPS, "start": (-1, 0.3)},
        {"surface": "ravine", "step": 25, "shown": ["momentum", "Adam"]},
        {"step": 40, "rates": [0.15, 0.2, 0.2, 0.5, 0.01, 0.1]},  # three leave the map for good
        {"step": 3, "shown": []},
    ],
)
def test_page_shows_what_cnnlibs_optimizers_do(browser_page, show, arguments):
    explorer = OptimizerRace(**arguments)
    check_page(show(browser_page, explorer), explorer)


def test_step_back_start_over_and_scrub(browser_page, show):
    page = show(browser_page, OptimizerRace())
    assert page.get_by_role("button", name="Back").is_disabled()
    for name, expected in [("Step", 1), ("Step", 2), ("Step", 3), ("Back", 2)]:
        press(page, name)
        check_page(page, OptimizerRace(step=expected))
    slider(page, "step").fill("300")
    check_page(page, OptimizerRace(step=300))
    assert page.get_by_role("button", name="Step", exact=True).is_disabled()
    assert slider(page, "step").get_attribute("aria-valuetext") == "300 of 300"
    press(page, "Start over")
    check_page(page, OptimizerRace())


@pytest.mark.parametrize(("motion", "pause"), [("no-preference", 600), ("reduce", 1500)])
def test_play_goes_on_ever_faster_to_the_end_and_begins_again(new_page, show, motion, pause):
    page = new_page(reduced_motion=motion)
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, OptimizerRace())
    stop_the_clock(page)
    press(page, "Play")
    page.clock.run_for(pause - 1)
    assert slider(page, "step").input_value() == "0"
    page.clock.run_for(1)
    assert slider(page, "step").input_value() == "1"
    page.clock.run_for(19 * pause)
    assert slider(page, "step").input_value() == "25"  # by 1 up to 15, then by a tenth: 17 19 21 23 25
    press(page, "Pause")
    page.clock.run_for(5 * pause)
    assert slider(page, "step").input_value() == "25"
    press(page, "Play")
    page.clock.run_for(60 * pause)
    assert slider(page, "step").input_value() == str(STEPS)
    assert page.get_by_role("button", name="Play").count() == 1
    press(page, "Play")
    page.clock.run_for(pause)
    assert slider(page, "step").input_value() == "1"


def test_step_ends_playing(browser_page, show):
    page = browser_page
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, OptimizerRace())
    stop_the_clock(page)
    press(page, "Play")
    page.clock.run_for(1200)
    press(page, "Step")
    page.clock.run_for(6000)
    check_page(page, OptimizerRace(step=3))
    press(page, "Play")
    page.clock.run_for(600)
    press(page, "saddle")
    page.clock.run_for(6000)
    check_page(page, OptimizerRace("saddle"))


def test_another_surface_brings_its_start_and_its_rates(browser_page, show):
    page = show(browser_page, OptimizerRace(start=(1, 1), rates=[0.01] * 6, step=9))
    levels = set()
    for name in ("ravine", "valley, turned", "saddle", "valley"):
        press(page, name)
        check_page(page, OptimizerRace(name))
        levels.add(page.locator(".levels").get_attribute("d"))
        marks = page.locator(".lowest path").evaluate_all("all => all.map(p => p.getAttribute('d'))")
        drawn = [numbers(mark)[:2] + 2 for mark in marks]
        np.testing.assert_allclose(drawn, on_map(name, np.array(SURFACES[name].lowest)))
    assert len(levels) == 4


def test_level_lines_are_level(browser_page, show):
    """All 13 levels, a third of a power of ten apart, as far as the map has them."""
    page = show(browser_page, OptimizerRace())
    points = numbers(page.locator(".levels").get_attribute("d")).reshape(-1, 2) / 60 * 3 - 1.5
    heights = (20 * points[:, 0] ** 2 + points[:, 1] ** 2) / 2
    levels = 23.625 * 10 ** (np.arange(13) / 3 - 4)
    clear = heights > 0.5  # between corners the height is taken to be straight: near the middle it bends
    nearest = levels[np.abs(np.log(heights[clear, None] / levels)).argmin(axis=1)]
    np.testing.assert_allclose(heights[clear], nearest, rtol=0.08)
    assert len(set(nearest)) == 6


def test_rates_are_set_and_searched(browser_page, show):
    page = show(browser_page, OptimizerRace(start=(0.5, -1.25), step=20))
    slider(page, "Nesterov: rate").fill("-16")
    slider(page, "SGD: rate").fill("-5")
    rates = OptimizerRace().rates
    check_page(page, OptimizerRace(start=(0.5, -1.25), rates=[10 ** (-5 / 8), *rates[1:5], 0.01], step=20))
    assert slider(page, "Nesterov: rate").get_attribute("aria-valuetext") == "0.01"
    ends = [int(slider(page, "SGD: rate").get_attribute(end)) for end in ("min", "max")]
    assert ends == [8 * EXPONENTS[0], 8 * EXPONENTS[-1]]
    press(page, "Best rates")
    best = best_rates("valley", (0.5, -1.25))
    check_page(page, OptimizerRace(start=(0.5, -1.25), rates=best, step=20))


def test_racers_are_hidden_and_shown(browser_page, show):
    page = show(browser_page, OptimizerRace(step=10))
    press(page, "SGD")
    press(page, "Nesterov")
    check_page(page, OptimizerRace(step=10, shown=NAMES[1:5]))
    press(page, "SGD")
    check_page(page, OptimizerRace(step=10, shown=NAMES[:5]))


def test_a_click_and_a_drag_choose_the_start(browser_page, show):
    page = show(browser_page, OptimizerRace(step=5))
    box = map_of(page).bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    check_page(page, OptimizerRace(step=5, start=(0.75, 0.75)))
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
    check_page(page, OptimizerRace(step=5, start=(0, 0)))
    page.mouse.move(box["x"] - 200, box["y"] + 2000)  # far outside, still held
    check_page(page, OptimizerRace(step=5, start=(-1.5, -1.5)))
    page.mouse.up()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.click(box["x"] + 50, box["y"] + 50, button="right")
    check_page(page, OptimizerRace(step=5, start=(-1.5, -1.5)))


def test_arrow_keys_move_the_start_by_a_fortieth_of_the_map(browser_page, show):
    page = show(browser_page, OptimizerRace("ravine", start=(-1.2, 1.0)))
    map_of(page).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Control+ArrowLeft", "x"):
        page.keyboard.press(key)
    check_page(page, OptimizerRace("ravine", start=(-1.0, 1.1)))
    for key in ("End", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    check_page(page, OptimizerRace("ravine", start=(2, 1.0)))


def test_a_finger_chooses_the_start_and_the_page_stays(new_page, show):
    page = show(new_page(has_touch=True, viewport={"width": 360, "height": 740}), OptimizerRace())
    box = map_of(page).bounding_box()
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_function("document.querySelector('.telling').textContent.includes('start −0.7')")
    assert map_of(page).evaluate("e => getComputedStyle(e).touchAction") == "none"
    assert page.evaluate("document.scrollingElement.scrollTop") == 0


def test_what_changes_is_announced_once(browser_page, show):
    page = show(browser_page, OptimizerRace())
    page.wait_for_timeout(500)
    voice = page.locator("[aria-live=polite]")
    assert voice.inner_text() == ""  # a page that opens says nothing
    press(page, "Step")
    press(page, "Step")
    page.locator("[aria-live=polite]").filter(has_text="Step 2, ").wait_for(state="attached", timeout=3000)
    assert voice.inner_text() == page.locator(".telling").inner_text()


def test_kernel_and_page_share_what_is_chosen(live):
    page = live(OptimizerRace())
    press(page, "Step")
    press(page, "Nesterov")
    press(page, "ravine")
    sent = page.evaluate("sent.map(s => [s.surface, s.start, s.shown.length, s.step])")
    assert sent == [["valley", [-0.9, 1.2], 6, 1], ["valley", [-0.9, 1.2], 5, 1], ["ravine", [-1.2, 1], 5, 0]]
    page.evaluate("model.set('start', [1.5, 0.5]); model.set('step', 4)")
    check_page(page, OptimizerRace("ravine", start=(1.5, 0.5), step=4, shown=NAMES[:5]))
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


def test_what_the_page_sends_is_what_the_traits_accept():
    explorer = OptimizerRace()
    explorer.set_state(
        {"surface": "saddle", "start": [1, 0], "rates": [1, 2, 3, 4, 5, 6], "step": 3, "shown": []}
    )
    assert (explorer.surface, explorer.start, explorer.step, explorer.shown) == ("saddle", [1, 0], 3, [])


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out_and_every_control_is_large_enough(new_page, show, width):
    rates = [0.00018] * 6
    page = show(new_page(viewport={"width": width, "height": 800}), OptimizerRace(step=200, rates=rates))
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    sizes = page.locator(".explorer button").evaluate_all(
        "all => all.map(b => [b.offsetWidth, b.offsetHeight])"
    )
    assert np.min(sizes) >= 30
    too_wide = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
    assert page.locator(".racer, .racer button, .state, .telling, .controls").evaluate_all(too_wide) == []
    tracks = page.locator("input").evaluate_all("all => all.map(e => e.clientWidth)")
    assert min(tracks) >= 80


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    page = show(browser_page, OptimizerRace(step=9, shown=NAMES[:4]), theme=theme)
    contrasts = page.locator(".heading, .name, .state, .telling, .which, button, label b").evaluate_all(
        CONTRASTS
    )
    assert len(contrasts) > 30
    assert min(contrasts) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_stand_out_and_no_two_look_alike(browser_page, show, theme):
    page = show(browser_page, OptimizerRace(step=9), theme=theme)
    looks = page.locator(".way").evaluate_all(
        "all => all.map(e => [getComputedStyle(e).stroke, getComputedStyle(e).strokeDasharray])"
    )
    assert len({tuple(look) for look in looks}) == 6
    ground = {"light": (255, 255, 255), "dark": (20, 24, 30)}[theme]

    def light(colour):
        c = np.array(colour) / 255
        return np.dot(
            np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4), [0.2126, 0.7152, 0.0722]
        )

    for stroke, _ in looks:
        pair = sorted([light(ground), light(numbers(stroke))])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 3  # WCAG's least for what is not text


def test_focus_is_visible_on_every_control(browser_page, show):
    page = show(browser_page, OptimizerRace(step=5))
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(4 + 1 + 12 + 5 + 1):  # surfaces, the map, toggles and rates, buttons, the step
        assert " solid 3px" in page.evaluate(outline)
        assert page.evaluate("document.activeElement.hasAttribute('data-lm-suppress-shortcuts')")
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_two_on_one_page_leave_each_other_alone(browser_page, show):
    page = show(browser_page, OptimizerRace(), OptimizerRace(title="Another"))
    first, second = page.locator(".explorer").nth(0), page.locator(".explorer").nth(1)
    before = first.inner_html()
    second.get_by_role("button", name="saddle").click()
    second.get_by_role("button", name="Step", exact=True).click()
    assert first.inner_html() == before


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    css = OptimizerRace()._css
    own = css[css.index("/* a map with six walks") :]
    names = set(re.findall(r"\.([a-z]+\d?)\b(?!\w)", own)) - {"explorer"}
    page = show(browser_page, OptimizerRace(shown=["SGD"]))
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert {name for name in names if not name.isdigit()} - {"px", "em"} <= used
