"""What is drawn is what was given: the arrays, the numbers and the titles of the figures."""

from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cnnlib.plotting import (
    BACKWARD,
    INK,
    POSITIVE,
    mark_window,
    name_cells,
    panels,
    show_arrays,
    show_bars,
    show_confusion,
    show_curves,
    show_field,
    show_graph,
    show_history,
    show_images,
    show_maps,
    show_paths,
    show_photos,
    show_roofline,
    show_thinned,
    show_timeline,
    show_volumes,
    show_windows,
)


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


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (4, 5), (9, 9)])
def test_a_line_is_drawn_between_all_cells(shape):
    (ax,) = show_arrays([np.zeros(shape)])
    ax.figure.canvas.draw()
    for cells, axis in zip(shape, (ax.yaxis, ax.xaxis), strict=True):
        drawn = [tick.get_loc() for tick in axis.get_minor_ticks() if tick.gridline.get_visible()]
        np.testing.assert_array_equal(axis.get_minorticklocs(), np.arange(cells + 1) - 0.5)
        assert len(drawn) == cells + 1


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


def test_logarithmic_axes_are_written_in_plain_numbers_unless_those_are_long():
    words = {"xlabel": "KiB", "ylabel": "error", "title": "t", "log": "both"}
    ax = show_curves({"net": [1e-9, 1e-2]}, steps=[10, 10000], **words)
    ax.figure.canvas.draw()
    assert "1000" in [label.get_text() for label in ax.get_xticklabels()]
    written = [label.get_text() for label in ax.get_yticklabels()]
    assert "0.01" in written
    assert "0.001" in written
    assert any("10^{-8}" in label for label in written)


def test_guides_are_dashed_named_and_do_not_stretch_the_axis():
    words = {"xlabel": "step", "ylabel": "error", "title": "t", "steps": [1, 10], "log": "both"}
    without = show_curves({"net": [[1.0, 3.0]]}, **words).get_ylim()
    ax = show_curves({"net": [[1.0, 3.0]]}, guides={"theory": [1e-9, 1e9]}, **words)
    curve, guide = ax.lines
    np.testing.assert_array_equal(guide.get_xydata(), [[1, 1e-9], [10, 1e9]])
    assert (curve.get_linestyle(), guide.get_linestyle()) == ("-", "--")
    assert ax.get_ylim() == without
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["net", "theory"]


def test_walks_are_drawn_as_given_over_level_lines_with_starts_and_minima_marked():
    paths = {"a": np.array([[1.0, 0.5], [0.5, 0.0]]), "b": np.array([[-1.0, 1.0], [0.0, 9.0], [0.0, 0.0]])}
    ax = show_paths(
        paths, lambda p: (p**2).sum(axis=-1), title="t", limits=((-1, 2), (-3, 1)), minima=[(0, 0)]
    )
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    walks, marks = ax.lines[:4:2], [*ax.lines[1:4:2], ax.lines[4]]
    for line, path in zip(walks, paths.values(), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), path)
    assert [mark.get_xydata().tolist() for mark in marks] == [[[1, 0.5]], [[-1, 1]], [[0, 0]]]
    assert len({line.get_color() for line in walks}) == len({line.get_marker() for line in walks}) == 2
    assert (ax.get_xlim(), ax.get_ylim(), ax.get_title()) == ((-1, 2), (-3, 1), "t")
    for level, line in zip(ax.collections[0].levels, ax.collections[0].get_paths(), strict=True):
        radii = np.hypot(*line.vertices.T)
        np.testing.assert_allclose(radii, np.sqrt(level), atol=0.02)  # circles, seen on a grid


def test_one_walk_needs_no_legend_and_one_pair_of_limits_serves_both_axes():
    ax = show_paths({"a": np.zeros((3, 2))}, lambda p: (p**2).sum(axis=-1), title="", limits=(-2, 2))
    assert ax.get_legend() is None
    assert ax.get_xlim() == ax.get_ylim() == (-2, 2)


def test_the_roof_is_the_lower_of_two_limits():
    points = {"slow": (1.0, 0.5), "fast": (100.0, 70.0)}
    ax = show_roofline(points, peak=80.0, bandwidth=20.0, title="t")
    roof, *marks = ax.lines
    np.testing.assert_allclose(roof.get_xydata(), [[0.1, 2], [4, 80], [400, 80]])  # 80 / 20 = 4
    assert [mark.get_xydata().tolist() for mark in marks] == [[[1, 0.5]], [[100, 70]]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["slow", "fast"]
    assert [text.split(":")[0] for text in texts(ax)] == ["arithmetic", "memory"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_events_stand_at_their_years_from_the_top_and_their_words_towards_the_middle():
    ax = show_timeline([(1958, "one"), (2021, "two")], title="t")
    (dots,) = ax.lines
    assert dots.get_xydata().tolist() == [[1958, 0], [2021, 1]]
    assert ax.yaxis_inverted()
    assert texts(ax) == ["1958  one", "2021  two"]
    assert [text.get_ha() for text in ax.texts] == ["left", "right"]


def test_cells_are_named_row_by_row_and_column_by_column():
    (ax,) = show_arrays([np.eye(2, 3)])
    name_cells(ax, ["h1", "h2"], ["X1", "X2", "X3"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["h1", "h2"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["X1", "X2", "X3"]
    assert list(ax.get_xticks()) == [0, 1, 2]
    ax.figure.canvas.draw()
    assert ax.yaxis.get_major_ticks()[0].label1.get_visible()  # left
    assert ax.xaxis.get_major_ticks()[0].label2.get_visible()  # above


def test_names_of_one_side_leave_the_other_bare():
    (ax,) = show_arrays([np.eye(2)])
    name_cells(ax, cols=["a", "b"])
    ax.figure.canvas.draw()
    assert not ax.yaxis.get_major_ticks()[0].label1.get_visible()


def graph(*edges):
    places = {"w": (0, 0), "x": (0, 1), "×": (1, 0.5), "+ 1": (2, 0.5), "L": (3, 0.5)}
    return show_graph(places, edges, title="t")


def colours(ax):
    """What is printed on a graph in the colour of gradients, and what in ink."""
    said = [text for text in ax.texts if text.get_text()]
    back = [text.get_text() for text in said if text.get_color() == BACKWARD]
    return [text.get_text() for text in said if text.get_color() == INK], back


def test_graph_prints_nodes_values_and_gradients():
    ax = graph(("w", "×", 3, 8), ("x", "×", 2, -12.5), ("×", "+ 1", 6, 4), ("+ 1", "L", 6, 1))
    ink, back = colours(ax)
    assert ink == ["w", "x", "×", "+", "L", "3", "2", "6", "6"]  # of "+ 1" the first word
    assert back == ["← 8", "← −12.5", "← 4", "← 1"]
    assert ax.get_title() == "t"


def test_graph_without_gradients_shows_only_the_way_forward():
    ink, back = colours(graph(("w", "×", 3), ("×", "L", 3)))
    assert ink[-2:] == ["3", "3"]
    assert back == []


def test_value_stands_above_the_middle_of_its_edge_and_gradient_below():
    ax = graph(("w", "×", 3, 8))
    value, gradient = (text for text in ax.texts if text.get_text() in ("3", "← 8"))
    assert value.xy == gradient.xy == pytest.approx((0.5, 0.25))
    assert value.get_position()[1] > 0 > gradient.get_position()[1]  # points, upwards


def test_arrow_leads_from_source_to_target():
    (arrow,) = (text for text in graph(("w", "×", 3)).texts if getattr(text, "arrow_patch", None))
    assert (arrow.xyann, arrow.xy) == ((0, 0), (1, 0.5))
    assert arrow.arrow_patch.get_arrowstyle().arrow == "-|>"  # the head at the target


def test_gradients_of_a_fork_add_up():
    _, back = colours(graph(("w", "×", 3, 0.25), ("w", "L", 3, -1), ("×", "L", 1, 1)))
    assert back[-1] == "0.25 − 1 = −0.75"  # one node is a fork, the other is not
    assert len(back) == 4


@pytest.mark.parametrize(("fork", "above"), [("w", True), ("x", False)])
def test_sum_of_a_fork_stands_away_from_its_edges(fork, above):
    """From w edges go down the page, from x they go up."""
    ax = graph((fork, "×", 3, 2), (fork, "L", 3, 1))
    (total,) = (text for text in ax.texts if text.get_text() == "2 + 1 = 3")
    assert (total.get_position()[1] > 0) == above


def test_graph_tells_ends_from_steps_by_their_colour():
    boxes = {text.get_text(): text.get_bbox_patch() for text in graph(("w", "×", 3), ("×", "L", 3)).texts}
    colour = {name: box.get_facecolor() for name, box in boxes.items() if name in ("w", "×", "L")}
    assert colour["w"] == colour["L"] != colour["×"]


def test_node_without_a_place_is_named():
    with pytest.raises(ValueError, match=r"each node needs a place: got an edge with 'y', not in \['w', 'x'"):
        graph(("w", "y", 3))


def test_thinned_network_crosses_out_dropped_units_and_draws_edges_between_kept_ones_only():
    kept = [[1, 1], [1, 0, 1], [1]]
    ax = show_thinned(kept, title="t", names=["in", "hidden", "out"])
    edges = [line.get_xydata().tolist() for line in ax.lines if len(line.get_xydata()) == 2]
    # columns 0, 2 and 4; the middle unit of three stands at row 1 and is dropped
    ends = [[[0, r], [2, s]] for r in (0.5, 1.5) for s in (0, 2)] + [[[2, s], [4, 1]] for s in (0, 2)]
    assert sorted(edges) == sorted(ends)
    (cross,) = (line for line in ax.lines if line.get_marker() == "x")
    assert cross.get_xydata().tolist() == [[2, 1]]
    assert sum(line.get_marker() == "o" for line in ax.lines) == 6
    assert [text.get_text() for text in ax.texts] == ["in", "hidden", "out"]
    assert ax.get_title() == "t"


def test_layers_of_a_thinned_network_have_one_name_each():
    with pytest.raises(ValueError, match="each layer needs a name: got 1 names for 2 layers"):
        show_thinned([[1], [1]], names=["in"])


def test_axes_of_the_caller_are_used():
    axes = panels(1, 2)
    drawn = show_arrays([np.eye(2), np.eye(3)], ax=axes)
    assert list(drawn) == list(axes)


def test_too_few_axes_or_titles_are_counted():
    with pytest.raises(ValueError, match="got 2 Axes for 1 arrays"):
        show_images([np.ones((2, 2))], ax=panels(1, 2))
    with pytest.raises(ValueError, match="got 1 for 2 arrays"):
        show_images([np.ones((2, 2))] * 2, ["one"])


def test_photos_are_shown_as_given_and_cut_to_what_a_screen_has():
    grey, colour = np.array([[-5.0, 100.0, 300.0], [90.0, 95.0, 100.0]]), np.full((2, 1, 3), 7)
    axes = show_photos([grey, colour], ["grey", "colour"])
    assert [ax.get_title() for ax in axes] == ["grey", "colour"]
    np.testing.assert_array_equal(axes[0].images[0].get_array(), [[0, 100, 255], [90, 95, 100]])
    np.testing.assert_array_equal(axes[1].images[0].get_array(), colour)
    (dull,) = show_photos([grey[1:]])
    assert dull.images[0].get_clim() == (0, 255)  # not stretched to what this photograph has


def test_each_map_has_its_own_scale_unless_one_is_given():
    maps = [np.array([[2.0, -4000.0]]), np.array([[0.5, 0.25]])]
    axes = show_maps(maps, ["a", "b"])
    assert [ax.images[0].get_clim() for ax in axes] == [(-4000, 4000), (-0.5, 0.5)]
    bars = axes[0].figure.axes[2:]
    printed = [[tick.get_text() for tick in bar.get_xticklabels()] for bar in bars]
    assert printed == [["−4,000", "0", "4,000"], ["−0.50", "0.00", "0.50"]]
    axes = show_maps(maps, limit=10)
    assert [ax.images[0].get_clim() for ax in axes] == [(-10, 10)] * 2


def test_a_map_of_zeros_is_drawn():
    (ax,) = show_maps([np.zeros((2, 2))])
    assert ax.images[0].get_clim() == (-1, 1)


def filled(ax):
    """Left ends and tops of the orange rectangles, in cells."""
    orange = matplotlib.colors.to_rgba(POSITIVE)
    corners = [patch.get_xy() for patch in ax.patches if patch.get_facecolor() == orange]
    return [(int(np.floor(x)), int(y)) for x, y in corners]


def test_windows_look_at_the_pixels_that_the_rule_names():
    ax = show_windows(7, 3, stride=3, title="t")  # by hand: 0 1 2, then 3 4 5; pixel 6 is left over
    assert filled(ax) == [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, 2)]
    crosses = [line for line in ax.lines if len({*line.get_ydata()}) > 1]
    assert {tuple(line.get_xdata()) for line in crosses} == {(6, 7)}
    assert texts(ax) == [*"0123456", "0", "1"]  # the pixels, then the windows
    assert ax.get_title() == "t"


def test_padding_and_dilation_are_drawn():
    ax = show_windows(4, 2, padding=1, dilation=3)  # -1 and 2, 0 and 3, 1 and 4
    assert filled(ax) == [(-1, 1), (2, 1), (0, 2), (3, 2), (1, 3), (4, 3)]
    assert [patch.get_x() for patch in ax.patches if patch.get_hatch()] == [-1, 4]


def test_volumes_are_labelled_and_drawn_to_scale():
    ax = show_volumes([(3, 32, 30), (6, 28, 26)], ["six filters"], kernels=[5])
    assert {"(3, 32, 30)", "(6, 28, 26)", "six filters"} <= set(texts(ax))
    fronts = [np.ptp(patch.get_xy(), axis=0).tolist() for patch in ax.patches[::3]]
    assert fronts == [[3, 32], [6, 28], [3, 5]]  # the two stacks and the window, full depth


def test_steps_between_volumes_are_counted():
    with pytest.raises(ValueError, match="got 2 steps for 2 stacks"):
        show_volumes([(1, 2, 2), (1, 1, 1)], ["a", "b"])


def test_field_fills_what_the_unit_sees():
    ax = show_field(9, [(3, 1), (2, 2), (2, 2)], 0, names=["picture", "3", "2", "2"])
    # by hand: pooled from two, those from four, those from pixels 0 to 5
    orange = matplotlib.colors.to_rgba(POSITIVE)
    heights = [round(p.get_y() + 0.4) for p in ax.patches if p.get_facecolor() == orange]
    assert [heights.count(2 * level) for level in range(4)] == [6, 4, 2, 1]
    assert [round(p.get_x() + 0.4) for p in ax.patches[:9]] == list(range(9))
    # a unit stands above the middle of what it looks at
    np.testing.assert_allclose([p.get_x() + 0.4 for p in ax.patches[9:]], [*range(1, 8), 1.5, 3.5, 5.5, 2.5])
    assert len(ax.patches) == 9 + 7 + 3 + 1
    assert texts(ax) == ["picture", "3", "2", "2"]


def test_a_last_window_may_stick_out_of_the_row_below():
    ax = show_field(7, [(2, 2), (2, 2)], 1, ceil_mode=True)  # 7, 4, 2: the toy network's poolings
    orange = matplotlib.colors.to_rgba(POSITIVE)
    filled = [
        (round(p.get_x() + 0.4), round(p.get_y() + 0.4)) for p in ax.patches if p.get_facecolor() == orange
    ]
    assert [x for x, y in filled if y == 0] == [4, 5, 6]  # of its four pixels one does not exist
    assert len(ax.patches) == 7 + 4 + 2

    with pytest.raises(ValueError, match="one name is needed for each row: got 1 for 2"):
        name_cells(show_arrays([np.eye(2)])[0], rows=["a"])
    with pytest.raises(ValueError, match="one name is needed for each column: got 3 for 2"):
        name_cells(show_arrays([np.eye(2)])[0], cols=["a", "b", "c"])


def test_confusion_prints_what_is_not_zero_and_colours_mistakes_only():
    ax = show_confusion([[5, 2], [0, 7]], ["cat", "dog"], title="t")
    assert [(text.get_position(), text.get_text()) for text in ax.texts] == [
        ((0, 0), "5"),  # position is (column, row)
        ((1, 0), "2"),
        ((1, 1), "7"),
    ]
    np.testing.assert_array_equal(ax.images[0].get_array(), [[0, 2], [0, 0]])
    assert ax.images[0].get_clim() == (-2, 2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("what it is", "what the network says")


def test_confusion_says_who_says_it_and_turns_long_names():
    ax = show_confusion(np.eye(2, dtype=int), ["healthy", "leak"], said="what diagnose says")
    assert ax.get_xlabel() == "what diagnose says"
    assert [label.get_rotation() for label in ax.get_xticklabels()] == [90, 90]
    assert show_confusion(np.eye(2, dtype=int)).get_xticklabels()[0].get_rotation() == 0


def recorded(**change):
    """A record of two epochs, of three layers of which two learn."""
    record = {
        "train_loss": np.array([2.3, 1.0, 0.5]),
        "val_loss": np.array([2.4, 1.2, 0.9]),
        "train_accuracy": np.array([0.1, 0.6, 0.9]),
        "val_accuracy": np.array([0.1, 0.5, 0.8]),
        "gradient": np.array([[0.1, 0.2], [0.3, 0.4]]),
        "update_ratio": np.array([[0.01, 0.0], [0.03, 0.04]]),
        "zeros": np.array([[0.0, 0.5, 0.0], [0.0, 0.6, 0.0], [0.0, 0.7, 0.0]]),
        "dead": np.array([[0.0, 0.1, 0.0], [0.0, 0.2, 0.0], [0.0, 0.3, 0.0]]),
        "layers": ["0 Linear", "2 Linear"],
        "outputs": ["0 Linear", "1 ReLU", "2 Linear"],
    }
    return SimpleNamespace(**record | change)


def test_history_has_a_line_for_each_part_layer_and_relu():
    axes = show_history(recorded(), title="A run")
    lines = [[line.get_ydata().tolist() for line in ax.lines] for ax in axes.ravel()]
    assert lines == [
        [[2.3, 1.0, 0.5], [2.4, 1.2, 0.9]],
        [[0.1, 0.6, 0.9], [0.1, 0.5, 0.8]],
        [[0.1, 0.3], [0.2, 0.4]],
        [[0.01, 0.03], [1e-12, 0.04]],  # zero has no place on a logarithmic axis
        [[0.5, 0.6, 0.7]],
        [[0.1, 0.2, 0.3]],
    ]
    assert [ax.lines[0].get_xdata().tolist() for ax in axes.ravel()[[0, 2]]] == [[0, 1, 2], [1, 2]]
    names = [[text.get_text() for text in ax.get_legend().get_texts()] for ax in axes.ravel()]
    assert names == [["training", "test"]] * 2 + [["0 Linear", "2 Linear"]] * 2 + [["1 ReLU"]] * 2
    assert axes[0, 0].figure.get_suptitle() == "A run"


def test_history_of_a_loss_that_hardly_falls_looks_flat():
    flat = {"train_loss": np.array([2.31, 2.305, 2.302]), "val_loss": np.array([2.312, 2.306, 2.305])}
    low, high = show_history(recorded(**flat))[0, 0].get_ylim()
    assert high / low >= 9.99
    assert low < 2.302 < 2.312 < high


def test_history_without_test_data_and_statistics_can_be_drawn():
    empty = dict.fromkeys(
        ("val_loss", "val_accuracy", "gradient", "update_ratio", "zeros", "dead"), np.zeros(0)
    )
    axes = show_history(recorded(**empty))
    assert [len(ax.lines) for ax in axes.ravel()] == [1, 1, 0, 0, 0, 0]


def test_confusion_without_mistakes_can_be_drawn():
    ax = show_confusion(np.diag([1, 2, 3]))
    assert texts(ax) == ["1", "2", "3"]
    assert not ax.images[0].get_array().any()


def test_confusion_needs_a_square_table():
    with pytest.raises(ValueError, match=r"\(classes, classes\): got \(2, 3\)"):
        show_confusion(np.ones((2, 3)))
