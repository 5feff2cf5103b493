"""The arithmetic of a convolution as an explorer: the rule, the sums, forward and backward."""

import itertools
import re

import numpy as np
import pytest
from explorer_page import (
    CONTRASTS,
    framed,
    labels_of,
    numbers_in,
    press,
    shown,
    stop_the_clock,
)

from cnnlib.convolution import conv2d, conv2d_backward
from cnnlib.explorers.arithmetic import DY, RANGES, WEIGHT, ConvolutionArithmetic, X
from cnnlib.windows import col2im, output_size

SIZES = list(RANGES)
EVERY = [  # all settings of the five sliders
    dict(zip(SIZES, values, strict=True))
    for values in itertools.product(*(range(low, high + 1) for low, high in RANGES.values()))
]
FEW = [  # settings in which each slider matters
    {},
    {"size": 6, "stride": 2},
    {"size": 5, "padding": 1},
    {"size": 6, "stride": 2, "padding": 1},
    {"size": 7, "dilation": 2},
    {"size": 7, "kernel_size": 2, "stride": 3, "padding": 1, "dilation": 3},
    {"size": 4, "kernel_size": 4, "padding": 2},
    {"size": 3, "kernel_size": 1, "stride": 3},
]
NAMES = {"y": "output y", "dx": "gradient dx", "dweight": "gradient dweight"}


def whole(sizes):
    """All five numbers, those of the constructor where none is given."""
    return {"size": 5, "kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1} | sizes


def count(sizes):
    sizes = whole(sizes)
    return output_size(*(sizes[name] for name in SIZES))


def fits(sizes):
    try:
        return bool(count(sizes))
    except ValueError:
        return False


def expected(sizes, x=X, weight=WEIGHT, dy=DY):
    """What our own functions make of the arrays: y, dx and dweight."""
    sizes = whole(sizes)
    n, k, out = sizes["size"], sizes["kernel_size"], count(sizes)
    x, weight, dy = (
        np.array(array, float)[None, None, :side, :side] for array, side in ((x, n), (weight, k), (dy, out))
    )
    windows = {name: sizes[name] for name in ("stride", "padding", "dilation")}
    dx, dweight, _ = conv2d_backward(dy, x, weight, **windows)
    return {"y": conv2d(x, weight, **windows)[0, 0], "dx": dx[0, 0], "dweight": dweight[0, 0]}


def grid_of(page, name):
    return page.get_by_role("grid", name=name)


def cell_of(page, name, row, col):
    return grid_of(page, name).get_by_role("gridcell", name=f"row {row + 1}, column {col + 1},")


def equation(page):
    return page.locator(".equation").inner_text()


def move(page, name, value):
    page.get_by_role("slider", name=name, exact=True).fill(str(value))


def check_page(page, sizes):
    """Compare every grid of the page with our own functions."""
    results = expected(sizes)
    backward = page.get_by_role("button", name="backward").get_attribute("aria-pressed") == "true"
    for name in ("dx", "dweight") if backward else ("y",):
        np.testing.assert_array_equal(numbers_in(grid_of(page, NAMES[name])), results[name])
    sizes = whole(sizes)
    padded = np.pad(np.array(X)[: sizes["size"], : sizes["size"]], sizes["padding"])
    np.testing.assert_array_equal(numbers_in(grid_of(page, "input x")), padded)
    k = sizes["kernel_size"]
    np.testing.assert_array_equal(numbers_in(grid_of(page, "kernel weight")), np.array(WEIGHT)[:k, :k])
    if backward:
        out = count(sizes)
        np.testing.assert_array_equal(numbers_in(grid_of(page, "gradient dy")), np.array(DY)[:out, :out])


# --- what Python sends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 9}, "size must be from 1 to 8 here, so that all cells fit on a page: got 9"),
        ({"size": 0}, "size must be from 1 to 8 .* got 0"),
        ({"kernel_size": 6}, "kernel_size must be from 1 to 5 .* got 6"),
        ({"stride": 0}, "stride must be from 1 to 3 .* got 0"),
        ({"padding": -1}, "padding must be from 0 to 2 .* got -1"),
        ({"dilation": 4}, "dilation must be from 1 to 3 .* got 4"),
        ({"direction": "back"}, 'direction must be "forward" or "backward": got \'back\''),
        ({"x": np.ones((9, 2))}, r"x must have two axes, of 1 to 8 rows and columns: got shape \(9, 2\)"),
        ({"x": np.ones(3)}, r"x must have two axes, .* got shape \(3,\)"),
        ({"weight": np.ones((2, 6))}, r"weight must have two axes, of 1 to 5 .* got shape \(2, 6\)"),
        ({"dy": np.ones((0, 2))}, r"dy must have two axes, of 1 to 12 .* got shape \(0, 2\)"),
        ({"x": [[0.5]]}, "x must hold whole numbers from -9 to 9, for people who .* got 0.5"),
        ({"weight": [[-10]]}, "weight must hold whole numbers from -9 to 9, .* got -10"),
        ({"dy": [[1, 2], [3]]}, "dy must be numbers in rows of one length"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        ConvolutionArithmetic(**arguments)


def test_arrays_begin_with_what_is_given_and_go_on_with_the_explorers_own():
    explorer = ConvolutionArithmetic(x=[[7, 8]], weight=np.array([[9.0]]))
    assert explorer.x[0] == [7, 8, *X[0][2:]]
    assert explorer.x[1:] == [list(row) for row in X[1:]]
    assert explorer.weight == [[9, *WEIGHT[0][1:]], *(list(row) for row in WEIGHT[1:])]
    explorer.dy = -np.ones((2, 2))
    assert [row[:3] for row in explorer.dy[:3]] == [[-1, -1, 2], [-1, -1, -2], [-1, 3, 1]]


def test_the_tables_are_as_large_as_the_largest_setting_needs():
    outputs = [count(sizes) for sizes in EVERY if fits(sizes)]
    assert (len(X), len(WEIGHT), len(DY)) == (RANGES["size"][1], RANGES["kernel_size"][1], max(outputs))
    assert all(len(table) == len(row) for table in (X, WEIGHT, DY) for row in table)


def test_the_explorers_own_numbers_and_their_sums_have_two_digits_at_most():
    for sizes in filter(fits, EVERY):
        assert all(np.abs(array).max() <= 99 for array in expected(sizes).values())


def test_twin_holds_with_every_array_of_two_characters():
    numbers = [np.full(np.shape(table), -9) for table in (X, WEIGHT, DY)]
    assert len(ConvolutionArithmetic(8, 5, 3, 2, 3, "backward", *numbers).twin().encode()) <= 30_000


# --- the module as code -------------------------------------------------------------------------


def test_sums_equal_conv2d_and_its_gradients_for_every_setting(call):
    rng = np.random.default_rng(1)
    fitting = [sizes for sizes in EVERY if fits(sizes)]
    arrays = [[rng.integers(-9, 10, np.shape(table)) for table in (X, WEIGHT, DY)] for _ in fitting]
    results = call("arithmetic", "compute", [[s, *a] for s, a in zip(fitting, arrays, strict=True)])
    assert len(results) > 700
    for sizes, (x, weight, dy), result in zip(fitting, arrays, results, strict=True):
        for name, array in expected(sizes, x, weight, dy).items():
            np.testing.assert_array_equal(result[name], array, err_msg=f"{name}, {sizes}")


def test_output_size_and_its_error_equal_ours_for_every_setting(call):
    for sizes, result in zip(EVERY, call("arithmetic", "fit", [[sizes] for sizes in EVERY]), strict=True):
        try:
            out, message = count(sizes), ""
        except ValueError as error:
            out, message = 0, str(error)
        assert (result["out"], result["error"]) == (out, message)


def test_rule_ends_with_the_output_size_for_every_setting(call):
    fitting = [sizes for sizes in EVERY if fits(sizes)]
    for sizes, text in zip(fitting, call("arithmetic", "rule", [[sizes] for sizes in fitting]), strict=True):
        assert text.endswith(f" = {count(sizes)}")


def test_missed_are_the_rows_to_which_no_window_gives(call):
    fitting = [sizes for sizes in EVERY if fits(sizes)]
    results = call("arithmetic", "fit", [[sizes] for sizes in fitting])
    for sizes, result in zip(fitting, results, strict=True):
        n, out = sizes["size"] + 2 * sizes["padding"], count(sizes)
        windows = {name: sizes[name] for name in ("kernel_size", "stride", "dilation")}
        columns = np.ones((1, sizes["kernel_size"] ** 2, out**2))
        seen = col2im(columns, (1, 1, n, n), **windows)[0, 0].any(axis=0)
        assert result["missed"] == (np.flatnonzero(~seen) - sizes["padding"]).tolist()


@pytest.mark.parametrize(
    ("sizes", "rule"),
    [
        ({}, "⌊(5 + 2 × 0 − 1 × (3 − 1) − 1) / 1⌋ + 1 = ⌊2 / 1⌋ + 1 = 2 + 1 = 3"),
        (
            {"size": 6, "stride": 2, "padding": 1},
            "⌊(6 + 2 × 1 − 1 × (3 − 1) − 1) / 2⌋ + 1 = ⌊5 / 2⌋ + 1 = ⌊2.50⌋ + 1 = 2 + 1 = 3",
        ),
        (
            {"size": 3, "dilation": 3},
            "⌊(3 + 2 × 0 − 3 × (3 − 1) − 1) / 1⌋ + 1 = ⌊−4 / 1⌋ + 1 = −4 + 1 = −3",
        ),
    ],
)
def test_rule_is_shown_with_its_numbers(browser_page, show, sizes, rule):
    page = show(browser_page, ConvolutionArithmetic(**sizes))
    assert page.locator(".numbers").inner_text() == f"= {rule}"


# --- the page: sizes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "moves", "seen", "hatched"),
    [
        (
            {},
            "3 of the 5 rows and can move by the other 2, in steps of 1: 2 steps",
            "Every pixel is seen",
            0,
        ),
        (
            {"size": 6, "stride": 2},
            "3 of the 6 rows and can move by the other 3, in steps of 2: 1 step, and 1 left over",
            "No window sees row and column 6 (hatched)",
            36 - 25,
        ),
        (
            {"size": 8, "stride": 3, "kernel_size": 1},
            "1 of the 8 rows and can move by the other 7, in steps of 3: 2 steps, and 1 left over",
            "No window sees rows and columns 2, 3, 5, 6 and 8 (hatched)",
            64 - 9,
        ),
        (
            {"size": 6, "stride": 2, "padding": 1},
            "3 of the 8 rows (padding included) and can move by the other 5, in steps of 2: 2 steps, "
            "and 1 left over",
            "Every pixel is seen, but not all of the padding (hatched)",
            64 - 49,
        ),
        ({"size": 3}, "3 of the 3 rows and cannot move: 0 steps", "Every pixel is seen", 0),
    ],
)
def test_what_no_window_sees_is_said_and_hatched(browser_page, show, sizes, moves, seen, hatched):
    page = show(browser_page, ConvolutionArithmetic(**sizes))
    assert page.locator(".meaning").inner_text() == f"The window covers {moves}. {seen}."
    labels = labels_of(grid_of(page, "input x"))
    assert sum("seen by no window" in label for label in labels) == hatched
    look = "cells => cells.filter(c => getComputedStyle(c).backgroundImage !== 'none').length"
    assert page.locator(".unit").evaluate_all(look) == hatched


def test_sliders_set_the_sizes_and_stay_where_they_are(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic())
    check_page(page, {})
    sizes = {}
    settings = {"size": 7, "kernel_size": 2, "stride": 2, "padding": 1, "dilation": 3}
    for (trait, value), label in zip(
        settings.items(), ["input size", "kernel size", "stride", "padding", "dilation"], strict=True
    ):
        slider = page.get_by_role("slider", name=label, exact=True)
        assert [int(slider.get_attribute(end)) for end in ("min", "max")] == list(RANGES[trait])
        slider.focus()
        while int(slider.input_value()) != value:
            page.keyboard.press("ArrowRight" if int(slider.input_value()) < value else "ArrowLeft")
        sizes[trait] = value
        check_page(page, sizes)
        assert page.locator("label", has_text=label).inner_text().strip() == f"{label} {value}"
        assert slider.evaluate("el => el === document.activeElement")
    press(page, "backward")
    check_page(page, sizes)


def test_what_does_not_fit_shows_the_error_of_output_size(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(size=4))
    move(page, "dilation", 2)
    with pytest.raises(ValueError, match="kernel_size must fit") as caught:
        output_size(4, 3, dilation=2)
    error = page.locator(".error")
    assert error.inner_text() == str(caught.value)
    assert page.get_by_role("grid").count() == 2  # the input and the kernel, but nothing comes out
    assert (
        equation(page) == page.locator(".telling").inner_text() == page.locator(".meaning").inner_text() == ""
    )
    assert page.get_by_role("button", name="Step").is_disabled()
    assert page.get_by_role("button", name="Play").is_disabled()
    page.locator("[aria-live=polite]", has_text=str(caught.value)).wait_for(state="attached", timeout=3000)
    press(page, "backward")
    assert page.get_by_role("grid").count() == 2
    move(page, "kernel size", 2)
    assert not error.is_visible()
    check_page(page, {"size": 4, "kernel_size": 2, "dilation": 2})


def test_an_explorer_may_begin_with_sizes_that_do_not_fit(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(size=2, direction="backward"))
    assert (
        page.locator(".error").inner_text().endswith("got kernel_size=3, but size=2 with padding=0 gives 2")
    )
    move(page, "padding", 1)
    check_page(page, {"size": 2, "padding": 1})


# --- the page: forward --------------------------------------------------------------------------


def signed(value):
    return f"({shown(value, 0)})" if value < 0 else shown(value, 0)


def written(pairs, result, name):
    """The sum as the page writes it."""
    terms = " + ".join(f"{signed(a)} × {signed(b)}" for a, b in pairs)
    return f"{name} = {terms} = {shown(result, 0)}" if pairs else f"{name} = {shown(result, 0)}"


LOOK = """() => {
    const read = selector => document.querySelector(selector).innerText;
    const number = text => Number(text.slice(1, -1).replace('−', '-'));  // it stands in quotes
    const grids = {};
    for (const grid of document.querySelectorAll('[role=grid]')) {
        const lines = [...grid.children].map(row => [...row.children]);
        const cells = lines.flatMap((line, r) => line.map((cell, c) => [cell, r, c]));
        const small = cells.map(([cell]) => getComputedStyle(cell, '::after').content);
        grids[grid.closest('.part').className.split(' ')[1]] = {
            outlined: cells.filter(([cell]) => cell.classList.contains('used')).map(([, r, c]) => [r, c]),
            corners: small.filter(text => text !== 'none').map(number),
        };
    }
    return {equation: read('.equation'), telling: read('.telling'), ...grids};
}"""


@pytest.mark.parametrize("sizes", FEW)
def test_each_output_shows_what_it_adds_up(browser_page, show, sizes):
    page = show(browser_page, ConvolutionArithmetic(**sizes))
    full = whole(sizes)
    n, k, s, p, d = (full[name] for name in SIZES)
    padded, weight = np.pad(np.array(X)[:n, :n], p), np.array(WEIGHT)[:k, :k]
    y = expected(sizes)["y"]
    for row, col in np.ndindex(y.shape):
        cell_of(page, "output y", row, col).click()
        met = [(row * s + i * d, col * s + j * d) for i in range(k) for j in range(k)]
        pairs = [(padded[place], w) for place, w in zip(met, weight.ravel(), strict=True)]
        seen = page.evaluate(LOOK)
        assert seen["equation"] == written(pairs, y[row, col], "y")
        assert seen["x"] == {"outlined": [list(place) for place in met], "corners": weight.ravel().tolist()}
        assert len(seen["w"]["outlined"]) == k * k
        span = d * (k - 1)
        assert framed(page, grid_of(page, "input x")) == [row * s, row * s + span, col * s, col * s + span]
        assert framed(page, grid_of(page, "output y")) == [row, row, col, col]
        outside = sum(not (p <= r < p + n and p <= c < p + n) for r, c in met)
        told = (
            f"Output row {row + 1}, column {col + 1} adds up {k * k} product{'s' * (k > 1)}, pixel × weight"
        )
        rest = {0: ".", 1: "; 1 of the pixels is padding."}
        ending = rest.get(outside, f"; {outside} of the pixels are padding.")
        assert seen["telling"] == told + ending


def test_the_guides_own_figures(browser_page, show):
    """Dumoulin and Visin, figures 1.1 and 1.3: no padding with unit strides; padding 1 with strides 2."""
    kernel = [[0, 1, 2], [2, 2, 0], [0, 1, 2]]
    page = show(browser_page, ConvolutionArithmetic(weight=kernel))
    assert numbers_in(grid_of(page, "input x")) == [
        [3, 3, 2, 1, 0],
        [0, 0, 1, 3, 1],
        [3, 1, 2, 2, 3],
        [2, 0, 0, 2, 2],
        [2, 0, 0, 0, 1],
    ]
    assert numbers_in(grid_of(page, "output y")) == [[12, 12, 17], [10, 17, 19], [9, 6, 14]]
    move(page, "padding", 1)
    move(page, "stride", 2)
    assert numbers_in(grid_of(page, "output y")) == [[6, 17, 3], [8, 17, 13], [6, 4, 4]]


def test_arrow_keys_choose_an_output(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic())
    grid_of(page, "output y").get_by_role("gridcell").first.focus()
    for key in ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"]:
        page.keyboard.press(key)
    assert framed(page, grid_of(page, "output y")) == [0, 0, 1, 1]
    # 3 1 2 0 1 3 of the first two rows, below them 1 2 2; the weights are 1 2 0, 3 -1 1, 0 -2 2
    assert equation(page) == (
        "y = 3 × 1 + 2 × 2 + 1 × 0 + 0 × 3 + 1 × (−1) + 3 × 1 + 1 × 0 + 2 × (−2) + 2 × 2 = 9"
    )
    selected = grid_of(page, "output y").locator("[aria-selected=true]")
    assert selected.evaluate("el => el === document.activeElement")
    assert selected.count() == 1


def test_labels_say_what_is_seen(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(size=4, stride=2, padding=1))
    labels = labels_of(grid_of(page, "input x, padded"))
    assert labels[0] == "padding, value 0, times 1"  # the window begins in the corner
    assert labels[7] == "row 1, column 1, value 3, times −1"
    assert labels[14] == "row 2, column 2, value 0, times 2"
    assert labels[15] == "row 2, column 3, value 1"
    assert labels[35] == "padding, value 0, seen by no window"
    assert labels_of(grid_of(page, "kernel weight"))[4] == "row 2, column 2, value −1, used"


# --- the page: backward -------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", FEW)
def test_each_input_shows_the_gradients_that_come_back(browser_page, show, sizes):
    page = show(browser_page, ConvolutionArithmetic(**sizes, direction="backward"))
    full = whole(sizes)
    n, k, s, p, d = (full[name] for name in SIZES)
    out, dx = count(sizes), expected(sizes)["dx"]
    check_page(page, sizes)
    for row, col in np.ndindex(n, n):
        cell_of(page, "gradient dx", row, col).click()
        met = [  # by the definition of the forward pass: which windows put this pixel under which weight?
            ((a, b), (i, j))
            for a, b, i, j in np.ndindex(out, out, k, k)
            if (a * s + i * d - p, b * s + j * d - p) == (row, col)
        ]
        seen = page.evaluate(LOOK)
        assert seen["equation"] == written(
            [(DY[a][b], WEIGHT[i][j]) for (a, b), (i, j) in met], dx[row, col], "dx"
        )
        assert seen["dy"]["outlined"] == [list(y) for y, _ in met]
        assert seen["dy"]["corners"] == [WEIGHT[i][j] for _, (i, j) in met]
        assert seen["w"]["outlined"] == sorted(list(w) for _, w in met)
        assert seen["x"] == {"outlined": [], "corners": []}
        assert framed(page, grid_of(page, "input x")) == [row + p, row + p, col + p, col + p]
        told = seen["telling"]
        place = f"row {row + 1}, column {col + 1}"
        if met:
            assert told.startswith(f"Input {place} was seen by {len(met)} window{'s' * (len(met) > 1)}. ")
            assert ("run backwards" in told) == (len(met) > 1)
        else:
            assert told == f"No window saw input {place}: nothing depends on it, so its gradient is 0."


@pytest.mark.parametrize("sizes", FEW)
def test_each_weight_shows_its_pairs_of_input_and_gradient(browser_page, show, sizes):
    page = show(browser_page, ConvolutionArithmetic(**sizes, direction="backward"))
    full = whole(sizes)
    n, k, s, p, d = (full[name] for name in SIZES)
    out, dweight, padded = count(sizes), expected(sizes)["dweight"], np.pad(np.array(X)[:n, :n], p)
    for i, j in np.ndindex(k, k):
        cell_of(page, "gradient dweight", i, j).click()
        met = [(a * s + i * d, b * s + j * d) for a, b in np.ndindex(out, out)]
        gradients = [DY[a][b] for a, b in np.ndindex(out, out)]
        pairs = [(padded[place], dy) for place, dy in zip(met, gradients, strict=True)]
        seen = page.evaluate(LOOK)
        assert seen["equation"] == written(pairs, dweight[i, j], "dweight")
        assert seen["x"] == {"outlined": [list(place) for place in met], "corners": gradients}
        assert len(seen["dy"]["outlined"]) == out * out
        assert framed(page, grid_of(page, "kernel weight")) == [i, i, j, j]
        assert (
            page.locator(".telling")
            .inner_text()
            .startswith(
                f"Weight row {i + 1}, column {j + 1} was used in {out * out} window{'s' * (out > 1)}, "
            )
        )


def test_gradients_worked_out_by_hand(browser_page, show):
    """A row of three pixels, two weights, two outputs: the example of `conv2d_backward`, in two rows."""
    explorer = ConvolutionArithmetic(
        3,
        2,
        direction="backward",
        x=[[1, 2, 3], [0, 0, 0], [0, 0, 0]],
        weight=[[4, 5], [0, 0]],
        dy=[[1, 2], [0, 0]],
    )
    page = show(browser_page, explorer)
    # 1 * 4, 1 * 5 + 2 * 4, 2 * 5
    assert numbers_in(grid_of(page, "gradient dx")) == [[4, 13, 10], [0, 0, 0], [0, 0, 0]]
    # 1 * 1 + 2 * 2, 1 * 2 + 2 * 3
    assert numbers_in(grid_of(page, "gradient dweight")) == [[5, 8], [0, 0]]
    cell_of(page, "gradient dx", 0, 1).click()
    assert equation(page) == "dx = 1 × 5 + 2 × 4 = 13"


def test_backward_begins_with_an_input_that_several_windows_saw(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic())
    press(page, "backward")
    assert framed(page, grid_of(page, "gradient dx")) == [1, 1, 1, 1]
    assert len(page.evaluate(LOOK)["dy"]["outlined"]) == 4
    press(page, "forward")
    assert page.get_by_role("grid").count() == 3
    assert framed(page, grid_of(page, "output y")) == [0, 0, 0, 0]
    pressed = page.locator(".ways [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["Forward"]


def test_keys_choose_inputs_and_weights(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(padding=1, direction="backward"))
    grid_of(page, "gradient dx").get_by_role("gridcell").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    assert framed(page, grid_of(page, "gradient dx")) == [1, 1, 4, 4]
    grid_of(page, "gradient dweight").get_by_role("gridcell").first.focus()
    page.keyboard.press("ArrowDown")
    assert framed(page, grid_of(page, "gradient dweight")) == [1, 1, 0, 0]
    assert framed(page, grid_of(page, "gradient dx")) is None
    # an input is chosen in x, too, and a weight in the kernel: there with space or enter
    cell_of(page, "input x", 2, 3).focus()
    page.keyboard.press("ArrowLeft")
    assert framed(page, grid_of(page, "gradient dx")) is None
    page.keyboard.press("Enter")
    assert framed(page, grid_of(page, "gradient dx")) == [2, 2, 2, 2]
    cell_of(page, "kernel weight", 2, 2).focus()
    page.keyboard.press("Space")
    assert framed(page, grid_of(page, "gradient dweight")) == [2, 2, 2, 2]
    grid_of(page, "input x").get_by_role("gridcell").first.click()  # padding is no input
    assert framed(page, grid_of(page, "gradient dweight")) == [2, 2, 2, 2]


def test_choice_stays_inside_when_the_sizes_shrink(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(size=8))
    cell_of(page, "output y", 5, 5).click()
    move(page, "input size", 4)
    assert framed(page, grid_of(page, "output y")) == [1, 1, 1, 1]
    press(page, "backward")
    cell_of(page, "gradient dx", 3, 3).click()
    move(page, "input size", 3)
    assert framed(page, grid_of(page, "gradient dx")) == [2, 2, 2, 2]


# --- the page: what belongs together, playing, telling ------------------------------------------


def lit(page):
    return [page.locator(f".{name} .lit").count() for name in ("x", "w", "y", "dy")]


@pytest.mark.parametrize("how", ["pointer", "keys"])
def test_pointing_at_one_of_a_pair_lights_the_other_and_their_term(browser_page, show, how):
    page = show(browser_page, ConvolutionArithmetic(direction="backward"))
    if how == "pointer":
        cell_of(page, "gradient dy", 0, 1).hover()
    else:
        page.get_by_role("button", name="Step").focus()
        for _ in range(3):  # x, weight, dy
            page.keyboard.press("Tab")
        page.keyboard.press("ArrowRight")
    assert page.locator(".w .lit").get_attribute("aria-label").startswith("row 2, column 1,")
    assert page.locator(".dy .lit").get_attribute("aria-label").startswith("row 1, column 2,")
    assert page.locator(".term.lit").all_inner_texts() == ["(−1) × 3"]
    if how == "pointer":
        page.locator(".heading").hover()
    else:
        page.keyboard.press("Tab")
    assert lit(page) == [0, 0, 0, 0]
    assert page.locator(".term.lit").count() == 0


def test_pointing_at_a_term_lights_its_pair(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(padding=1))
    page.locator(".term").nth(5).hover()  # weight row 2, column 3, on input row 1, column 2
    assert lit(page) == [1, 1, 1, 0]
    assert page.locator(".x .lit").get_attribute("aria-label").startswith("row 1, column 2,")
    assert page.locator(".w .lit").get_attribute("aria-label").startswith("row 2, column 3,")


def test_step_goes_on_to_the_next_and_from_the_last_to_the_first(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(size=4))
    places = []
    for _ in range(4):
        press(page, "Step")
        places.append(framed(page, grid_of(page, "output y"))[::2])
    assert places == [[0, 1], [1, 0], [1, 1], [0, 0]]
    press(page, "backward")
    cell_of(page, "gradient dweight", 0, 2).click()
    press(page, "Step")
    assert framed(page, grid_of(page, "gradient dweight")) == [1, 1, 0, 0]


def test_play_runs_to_the_end_and_pauses(browser_page, show):
    browser_page.clock.install(time="2026-01-01T00:00:00")
    page = show(browser_page, ConvolutionArithmetic())
    stop_the_clock(page)
    output, voice = grid_of(page, "output y"), page.locator("[aria-live=polite]")
    press(page, "Play")
    page.clock.run_for(700)
    assert framed(page, output) == [0, 0, 1, 1]
    assert voice.inner_text() == ""  # not a word for each step
    press(page, "Pause")
    page.clock.run_for(5000)
    assert framed(page, output) == [0, 0, 1, 1]
    assert voice.inner_text() == "y at row 1, column 2 is 9, output size 3"
    press(page, "Play")
    page.clock.run_for(10_000)
    assert framed(page, output) == [2, 2, 2, 2]
    assert page.get_by_role("button", name="Play").count() == 1
    press(page, "Play")  # from the end it starts again
    assert framed(page, output) == [0, 0, 0, 0]
    cell_of(page, "output y", 1, 1).click()  # who takes over pauses it
    page.clock.run_for(5000)
    assert framed(page, output) == [1, 1, 1, 1]
    press(page, "Play")
    move(page, "dilation", 3)  # nothing fits any more
    page.clock.run_for(5000)
    move(page, "dilation", 1)
    assert page.get_by_role("button", name="Play").count() == 1
    assert framed(page, grid_of(page, "output y")) == [0, 0, 0, 0]


def test_play_is_slow_for_readers_who_want_less_motion(new_page, show):
    page = new_page(reduced_motion="reduce")
    page.clock.install(time="2026-01-01T00:00:00")
    show(page, ConvolutionArithmetic())
    stop_the_clock(page)
    page.clock.run_for(5000)
    assert framed(page, grid_of(page, "output y")) == [0, 0, 0, 0]  # nothing plays by itself
    press(page, "Play")
    page.clock.run_for(1400)
    assert framed(page, grid_of(page, "output y")) == [0, 0, 0, 0]
    page.clock.run_for(200)
    assert framed(page, grid_of(page, "output y")) == [0, 0, 1, 1]


def test_result_is_announced_when_it_changes(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(direction="backward"))
    page.wait_for_timeout(500)
    voice = page.locator("[aria-live=polite]")
    assert voice.inner_text() == ""  # a page that opens says nothing
    cell_of(page, "gradient dweight", 0, 0).click()
    said = "dweight at row 1, column 1 is 4, output size 3"
    page.locator("[aria-live=polite]", has_text=said).wait_for(state="attached", timeout=3000)


# --- the page: in every home --------------------------------------------------------------------


def test_kernel_and_page_share_the_sizes(live):
    page = live(ConvolutionArithmetic())
    move(page, "stride", 2)
    press(page, "backward")
    sent = page.evaluate(
        "sent.map(s => [s.size, s.kernel_size, s.stride, s.padding, s.dilation, s.direction])"
    )
    assert sent == [[5, 3, 2, 0, 1, "forward"], [5, 3, 2, 0, 1, "backward"]]
    page.evaluate("model.set('size', 7)")
    check_page(page, {"size": 7, "stride": 2})
    page.evaluate("model.set('direction', 'forward')")
    check_page(page, {"size": 7, "stride": 2})
    x = np.full((8, 8), 2)
    page.evaluate("x => model.set('x', x)", x.tolist())
    y = expected({"size": 7, "stride": 2}, x=x)["y"]
    np.testing.assert_array_equal(numbers_in(grid_of(page, "output y")), y)
    assert page.evaluate("sent.length") == 2  # what the kernel sets is not sent back
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


@pytest.mark.parametrize("width", [360, 620, 760, 1200])
def test_nothing_sticks_out_and_every_choice_is_large_enough(new_page, show, width):
    page = show(new_page(viewport={"width": width, "height": 800}), ConvolutionArithmetic())
    largest = [
        {},
        {"input size": 8, "padding": 2},
        {"kernel size": 1},
        {"kernel size": 5},
        {"dilation": 3},
        {"dilation": 1, "stride": 3},
    ]
    for way in ("backward", "forward"):
        press(page, way)
        for settings in largest:
            for name, value in settings.items():
                move(page, name, value)
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
            widths = page.locator(".toggles .unit").evaluate_all("cells => cells.map(c => c.offsetWidth)")
            assert min(widths, default=24) >= 23  # pixels, for a finger; a half on each side is the gap
            lines = page.locator(".units").evaluate_all("all => all.map(e => e.scrollWidth - e.clientWidth)")
            assert max(lines) <= 0


def test_numbers_stay_in_their_cells(new_page, show):
    numbers = [np.full(np.shape(table), value) for table, value in ((X, -9), (WEIGHT, 9), (DY, -9))]
    page = show(
        new_page(viewport={"width": 360, "height": 800}),
        ConvolutionArithmetic(8, 5, 1, 2, 1, "backward", *numbers),
    )
    too_wide = "cells => cells.filter(c => c.firstChild.offsetWidth > c.clientWidth).length"
    assert page.locator(".unit").evaluate_all(too_wide) == 0


def test_a_finger_chooses(new_page, show):
    page = show(new_page(has_touch=True, viewport={"width": 360, "height": 740}), ConvolutionArithmetic())
    cell_of(page, "output y", 2, 1).tap()
    assert framed(page, grid_of(page, "output y")) == [2, 2, 1, 1]
    page.get_by_role("button", name="backward").tap()
    cell_of(page, "gradient dweight", 1, 2).tap()
    assert framed(page, grid_of(page, "gradient dweight")) == [1, 1, 2, 2]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_text_stands_out_from_its_ground(browser_page, show, theme, direction):
    page = show(browser_page, ConvolutionArithmetic(6, 3, 2, 1, direction=direction), theme=theme)
    selector = ".unit, .name, .heading, .rule p, .hint, .telling, .equation, .term, button, label"
    contrasts = page.locator(selector).evaluate_all(CONTRASTS)
    assert len(contrasts) > 100
    assert min(contrasts) >= 4.5


def test_focus_is_visible(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(direction="backward"))
    outline = (
        "document.activeElement.matches('.explorer *') && getComputedStyle(document.activeElement).outline"
    )
    page.keyboard.press("Tab")
    for _ in range(5 + 4 + 5):  # sliders, buttons, grids
        assert " solid 3px" in page.evaluate(outline)
        page.keyboard.press("Tab")
    assert page.evaluate(outline) is False


def test_two_on_one_page_leave_each_other_alone(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic(), ConvolutionArithmetic(title="Another"))
    first, second = page.locator(".explorer").nth(0), page.locator(".explorer").nth(1)
    before = first.inner_html()
    second.get_by_role("slider", name="stride", exact=True).fill("2")
    second.get_by_role("button", name="Backward").click()
    assert first.inner_html() == before
    assert second.get_by_role("grid").count() == 5


def test_print_shows_the_sums_and_not_the_controls(browser_page, show):
    page = show(browser_page, ConvolutionArithmetic())
    page.emulate_media(media="print")
    assert page.locator(".equation").is_visible()
    assert page.locator(".numbers").is_visible()
    assert not any(control.is_visible() for control in page.locator("button, input").all())


def test_every_rule_of_the_style_sheet_is_used(browser_page, show):
    """A class that is renamed in one file and not in the other shows here."""
    css = ConvolutionArithmetic()._css
    own = css[css.index("/* the sizes and their rule") :]
    names = set(re.findall(r"\.([a-z]+)", own)) - {"explorer"}
    page = show(browser_page, ConvolutionArithmetic(6, 3, 2, 1, direction="backward"))
    page.locator(".term").first.hover()
    used = set(page.locator(".explorer *").evaluate_all("els => els.flatMap(e => [...e.classList])"))
    assert names <= used
