"""Windows as columns as an explorer: the matrix, the product, the copies of a pixel."""

import re

import numpy as np
import pytest
from explorer_page import CONTRASTS, framed, labels_of, numbers_in, press, shown, stop_the_clock

from cnnlib.explorers.columns import IMAGE, ImageToColumns
from cnnlib.windows import im2col

IMAGE = np.array(IMAGE)
KERNELS = {2: np.array([[1, -1], [1, -1]]), 3: np.array([[1, 0, -1]] * 3)}
SETTINGS = [(k, stride) for k in KERNELS for stride in (1, 2, 3)]


def columns_of(k, stride, image=IMAGE):
    """The matrix that our own im2col makes."""
    return im2col(np.asarray(image, float)[None, None], k, stride)[0].astype(int)


def matrix(page):
    return page.get_by_role("grid", name="matrix of columns")


def picture(page):
    return page.get_by_role("grid", name="picture")


def marked(grid):
    """Rows and columns of the cells with a ring."""
    rings = grid.evaluate(
        "g => [...g.querySelectorAll('[role=row]')].map(r => [...r.children].map(c => c.matches('.now')))"
    )
    return np.argwhere(np.array(rings)).tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((4, 5))}, r"image must have shape \(5, 5\): got shape \(4, 5\)"),
        ({"image": np.full((5, 5), 0.5)}, r"whole numbers from 0 to 9: got 0\.5"),
        ({"image": np.full((5, 5), 10)}, "whole numbers from 0 to 9: got 10"),
        ({"kernel_size": 1}, "kernel_size must be from 2 to 3: got 1"),
        ({"stride": 4}, "stride must be from 1 to 3: got 4"),
        ({"window": 9}, "window must be one of the 9 windows, counted from 0: got 9"),
        ({"window": 4, "stride": 2}, "window must be one of the 4 windows, counted from 0: got 4"),
        ({"pixel": (5, 0)}, r"pixel must be a row and a column from 0 to 4: got \(5, 0\)"),
    ],
)
def test_messages(arguments, message):
    with pytest.raises(ValueError, match=message):
        ImageToColumns(**arguments)


def test_the_window_stays_among_those_that_there_are():
    explorer = ImageToColumns(kernel_size=2, window=15)
    explorer.stride = 2
    assert explorer.window == 3


def test_matrix_equals_im2col(call):
    rng = np.random.default_rng(0)
    calls = [[rng.integers(0, 10, (5, 5)), *rng.choice(SETTINGS).tolist()] for _ in range(30)]
    for (image, k, stride), result in zip(calls, call("columns", "im2col", calls), strict=True):
        np.testing.assert_array_equal(result, columns_of(k, stride, image))


@pytest.mark.parametrize(("k", "stride"), SETTINGS)
def test_product_of_kernel_and_matrix_is_the_map(browser_page, show, k, stride):
    page = show(browser_page, ImageToColumns(kernel_size=k, stride=stride))
    columns = columns_of(k, stride)
    product = KERNELS[k].ravel() @ columns
    assert numbers_in(matrix(page)) == columns.tolist()
    for part in (".map", ".square"):
        texts = page.locator(f".part{part} .unit").all_inner_texts()
        assert texts == [shown(value, 0) for value in product]
    rows, windows = columns.shape
    assert f"{rows} × {windows} matrix" in page.locator(".matrix .name").inner_text()


def test_a_column_by_hand(browser_page, show):
    """Rows 3 1 0, 0 4 2, 6 2 7 less their last: 3 + 0 + 6 - 0 - 2 - 7 = 0."""
    page = show(browser_page, ImageToColumns())
    assert page.locator(".equation").inner_text().endswith("+ 1 · 6 + 0 · 2 + (−1) · 7 = 0")
    assert framed(page, picture(page)) == [0, 2, 0, 2]
    assert framed(page, matrix(page)) == [0, 8, 0, 0]


@pytest.mark.parametrize(("k", "stride"), SETTINGS)
def test_a_pixel_shows_all_its_copies(browser_page, show, k, stride):
    page = show(browser_page, ImageToColumns(kernel_size=k, stride=stride))
    places = columns_of(k, stride, np.arange(25).reshape(5, 5))  # each number is its pixel's place
    for row, col in [(0, 0), (2, 2), (1, 3), (4, 4)]:
        picture(page).get_by_role("gridcell", name=f"row {row + 1}, column {col + 1},").click()
        copies = np.argwhere(places == 5 * row + col).tolist()
        assert marked(matrix(page)) == copies
        assert marked(picture(page)) == [[row, col]]
        assert (
            f"stands in {len(copies)} of {places.shape[1]} columns" in page.locator(".telling").inner_text()
        )


def test_a_cell_of_the_matrix_chooses_window_and_pixel_by_click_and_by_keys(browser_page, show):
    page = show(browser_page, ImageToColumns(kernel_size=2, stride=3))
    matrix(page).get_by_role("gridcell", name="row 4, column 2,").click()
    assert framed(page, picture(page)) == [0, 1, 3, 4]
    assert marked(picture(page)) == [[1, 4]]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert framed(page, picture(page)) == [3, 4, 0, 1]
    assert marked(picture(page)) == [[4, 0]]
    assert labels_of(matrix(page))[0] == "row 1, column 1, value 3, window 1"


def test_sliders_set_the_sizes_and_keep_the_focus(browser_page, show):
    page = show(browser_page, ImageToColumns(window=8))
    slider = page.get_by_role("slider", name="stride")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert numbers_in(matrix(page)) == columns_of(3, 2).tolist()
    assert page.get_by_role("slider", name="window").get_attribute("aria-valuetext") == "4 of 4"
    assert slider.evaluate("s => s === document.activeElement")
    page.get_by_role("slider", name="kernel size").fill("2")
    assert numbers_in(matrix(page)) == columns_of(2, 2).tolist()
    press(page, "Reset")
    assert numbers_in(matrix(page)) == columns_of(3, 1).tolist()
    assert page.get_by_role("slider", name="window").get_attribute("aria-valuetext") == "9 of 9"


def test_play_walks_through_the_windows(browser_page, show):
    browser_page.clock.install(time="2026-01-01T00:00:00")
    page = show(browser_page, ImageToColumns(stride=2))
    stop_the_clock(page)
    press(page, "Play")
    seen = []
    for _ in range(3):
        page.clock.run_for(600)
        seen.append(framed(page, matrix(page))[2])
    assert seen == [1, 2, 3]
    assert page.get_by_role("button", name="Play").count() == 1  # it has stopped


def test_kernel_and_page_share_their_choice(live):
    page = live(ImageToColumns())
    page.evaluate("model.set('window', 4)")
    assert re.search(r"= 2$", page.locator(".equation").inner_text())
    page.get_by_role("slider", name="window").fill("6")
    assert page.evaluate("sent.at(-1).window") == 5
    page.evaluate("leave()")
    assert page.evaluate("listeners()") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 360])
def test_readable_at_any_width(new_page, show, theme, width):
    page = show(
        new_page(viewport={"width": width, "height": 800}), ImageToColumns(kernel_size=2), theme=theme
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert min(page.locator(".explorer .unit, .explorer p, .explorer .name").evaluate_all(CONTRASTS)) >= 4.5
