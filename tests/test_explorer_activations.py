"""A chain of units: its arithmetic against our layers, the page, and what it says."""

import re

import numpy as np
import pytest
from explorer_page import CONTRASTS, press, stop_the_clock

from cnnlib.explorers.activations import NAMES, RANGES, ActivationExplorer
from cnnlib.layers import LeakyReLU, Linear, ReLU, Sigmoid, Tanh
from cnnlib.network import Sequential

MAKE = {"sigmoid": Sigmoid, "tanh": Tanh, "ReLU": ReLU, "leaky ReLU": LeakyReLU}
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def ours(name, x, w, b, units, a):
    """z, value, slope and gradient of each unit, from cnnlib's layers."""
    layers = []
    for _ in range(units):
        linear = Linear(1, 1)
        linear.weight, linear.bias = np.array([[float(w)]]), np.array([float(b)])
        layers += [linear, LeakyReLU(a) if name == "leaky ReLU" else MAKE[name]()]
    now, rows = np.array([[float(x)]]), []
    for linear, activation in zip(layers[::2], layers[1::2], strict=True):
        z = linear.forward(now)
        now = activation.forward(z)
        rows.append([z.item(), now.item(), activation.backward(np.ones((1, 1))).item()])
    dy, gradients = np.ones((1, 1)), []
    for k in reversed(range(units)):
        dy = Sequential(*layers[2 * k : 2 * k + 2]).backward(dy)
        gradients.append(dy.item())
    return np.column_stack([rows, gradients[::-1]])


def settings(count=120):
    """The ends of the ranges, and others by chance."""
    rng = np.random.default_rng(0)
    ends = [(name, x, w, b, 20, 0.1) for name in NAMES for x, w, b in [(4, 4, 4), (-4, 4, -4), (4, -4, 0)]]
    return ends + [
        (NAMES[k % 4], *np.round(rng.uniform(-4, 4, 3), 1).tolist(), int(rng.integers(1, 21)), rng.random())
        for k in range(count)
    ]


def number(text):
    """The number that a text such as "−1.14 × 10⁻¹³" stands for."""
    digits, _, power = text.replace("−", "-").partition(" × 10")
    return float(digits) * 10.0 ** int(power.translate(SUPERSCRIPTS) or 0)


def result(page):
    return number(page.locator(".equation b").inner_text())


def slider(page, name):
    return page.get_by_role("slider", name=re.compile(f"^{name}"))


# --- what Python sends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": "relu"}, "activation must be one of sigmoid, tanh, ReLU, leaky ReLU: got 'relu'"),
        ({"x": 4.5}, "x must be from -4 to 4: got 4.5"),
        ({"w": -5}, "w must be from -4 to 4: got -5"),
        ({"b": np.nan}, "b must be from -4 to 4: got nan"),
        ({"units": 0}, "units must be from 1 to 20: got 0"),
        ({"units": 21}, "units must be from 1 to 20: got 21"),
        ({"unit": 0}, "unit must be from 1 to 20: got 0"),
        ({"negative_slope": 1.1}, "negative_slope must be from 0 to 1: got 1.1"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        ActivationExplorer(**arguments)


@pytest.mark.parametrize("name", RANGES)
def test_assignment_is_checked_like_the_constructor(name):
    explorer = ActivationExplorer()
    before = getattr(explorer, name)
    with pytest.raises(ValueError, match=f"{name} must be from"):
        setattr(explorer, name, 99)
    assert getattr(explorer, name) == before


# --- the module as code -------------------------------------------------------------------------


def test_chain_equals_our_layers(call):
    calls = settings()
    for arguments, rows in zip(calls, call("activations", "chain", calls), strict=True):
        found = [[row[key] for key in ("z", "value", "slope", "gradient")] for row in rows]
        np.testing.assert_allclose(found, ours(*arguments), rtol=1e-9, atol=1e-300, err_msg=str(arguments))


@pytest.mark.parametrize("name", NAMES)
def test_value_and_slope_equal_our_layers(call, name):
    z = np.linspace(-8, 8, 161)
    layer = LeakyReLU(0.3) if name == "leaky ReLU" else MAKE[name]()
    calls = [(name, at, 0.3) for at in z.tolist()]
    np.testing.assert_allclose(call("activations", "value", calls), layer.forward(z), rtol=1e-12, atol=1e-15)
    slopes = call("activations", "slope", calls)
    np.testing.assert_allclose(slopes, layer.backward(np.ones_like(z)), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("name", "golden"),
    [
        ("sigmoid", {1: 0.235, 5: 6.08e-4, 10: 3.48e-7, 20: 1.14e-13}),
        ("tanh", {1: 0.786, 5: 0.393, 10: 0.223, 20: 0.107}),
        ("ReLU", {1: 1, 5: 1, 10: 1, 20: 1}),
    ],
)
def test_gradient_through_the_chain_has_the_known_values(call, name, golden):
    """Weight 1, bias 0, x = 0.5."""
    chains = call("activations", "chain", [(name, 0.5, 1, 0, units, 0.1) for units in golden])
    assert [f"{rows[0]['gradient']:.2e}" for rows in chains] == [f"{v:.2e}" for v in golden.values()]


def test_numbers_are_short_and_keep_three_digits(call):
    printed = {
        0: "0",
        -1e-320: "−1.00 × 10⁻³²⁰",
        0.5: "0.5",
        -0.786447: "−0.786",
        1234.5: "1230",
        1.1432e-13: "1.14 × 10⁻¹³",
        -(4.0**20): "−1.10 × 10¹²",
        0.00099: "9.90 × 10⁻⁴",
        0.001: "0.001",
        1e5: "1.00 × 10⁵",
    }
    assert call("activations", "brief", [[v] for v in printed]) == list(printed.values())


# --- the page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_button_chooses_the_activation_and_says_the_gradient(browser_page, show, name):
    page = show(
        browser_page, ActivationExplorer(activation="ReLU" if name == "sigmoid" else "sigmoid", units=20)
    )
    pick = page.get_by_role("button", name=re.compile(f"^{name}"))
    pick.click()
    expected = ours(name, 0.5, 1, 0, 20, 0.1)[0, 3]
    assert result(page) == pytest.approx(expected, rel=0.006)
    assert number(pick.locator("small").inner_text()) == result(page)
    pressed = page.locator("[aria-pressed=true]").all_inner_texts()
    assert [text.split("\n")[0] for text in pressed] == [name]
    assert slider(page, "slope below 0").count() == (name == "leaky ReLU")


def test_every_slider_does_what_it_says(browser_page, show):
    page = show(browser_page, ActivationExplorer("tanh", x=0.2, w=1.5, b=-0.3, units=6))
    assert result(page) == pytest.approx(ours("tanh", 0.2, 1.5, -0.3, 6, 0.1)[0, 3], rel=0.006)
    slider(page, "x").fill("-11")
    slider(page, "weight").fill("-13")
    slider(page, "bias").fill("7")
    slider(page, "units").fill("9")
    slider(page, "look at unit").fill("4")
    rows = ours("tanh", -1.1, -1.3, 0.7, 9, 0.1)
    assert result(page) == pytest.approx(rows[0, 3], rel=0.006)
    said = page.locator(".telling").inner_text()
    assert said.startswith("Unit 4 of 9: z = −1.3 × ")
    z, value, slope, gradient = re.search(
        r"= (\S+), value (\S+), slope (\S+)\. .* backwards: (.+)\.$", said
    ).groups()
    np.testing.assert_allclose([number(v) for v in (z, value, slope, gradient)], rows[3], rtol=0.006)
    press(page, "Reset")
    assert result(page) == pytest.approx(ours("tanh", 0.2, 1.5, -0.3, 6, 0.1)[0, 3], rel=0.006)
    assert page.locator(".telling").inner_text().startswith("Unit 1 of 6")


def test_the_leak_has_a_slider(browser_page, show):
    page = show(browser_page, ActivationExplorer("leaky ReLU", x=-1, units=3))
    slider(page, "slope below 0").fill("50")
    assert result(page) == pytest.approx(0.5**3)


def test_a_shorter_chain_is_looked_at_at_its_end(browser_page, show):
    page = show(browser_page, ActivationExplorer(units=12, unit=11))
    slider(page, "units").fill("5")
    assert page.locator(".telling").inner_text().startswith("Unit 5 of 5")


def test_a_click_on_the_chain_looks_at_that_unit(browser_page, show):
    page = show(browser_page, ActivationExplorer(units=8))
    for k in (5, 0, 7):
        box = page.locator(".chained .plus").nth(k).bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
        assert page.locator(".telling").inner_text().startswith(f"Unit {k + 1} of 8")


def test_bars_and_dots_stand_where_the_numbers_are(browser_page, show):
    page = show(browser_page, ActivationExplorer("tanh", x=-0.5, w=1.2, units=6))
    rows = ours("tanh", -0.5, 1.2, 0, 6, 0.1)
    heights = page.locator(".chained .minus").evaluate_all("bars => bars.map(b => +b.getAttribute('height'))")
    np.testing.assert_allclose(heights, 44 * np.abs(rows[:, 1]), atol=0.01)
    levels = page.locator(".chained .dot").evaluate_all("dots => dots.map(d => +d.getAttribute('cy'))")
    steps = np.diff(levels) / np.diff(np.log10(rows[:, 3]))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)  # one scale, logarithmic
    assert steps[0] < 0  # larger is higher


def test_a_gradient_of_zero_is_drawn_as_a_zero(browser_page, show):
    page = show(browser_page, ActivationExplorer("ReLU", x=-1, units=4))
    assert page.locator(".chained .none").all_text_contents() == ["0"] * 4
    assert page.locator(".chained .dot, .chained .hollow").count() == 0
    assert page.locator(".equation b").inner_text() == "0"


def test_negative_gradients_are_hollow(browser_page, show):
    page = show(browser_page, ActivationExplorer("ReLU", x=-1, w=-1, b=2, units=1))
    assert page.locator(".chained .hollow").count() == 1
    assert result(page) == -1


def test_play_makes_the_chain_longer_and_stops_at_twenty(new_page, show):
    page = new_page()
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, ActivationExplorer(units=18))
    stop_the_clock(page)
    press(page, "Play")
    page.clock.run_for(650)
    assert slider(page, "units").input_value() == "19"
    page.clock.run_for(5000)
    assert slider(page, "units").input_value() == "20"
    press(page, "Play")  # from the end it starts again
    assert slider(page, "units").input_value() == "1"
    slider(page, "x").fill("10")  # who takes over pauses it
    page.clock.run_for(5000)
    assert slider(page, "units").input_value() == "1"


def test_drawings_are_read_out(browser_page, show):
    page = show(browser_page, ActivationExplorer("sigmoid", units=2, unit=2))
    labels = page.get_by_role("img").evaluate_all("all => all.map(e => e.ariaLabel)")
    assert labels == [
        "sigmoid: value 0.651 and slope 0.227 at z = 0.622",
        "chain of 2: values from 0.622 to 0.651, "
        "gradients from 0.227 at the last unit to 0.0534 at the first",
    ]


def test_the_result_is_announced_when_it_changes(browser_page, show):
    page = show(browser_page, ActivationExplorer(units=5))
    page.wait_for_timeout(500)
    assert page.locator("[aria-live=polite]").inner_text() == ""
    slider(page, "units").fill("10")
    page.locator("[aria-live=polite]", has_text="sigmoid, 10 units: d out / dx 3.48 × 10⁻⁷").wait_for(
        state="attached", timeout=3000
    )


def test_with_a_kernel_news_is_drawn_and_choices_are_sent(live):
    page = live(ActivationExplorer(units=3))
    page.evaluate("model.set('activation', 'tanh')")
    assert result(page) == pytest.approx(ours("tanh", 0.5, 1, 0, 3, 0.1)[0, 3], rel=0.006)
    slider(page, "weight").fill("-20")
    assert page.evaluate("sent.at(-1).w") == -2
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out_and_every_choice_is_large_enough(new_page, show, width):
    page = show(
        new_page(viewport={"width": width, "height": 800}),
        ActivationExplorer("leaky ReLU", w=-4, x=-4, units=20),
    )
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
    page = show(browser_page, ActivationExplorer("leaky ReLU"), theme=theme)
    selector = ".name, .heading, .telling, .equation, button, .picks small, label"
    contrasts = page.locator(selector).evaluate_all(CONTRASTS)
    assert len(contrasts) > 15
    assert min(contrasts) >= 4.5


def test_focus_is_visible(browser_page, show):
    page = show(browser_page, ActivationExplorer())
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(4 + 5 + 2):  # activations, sliders, play and reset
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_print_shows_the_chain_and_not_the_controls(browser_page, show):
    page = show(browser_page, ActivationExplorer())
    page.emulate_media(media="print")
    assert page.locator(".equation").is_visible()
    assert page.locator(".chained").is_visible()
    assert not any(control.is_visible() for control in page.locator("input").all())


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    css = ActivationExplorer()._css
    own = css[css.index("/* four activations") :]
    names = set(re.findall(r"\.([a-z]+)", own)) - {"explorer"}
    page = show(
        browser_page,
        ActivationExplorer("ReLU", x=-1, w=-1, b=2, units=1),
        ActivationExplorer("ReLU", x=-1),
        ActivationExplorer("tanh", x=-1),
    )
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
