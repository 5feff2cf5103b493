"""Thinned networks: their arithmetic against NumPy's layers, the coins, the page, and what it says."""

import re

import numpy as np
import pytest
from explorer_page import CONTRASTS, press, stop_the_clock

from cnnlib.ensemble import enumerate_masks
from cnnlib.explorers.thinned_network import RANGES, ThinnedNetwork, random_weights
from cnnlib.layers import Linear, ReLU

X = np.array([[1, -0.5, 0.8]])


def ours(weights, layers, factors):
    """What the network says with these factors of its hidden units, from cnnlib's layers."""
    h = X
    for k in range(layers):
        h = ReLU().forward(linear(weights[6 * k : 6 * k + 6], h.shape[1]).forward(h))
        h = h * factors[6 * k : 6 * k + 6]
    return linear(weights[12:], 6).forward(h).item()


def linear(rows, inputs):
    layer = Linear(inputs, len(rows))
    layer.weight, layer.bias = rows[:, :inputs].copy(), rows[:, 6].copy()
    return layer


def mean_of_all(weights, layers, p):
    masks = enumerate_masks(6 * layers)
    chances = np.prod(np.where(masks, 1 - p, p), axis=1)
    return chances @ [ours(weights, layers, mask / (1 - p)) for mask in masks]


def shown(value):
    return f"{value:.3f}".replace("-", "−")


# --- what Python sends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 1.0}, "p must be from 0 to 0.95: got 1.0"),
        ({"p": -0.1}, "p must be from 0 to 0.95: got -0.1"),
        ({"p": np.nan}, "p must be from 0 to 0.95: got nan"),
        ({"layers": 0}, "layers must be from 1 to 2: got 0"),
        ({"layers": 3}, "layers must be from 1 to 2: got 3"),
        ({"seed": -1}, "seed must be from 0 to 4294967295: got -1"),
        ({"weights": np.ones((3, 3))}, r"weights must have shape \(13, 7\): got shape \(3, 3\)"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        ThinnedNetwork(**arguments)


@pytest.mark.parametrize("name", RANGES)
def test_assignment_is_checked_like_the_constructor(name):
    explorer = ThinnedNetwork()
    before = getattr(explorer, name)
    with pytest.raises(ValueError, match=f"{name} must be from"):
        setattr(explorer, name, -9)
    assert getattr(explorer, name) == before


# --- the module as code -------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2])
def test_a_thinned_network_says_what_our_layers_say(call, layers):
    rng = np.random.default_rng(0)
    cases = [(random_weights(rng), rng.integers(0, 2, 6 * layers) / 0.7) for _ in range(20)]
    found = call("thinned_network", "says", [(w.tolist(), layers, f.tolist()) for w, f in cases])
    expected = [ours(w, layers, f) for w, f in cases]
    np.testing.assert_allclose([one["output"] for one in found], expected, rtol=1e-12, atol=1e-12)
    assert all(len(one["hidden"]) == layers for one in found)


@pytest.mark.parametrize(("layers", "p"), [(1, 0.5), (1, 0.0), (2, 0.2)])
def test_everyone_is_all_masks_with_their_probabilities(call, layers, p):
    weights = random_weights(np.random.default_rng(5))
    (everyone,) = call("thinned_network", "everyone", [(weights.tolist(), layers, p)])
    assert len(everyone) == 2 ** (6 * layers)
    chances, outputs = np.transpose([(one["chance"], one["output"]) for one in everyone])
    assert chances.sum() == pytest.approx(1, rel=1e-12)
    assert chances @ outputs == pytest.approx(mean_of_all(weights, layers, p), rel=1e-10)


def test_with_one_hidden_layer_the_scaled_network_is_the_mean_and_with_two_it_is_not():
    weights = np.array(ThinnedNetwork().weights)
    assert mean_of_all(weights, 1, 0.5) == pytest.approx(ours(weights, 1, np.ones(6)), rel=1e-12)
    assert abs(mean_of_all(weights, 2, 0.5) - ours(weights, 2, np.ones(12))) > 0.3


def test_coins_are_fair_differ_by_seed_and_come_again(browser_page):
    from cnnlib.explorers.explorer import bundle

    source = bundle("thinned_network")
    script = """async source => {
        const url = URL.createObjectURL(new Blob([source], {type: 'text/javascript'}));
        const { coins } = await import(url);
        return [1, 1, 2].map(seed => { const c = coins(seed); return Array.from({length: 20000}, c); });
    }"""
    one, again, other = np.array(browser_page.evaluate(script, source))
    assert (one == again).all()
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03  # four standard errors of 1 / sqrt(20000)
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.03
    assert np.abs(np.histogram(one, 10, (0, 1))[0] - 2000).max() < 4.5 * np.sqrt(1800)
    assert one.min() >= 0
    assert one.max() < 1


# --- the page -----------------------------------------------------------------------------------


def telling(page):
    return page.locator(".telling").inner_text()


def test_the_page_begins_with_nobody_dropped(browser_page, show):
    explorer = ThinnedNetwork(p=0.25, layers=2)
    page, weights = show(browser_page, explorer), np.array(explorer.weights)
    assert page.locator(".network .gone").count() == 0
    scaled, mean = ours(weights, 2, np.ones(12)), mean_of_all(weights, 2, 0.25)
    assert telling(page) == (
        f"So far: nothing thrown yet. All 4,096 networks have the mean {shown(mean)}; "
        f"the scaled network says {shown(scaled)}."
    )


def test_a_throw_draws_the_thinned_network_and_says_what_it_says(browser_page, show):
    explorer = ThinnedNetwork(p=0.5, layers=1)
    page, weights = show(browser_page, explorer), np.array(explorer.weights)
    press(page, "Throw")
    ys = page.locator(".network .gone").evaluate_all("all => all.map(c => +c.getAttribute('cy'))")
    dropped = [round((y - 125) / 39 + 2.5) for y in ys]
    mask = np.array([row not in dropped for row in range(6)])
    said = ours(weights, 1, mask / 0.5)
    assert telling(page).startswith(
        f"This network says {shown(said)}. So far: 1 thrown, mean {shown(said)}. "
    )
    assert page.locator(".network .edge").count() == 4 * mask.sum()  # 3 inputs and 1 output for each
    assert page.locator(".network .cross").count() == 2 * len(dropped)


def test_the_mean_of_many_throws_comes_near_the_mean_of_all(browser_page, show):
    explorer = ThinnedNetwork(p=0.5, layers=1)
    page, weights = show(browser_page, explorer), np.array(explorer.weights)
    for _ in range(20):
        press(page, "100 throws")
    mean = float(re.search(r"2000 thrown, mean ([−\d.]+)\. ", telling(page))[1].replace("−", "-"))
    outputs = [ours(weights, 1, mask / 0.5) for mask in enumerate_masks(6)]
    assert abs(mean - np.mean(outputs)) < 4 * np.std(outputs) / np.sqrt(2000) + 0.001


def test_outline_is_the_distribution_over_all_networks(browser_page, show):
    explorer = ThinnedNetwork(p=0.3, layers=2)
    page, weights = show(browser_page, explorer), np.array(explorer.weights)
    masks = enumerate_masks(12)
    outputs = np.array([ours(weights, 2, mask / 0.7) for mask in masks])
    chances = np.prod(np.where(masks, 0.7, 0.3), axis=1)
    ends = [*outputs, ours(weights, 2, np.ones(12))]
    low, high = min(ends), max(ends)
    bins = np.minimum(((outputs - low) / (high - low) * 25).astype(int), 24)
    shares = np.bincount(bins, chances, 25)
    heights = page.locator(".spread .expected").evaluate_all("all => all.map(r => +r.getAttribute('height'))")
    np.testing.assert_allclose(heights, 180 * shares / shares.max(), atol=0.5)


def test_a_change_of_p_or_depth_begins_anew(browser_page, show):
    page = show(browser_page, ThinnedNetwork())
    press(page, "100 throws")
    page.get_by_role("slider", name=re.compile("^p")).fill("20")
    assert "nothing thrown yet" in telling(page)
    press(page, "Throw")
    press(page, "1 hidden layer")
    assert "nothing thrown yet. All 64 networks" in telling(page)
    press(page, "Reset")
    assert "All 4,096 networks" in telling(page)
    assert page.get_by_role("slider", name=re.compile("^p")).input_value() == "50"


def test_with_p_zero_every_network_is_the_whole_one(browser_page, show):
    explorer = ThinnedNetwork(p=0.0)
    page = show(browser_page, explorer)
    press(page, "100 throws")
    whole = shown(ours(np.array(explorer.weights), 2, np.ones(12)))
    assert f"100 thrown, mean {whole}" in telling(page)
    assert page.locator(".network .gone").count() == 0


def test_play_throws_until_somebody_stops_it(new_page, show):
    page = new_page()
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, ThinnedNetwork())
    stop_the_clock(page)
    press(page, "Play")
    page.clock.run_for(650)
    assert "So far: 1 thrown" in telling(page)
    page.clock.run_for(1200)
    assert "So far: 3 thrown" in telling(page)
    press(page, "Throw")  # who takes over pauses it
    page.clock.run_for(5000)
    assert "So far: 4 thrown" in telling(page)


def test_play_is_slower_for_readers_who_want_less_motion(new_page, show):
    page = new_page(reduced_motion="reduce")
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, ThinnedNetwork())
    stop_the_clock(page)
    press(page, "Play")
    page.clock.run_for(1400)
    assert "nothing thrown yet" in telling(page)
    page.clock.run_for(200)
    assert "So far: 1 thrown" in telling(page)


def test_drawings_are_read_out(browser_page, show):
    page = show(browser_page, ThinnedNetwork())
    labels = page.get_by_role("img").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert labels[0].startswith("nobody dropped; it says ")
    assert labels[1].startswith("nothing thrown yet; mean of all ")
    press(page, "Throw")
    dropped = page.locator(".network .gone").count()
    assert (
        page.locator(".network")
        .get_attribute("aria-label")
        .startswith(f"{dropped} of 12 hidden units dropped")
    )


def test_the_result_is_announced_when_it_changes(browser_page, show):
    page = show(browser_page, ThinnedNetwork())
    press(page, "100 throws")
    page.locator("[aria-live=polite]", has_text="So far: 100 thrown").wait_for(state="attached", timeout=3000)


def test_with_a_kernel_news_is_drawn_and_choices_are_sent(live):
    page = live(ThinnedNetwork())
    page.evaluate("model.set('layers', 1)")
    assert "All 64 networks" in telling(page)
    page.get_by_role("slider", name=re.compile("^p")).fill("75")
    assert page.evaluate("sent.at(-1).p") == 0.75
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


@pytest.mark.parametrize("width", [360, 620, 1200])
def test_nothing_sticks_out_and_every_choice_is_large_enough(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 800}), ThinnedNetwork())
    press(page, "100 throws")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    heights = page.locator("button, input").evaluate_all("all => all.map(e => e.offsetHeight)")
    assert min(heights) >= 24  # pixels, for a finger
    inside = """texts => texts.every(t => {
        const [a, b] = [t.getBoundingClientRect(), t.closest('svg').getBoundingClientRect()];
        return a.left >= b.left - 1 && a.right <= b.right + 1 && a.bottom <= b.bottom + 1;
    })"""
    assert page.locator("svg text").evaluate_all(inside)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser_page, show, theme):
    page = show(browser_page, ThinnedNetwork(), theme=theme)
    contrasts = page.locator(".name, .heading, .telling, button, label").evaluate_all(CONTRASTS)
    assert len(contrasts) > 8
    assert min(contrasts) >= 4.5


def test_focus_is_visible(browser_page, show):
    page = show(browser_page, ThinnedNetwork())
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(1 + 2 + 4):  # p, two depths, four buttons
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    css = ThinnedNetwork()._css
    own = css[css.index("/* a thinned network") :]
    names = set(re.findall(r"\.([a-z]+)", own)) - {"explorer"}
    page = show(browser_page, ThinnedNetwork(p=0.8))
    press(page, "100 throws")
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
