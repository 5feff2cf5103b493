"""What is drawn is what was given: the arrays, the numbers and the titles of the figures."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnlib.plotting import mark_window, panels, show_arrays, show_bars, show_curves, show_images


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_images_are_shown_as_given_under_their_titles():
    images = [np.array([[1, -1]]), np.array([[-1], [1]])]
    axes = show_images(images, ["a", "b"])
    assert [ax.get_title() for ax in axes] == ["a", "b"]
    for ax, image in zip(axes, images, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)


def test_each_value_is_printed_in_its_cell():
    (ax,) = show_arrays([[[0.5, -0.25], [1, np.nan]]])
    assert texts(ax) == ["0.50", "−0.25", "1.00"]  # nan stays empty; true minus signs
    assert [text.get_position() for text in ax.texts] == [(0, 0), (1, 0), (0, 1)]


def test_no_negative_zero_is_printed():
    (ax,) = show_arrays([[[-0.0, -0.001, -0.006]]])
    assert texts(ax) == ["0.00", "0.00", "−0.01"]


def test_colours_are_symmetric_about_zero():
    (ax,) = show_arrays([[[3.0, 1.0]]], limit=2)
    assert ax.images[0].get_clim() == (-2, 2)


def test_window_outlines_the_cells_it_names():
    (ax,) = show_images([np.ones((9, 9))])
    mark_window(ax, 2, 6, 2, 1, label="w")
    (patch,) = ax.patches
    assert (patch.get_x(), patch.get_y()) == (5.5, 1.5)  # column 6, row 2: cells end at halves
    assert (patch.get_width(), patch.get_height()) == (1, 2)
    assert texts(ax) == ["w"]


def test_bar_is_the_mean_and_dots_are_the_measurements():
    ax = show_bars({"net": {"easy": [90.0, 100.0], "hard": 50.0}}, xlabel="%", title="t")
    assert [bar.get_width() for bar in ax.patches] == [95, 50]
    (dots,) = ax.lines  # one measurement needs no dot
    np.testing.assert_array_equal(dots.get_xdata(), [90, 100])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["easy", "hard"]
    assert (ax.get_xlabel(), ax.get_title()) == ("%", "t")


def test_curve_is_the_mean_and_band_the_range():
    ax = show_curves({"net": [[1.0, 3.0], [3.0, 5.0]]}, xlabel="epoch", ylabel="nats", title="t")
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[1, 2], [2, 4]])
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1, 5)


def test_curves_stand_where_their_steps_are():
    labels = {"xlabel": "pixels", "ylabel": "parameters", "title": "t"}
    ax = show_curves({"net": [10, 1000]}, steps=[8, 224], log="both", **labels)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[8, 10], [224, 1000]])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    ax = show_curves({"net": [10, 1000]}, log=True, **labels)
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")


def test_axes_of_the_caller_are_used():
    axes = panels(1, 2)
    drawn = show_arrays([np.eye(2), np.eye(3)], ax=axes)
    assert list(drawn) == list(axes)


def test_too_few_axes_or_titles_are_counted():
    with pytest.raises(ValueError, match="got 2 Axes for 1 arrays"):
        show_images([np.ones((2, 2))], ax=panels(1, 2))
    with pytest.raises(ValueError, match="got 1 for 2 arrays"):
        show_images([np.ones((2, 2))] * 2, ["one"])
