"""256 networks on a page: its arithmetic against our layers and ensemble, and what it shows and says."""

import re
from itertools import pairwise, product

import numpy as np
import pytest
from explorer_page import CONTRASTS, press

from cnnlib.datasets import load
from cnnlib.ensemble import ensemble_probabilities, enumerate_masks
from cnnlib.explorers.ensemble_microscope import NAMES, UNITS, EnsembleMicroscope, as_seen, build

CHOICES = list(product(NAMES, UNITS))


def softmax(votes):
    powers = np.exp(votes - votes.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def hidden_layers(network):
    """The layers up to each activation, and the last one; "none" has no activation to look for."""
    starts = [k for k, layer in enumerate(network) if layer.weight is not None]
    return [network[a:b] for a, b in pairwise(starts)], network[starts[-1]]


def ours(activation, depth, digit, p):
    """Arithmetic, geometric and scaled, from cnnlib: every mask of the first layer of two written out."""
    explorer, q = EnsembleMicroscope(activation, depth, digit, p), 1 - p
    hidden, last = hidden_layers(explorer.network)
    first = hidden[0].forward(explorer.x)
    if depth == 1:
        return [mean[0] for mean in ensemble_probabilities(first, last.weight, last.bias, q)]
    mean, mean_log = 0, 0
    for mask in enumerate_masks(4):
        share = np.prod(np.where(mask, q, 1 - q))
        found = ensemble_probabilities(hidden[1].forward(first * mask), last.weight, last.bias, q)
        mean = mean + share * found.arithmetic[0]
        mean_log = mean_log + share * np.log(found.geometric[0])  # up to what is the same for all classes
    scaled = last.forward(q * hidden[1].forward(q * first))[0]
    return [mean, softmax(mean_log), softmax(scaled)]


def slider(page, name):
    return page.get_by_role("slider", name=re.compile(f"^{name}"))


def layers_of(call, activation, depth):
    return call("ensemble_microscope", "layersOf", [(EnsembleMicroscope().weights, activation, depth)])[0]


# --- what Python sends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"activation": "relu"},
            r"activation must be one of none, sigmoid, tanh, ReLU, Maxout\(2\): got 're",
        ),
        ({"depth": 3}, "depth must be one of 1, 2: got 3"),
        ({"digit": 10}, "digit must be from 0 to 9: got 10"),
        ({"digit": -1}, "digit must be from 0 to 9: got -1"),
        ({"p": 1.0}, "p must be from 0 to 0.95: got 1.0"),
        ({"p": np.nan}, "p must be from 0 to 0.95: got nan"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        EnsembleMicroscope(**arguments)


@pytest.mark.parametrize(("activation", "depth"), CHOICES)
def test_every_network_has_eight_units_to_mask_and_reads_the_shipped_digits(activation, depth):
    explorer = EnsembleMicroscope(activation, depth)
    hidden, last = hidden_layers(explorer.network)
    x, units = explorer.x, 0
    for layers in hidden:
        x = layers.forward(x)
        units += x.shape[1]
    assert units == 8
    assert last.weight.shape[0] == 10
    test = load("digits", split="test")
    says = explorer.network.forward(np.array([as_seen(np.rint(16 * image)) for image in test.images]))
    right = np.mean(says.argmax(axis=1) == test.labels)
    assert right > (0.9 if depth == 1 else 0.4)


def test_the_digits_are_the_first_of_each_class():
    test = load("digits", split="test")
    for label, digit in enumerate(EnsembleMicroscope().presets):
        np.testing.assert_array_equal(digit, np.rint(16 * test.images[test.labels == label][0, 0]))


def test_no_weight_is_left_over():
    layers = [layer for choice in CHOICES for layer in build(*choice) if layer.weight is not None]
    assert sum(layer.weight.size + layer.bias.size for layer in layers) == len(EnsembleMicroscope().weights)


# --- the module as code -------------------------------------------------------------------------


@pytest.mark.parametrize(("activation", "depth"), CHOICES)
def test_the_three_answers_equal_ours(call, activation, depth):
    layers = layers_of(call, activation, depth)
    asked = [(digit, p) for digit in (0, 3, 8) for p in (0, 0.2, 0.5, 0.95)]
    digits = EnsembleMicroscope().presets
    calls = [(layers, activation, np.ravel(digits[digit]).tolist(), p) for digit, p in asked]
    for (digit, p), found in zip(asked, call("ensemble_microscope", "means", calls), strict=True):
        wanted = ours(activation, depth, digit, p)
        for name, mean in zip(("arithmetic", "geometric", "scaled"), wanted, strict=True):
            np.testing.assert_allclose(
                found[name], mean, rtol=1e-9, atol=1e-12, err_msg=f"{name} {digit} {p}"
            )


@pytest.mark.parametrize("depth", UNITS)
def test_there_are_256_members_whose_chances_add_up_to_one(call, depth):
    pixels = np.ravel(EnsembleMicroscope().presets[5]).tolist()
    members = call("ensemble_microscope", "members", [(layers_of(call, "tanh", depth), "tanh", pixels, 0.3)])[
        0
    ]
    assert len(members) == 256
    assert sum(member["share"] for member in members) == pytest.approx(1)
    np.testing.assert_allclose(np.exp([member["logs"] for member in members]).sum(axis=1), 1)
    assert members[0]["share"] == pytest.approx(0.3**8)  # the first keeps nothing
    assert members[-1]["share"] == pytest.approx(0.7**8)


# --- the page -----------------------------------------------------------------------------------


def gaps(page):
    return page.locator(".equation b").all_inner_texts()


@pytest.mark.parametrize("activation", NAMES)
def test_at_depth_one_the_geometric_mean_is_the_scaled_network(browser_page, show, activation):
    page = show(browser_page, EnsembleMicroscope("ReLU" if activation == "none" else "none", 1, 4))
    press(page, activation)
    assert gaps(page)[0] == "equal to 12 digits"
    arithmetic, _, scaled = ours(activation, 1, 4, 0.5)
    assert gaps(page)[1] == f"up to {np.abs(arithmetic - scaled).max():.3f} apart"


@pytest.mark.parametrize("activation", NAMES)
def test_at_depth_two_only_without_a_bend(browser_page, show, activation):
    page = show(browser_page, EnsembleMicroscope(activation, 1, 3))
    press(page, "depth 2: 4 and 4 units")
    _, geometric, scaled = ours(activation, 2, 3, 0.5)
    gap = np.abs(geometric - scaled).max()
    assert gaps(page)[0] == ("equal to 12 digits" if activation == "none" else f"up to {gap:.3f} apart")
    pressed = page.locator("[aria-pressed=true]").all_inner_texts()
    assert pressed == [activation, "depth 2: 4 and 4 units"]


def test_one_digit_has_no_gap_under_maxout_as_the_chapter_says(browser_page, show):
    page = show(browser_page, EnsembleMicroscope("Maxout(2)", 2, 8))
    assert gaps(page)[0] == "equal to 12 digits"
    assert gaps(page)[1] != "equal to 12 digits"


def test_sliders_choose_the_digit_and_p(browser_page, show):
    page = show(browser_page, EnsembleMicroscope("tanh", 2, 0, 0.5))
    slider(page, "digit").fill("6")
    slider(page, "p").fill("5")
    arithmetic, geometric, scaled = ours("tanh", 2, 6, 0.25)
    said = page.locator(".telling").inner_text()
    for name, mean in [("arithmetic", arithmetic), ("geometric", geometric), ("scaled", scaled)]:
        assert f"{name} {mean.argmax()} ({mean.max():.2f})" in said
    assert page.locator(".seen").get_attribute("aria-label") == "the digit, a 6"
    press(page, "Reset")
    assert slider(page, "digit").input_value() == "0"
    assert slider(page, "p").get_attribute("aria-valuetext") == "0.50"


def test_without_dropout_all_three_are_one(browser_page, show):
    page = show(browser_page, EnsembleMicroscope("sigmoid", 2, 3, 0))
    assert gaps(page) == ["equal to 12 digits"] * 2


def test_bars_are_as_high_as_the_probabilities(browser_page, show):
    page = show(browser_page, EnsembleMicroscope("Maxout(2)", 2, 5, 0.4))
    wanted = ours("Maxout(2)", 2, 5, 0.4)
    for name, mean in zip(("arithmetic", "geometric"), wanted[:2], strict=True):
        bars = page.locator(f".votes rect.{name}").evaluate_all(
            "all => all.map(b => +b.getAttribute('height'))"
        )
        np.testing.assert_allclose(bars, 204 * mean, atol=1e-6)
    lines = page.locator(".votes line.scaled").evaluate_all("all => all.map(b => +b.getAttribute('y1'))")
    np.testing.assert_allclose(lines, 214 - 204 * wanted[2], atol=1e-6)


def test_drawings_are_read_out_and_changes_announced(browser_page, show):
    page = show(browser_page, EnsembleMicroscope("ReLU", 1, 3))
    means = [f"{mean[3]:.2f}" for mean in ours("ReLU", 1, 3, 0.5)]
    label = "probability of the right class, 3: arithmetic {}, geometric {}, scaled {}".format(*means)
    assert page.locator(".votes").get_attribute("aria-label") == label
    assert page.locator(".crowd").get_attribute("aria-label").startswith("256 networks, of which ")
    press(page, "tanh")
    page.locator("[aria-live=polite]", has_text="tanh, depth 1, p 0.50: geometric mean and").wait_for(
        state="attached", timeout=3000
    )


def test_with_a_kernel_news_is_drawn_and_choices_are_sent(live):
    page = live(EnsembleMicroscope("ReLU", 1))
    page.evaluate("model.set('depth', 2)")
    assert gaps(page)[0] != "equal to 12 digits"
    slider(page, "p").fill("2")
    assert page.evaluate("sent.at(-1).p") == pytest.approx(0.1)
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


@pytest.mark.parametrize("width", [360, 620, 1200])
def test_nothing_sticks_out_and_every_choice_is_large_enough(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 800}), EnsembleMicroscope("tanh", 2))
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
    page = show(browser_page, EnsembleMicroscope(), theme=theme)
    selector = ".name, .heading, .telling, .equation, .keys span, button, label"
    contrasts = page.locator(selector).evaluate_all(CONTRASTS)
    assert len(contrasts) > 15
    assert min(contrasts) >= 4.5


def test_focus_is_visible(browser_page, show):
    page = show(browser_page, EnsembleMicroscope())
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(5 + 2 + 2 + 1):  # activations, depths, sliders, reset
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    css = EnsembleMicroscope()._css
    own = css[css.index("/* the ensemble under the microscope") :]
    names = set(re.findall(r"\.([a-z]+)", own)) - {"explorer"}
    page = show(browser_page, EnsembleMicroscope())
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
