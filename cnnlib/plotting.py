"""Figures of the chapters: arrays in, Axes out.

One set of colours for the whole course, safe for colour-blind readers and the same as the
explorers': blue for negative values, orange for positive ones, and the number beside the colour
wherever there is room. Every figure is drawn on white, so that it reads on a dark page too.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import LogFormatterSciNotation, NullFormatter

INK, PAPER = "#1b2a41", "#eef1f5"
NEGATIVE, POSITIVE = "#2f6fb5", "#e07b00"
# Okabe and Ito's palette less yellow and black: lines that stay apart for every kind of eye.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
BACKWARD = "#b34000"  # gradients in a computation graph: dark enough for small print

VALUES = LinearSegmentedColormap.from_list("values", [NEGATIVE, "#ffffff", POSITIVE])
PICTURE = ListedColormap([PAPER, INK])


def panels(rows, cols, *, width=3.8, height=None):
    """Start a figure with a grid of panels.

    Parameters
    ----------
    rows, cols : int
        How many panels.
    width, height : float
        Size of one panel, in inches; as high as wide unless given.

    Returns
    -------
    ndarray of Axes
        Of shape (rows, cols), without the dimensions that are 1.
    """
    height = width if height is None else height
    figsize = (cols * width, rows * height)
    _, axes = plt.subplots(rows, cols, figsize=figsize, layout="constrained", dpi=120)
    return axes


def _row(arrays, size, ax):
    """Give back an Axes for each array: `ax` if the caller has them, else those of a new figure."""
    if ax is None:
        tallest = max(len(array) / len(array[0]) for array in arrays)
        ax = panels(1, len(arrays), width=size, height=size * tallest + 0.2)
    axes = np.atleast_1d(ax)
    if len(axes) != len(arrays):
        raise ValueError(f"one Axes is needed for each array: got {len(axes)} Axes for {len(arrays)} arrays")
    return axes


def _titles(titles, count):
    titles = [""] * count if titles is None else list(titles)
    if len(titles) != count:
        raise ValueError(f"one title is needed for each array: got {len(titles)} for {count} arrays")
    return titles


def _grid(ax, shape):
    """Draw the lines between the cells of an array and take the ticks away."""
    rows, cols = shape
    ax.set_xticks(np.arange(cols))  # a minor tick where a major one stands would be left out
    ax.set_yticks(np.arange(rows))
    ax.set_xticks(np.arange(cols + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="#c3c9d1", linewidth=0.6)
    ax.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    ax.spines[:].set_color("#8a94a3")


def _number(value, form):
    """Print with a true minus sign, and never a negative zero."""
    zero = form.format(0.0)
    return zero if form.format(-abs(value)) == f"-{zero}" else form.format(value).replace("-", "−")


def show_images(images, titles=None, *, size=1.6, ax=None):
    """Show pictures of -1 and 1 side by side, 1 as ink on paper.

    Parameters
    ----------
    images : sequence of ndarray of shape (H, W)
        Values -1 (paper) and 1 (ink).
    titles : sequence of str, optional
        One above each picture.
    size : float
        Width of one picture, in inches.
    ax : Axes or sequence of Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    ndarray of Axes
    """
    axes = _row(images, size, ax)
    for axis, image, title in zip(axes, images, _titles(titles, len(images)), strict=True):
        axis.imshow(image, cmap=PICTURE, vmin=-1, vmax=1)
        _grid(axis, np.shape(image))
        axis.set_title(title, fontsize=9)
    return axes


def show_arrays(arrays, titles=None, *, form="{:.2f}", limit=1.0, size=2.6, ax=None):
    """Show small arrays side by side, each value as a number on its colour.

    Parameters
    ----------
    arrays : sequence of ndarray of shape (H, W)
        Cells that are nan stay empty.
    titles : sequence of str, optional
        One above each array.
    form : str
        How a number is printed, as in ``str.format``.
    limit : float
        The value at which the colour is full: blue at ``-limit``, orange at ``limit``.
    size : float
        Width of one array, in inches.
    ax : Axes or sequence of Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    ndarray of Axes
    """
    axes = _row(arrays, size, ax)
    for axis, array, title in zip(axes, arrays, _titles(titles, len(arrays)), strict=True):
        array = np.asarray(array, dtype=float)
        axis.imshow(array, cmap=VALUES, vmin=-limit, vmax=limit)
        _grid(axis, array.shape)
        axis.set_title(title, fontsize=9)
        cell = 72 * size / array.shape[1]  # points
        fontsize = min(11.0, 0.75 * cell / (0.6 * len(form.format(-limit))))
        for (row, col), value in np.ndenumerate(array):
            if np.isfinite(value):
                color = "white" if value < -0.5 * limit else INK
                axis.text(
                    col, row, _number(value, form), ha="center", va="center", fontsize=fontsize, color=color
                )
    return axes


def mark_window(ax, row, col, height, width=None, *, color=POSITIVE, label=None):
    """Outline a window of an array that `ax` shows.

    Parameters
    ----------
    ax : Axes
        Axes that `show_images` or `show_arrays` drew on.
    row, col : int
        The window's top left cell.
    height, width : int
        Its size in cells; `width` is `height` unless given.
    color : color
        The outline's colour.
    label : str, optional
        Printed at the window's top left corner.

    Returns
    -------
    Axes
    """
    width = height if width is None else width
    corner = (col - 0.5, row - 0.5)
    style = {"fill": False, "edgecolor": color, "linewidth": 2.5, "clip_on": False}  # whole at the edge
    ax.add_patch(Rectangle(corner, width, height, **style))
    if label:
        ax.annotate(
            label,
            corner,
            xytext=(2, -2),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color="white",
            bbox={"facecolor": color, "edgecolor": "none", "pad": 1.2},
        )
    return ax


def name_cells(ax, rows=None, cols=None, *, fontsize=8):
    """Name the rows and the columns of an array that `ax` shows.

    Parameters
    ----------
    ax : Axes
        Axes that `show_images` or `show_arrays` drew on.
    rows, cols : sequence of str, optional
        A name for each row, printed at its left, and for each column, printed above it.
    fontsize : float
        In points.

    Returns
    -------
    Axes
    """
    counts = ax.images[0].get_array().shape
    for what, names, count in zip(("row", "column"), (rows, cols), counts, strict=True):
        if names is not None and len(names) != count:
            raise ValueError(f"one name is needed for each {what}: got {len(names)} for {count}")
    if rows is not None:
        ax.set_yticks(np.arange(len(rows)), rows, fontsize=fontsize)
        ax.tick_params(axis="y", labelleft=True)
    if cols is not None:
        ax.set_xticks(np.arange(len(cols)), cols, fontsize=fontsize)
        ax.tick_params(axis="x", labeltop=True)
    return ax


def show_graph(places, edges, *, title="", form="{:g}", size=(6.0, 2.4), ax=None):
    """Draw a computation graph: on each edge the value above, and below it the gradient.

    Parameters
    ----------
    places : dict of str to (float, float)
        Where each node stands: (column, row), rows from the top. The first word of the name is printed,
        so that "+ 1" and "+ 2" are two nodes with a plus sign. What no edge leads to, or from, is drawn
        as a box, everything between as a rounded one.
    edges : sequence of (str, str, float) or (str, str, float, float)
        From which node, to which, the value that goes forward and the gradient that comes back. Beside
        a node from which several edges with gradients start, their sum is worked out.
    title : str
        What the figure says.
    form : str
        How a number is printed, as in ``str.format``.
    size : (float, float)
        Width and height, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If an edge names a node that has no place.
    """
    for edge in edges:
        for name in edge[:2]:
            if name not in places:
                raise ValueError(f"each node needs a place: got an edge with {name!r}, not in {list(places)}")
    if ax is None:
        ax = panels(1, 1, width=size[0], height=size[1])
    sources, targets = ({edge[end] for edge in edges} for end in (0, 1))
    boxes = {}
    for name, place in places.items():
        between = name in sources and name in targets
        style = {"boxstyle": "round,pad=0.4" + ",rounding_size=1" * between, "edgecolor": INK}
        style["facecolor"] = "white" if between else PAPER
        text = ax.text(*place, name.split()[0], ha="center", va="center", fontsize=11, color=INK, bbox=style)
        boxes[name] = text.get_bbox_patch()
    for source, target, value, *gradient in edges:
        ends = {"patchA": boxes[source], "patchB": boxes[target]}
        arrow = {"arrowstyle": "-|>", "color": "#5b6675", "shrinkA": 1, "shrinkB": 1, **ends}
        ax.annotate("", places[target], places[source], arrowprops=arrow, zorder=1)
        middle = np.add(places[source], places[target]) / 2
        _beside(ax, middle, _number(value, form), 2, "bottom", INK)
        if gradient:
            _beside(ax, middle, f"← {_number(gradient[0], form)}", -3, "top", BACKWARD)
    for name, place in places.items():
        gradients = [edge[3] for edge in edges if edge[0] == name and len(edge) > 3]
        if len(gradients) > 1:
            terms = " + ".join(_number(gradient, form) for gradient in gradients).replace("+ −", "− ")
            down = sum(places[edge[1]][1] - place[1] for edge in edges if edge[0] == name) > 0
            side = (17, "bottom") if down else (-17, "top")  # away from where the edges go
            _beside(ax, place, f"{terms} = {_number(sum(gradients), form)}", *side, BACKWARD)
    columns, rows = np.transpose(list(places.values()))
    ax.set_xlim(columns.min() - 0.35, columns.max() + 0.35)
    ax.set_ylim(rows.max() + 0.45, rows.min() - 0.45)
    ax.set_axis_off()
    ax.set_title(title, fontsize=10)
    return ax


def _beside(ax, place, text, offset, va, color):
    """Print a number of a graph above or below a place, `offset` in points."""
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    style = {"textcoords": "offset points", "ha": "center", "va": va, "fontsize": 9.5, "bbox": box}
    ax.annotate(text, place, (0, offset), color=color, **style)


def show_thinned(kept, *, title="", names=None, size=(3.6, 2.8), ax=None):
    """Draw a fully connected network of which some units are dropped, with all that hangs on them.

    Parameters
    ----------
    kept : sequence of sequence of bool
        For each layer, from the inputs to the outputs: which of its units take part. A dropped one is an
        empty dashed circle with a cross, and no edge leads to it or from it.
    title : str
        What the figure says.
    names : sequence of str, optional
        What is written below each layer.
    size : (float, float)
        Width and height, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is not one name for each layer.
    """
    if names is not None and len(names) != len(kept):
        raise ValueError(f"each layer needs a name: got {len(names)} names for {len(kept)} layers")
    if ax is None:
        ax = panels(1, 1, width=size[0], height=size[1])
    tallest = max(len(layer) for layer in kept)
    places = [
        [(2 * column, row + (tallest - len(layer)) / 2) for row in range(len(layer))]
        for column, layer in enumerate(kept)
    ]
    for column in range(len(kept) - 1):
        for start, here in zip(places[column], kept[column], strict=True):
            for end, there in zip(places[column + 1], kept[column + 1], strict=True):
                if here and there:
                    ax.plot(*zip(start, end, strict=True), color="#8a94a3", lw=0.9, zorder=1)
    for units, layer in zip(places, kept, strict=True):
        for place, here in zip(units, layer, strict=True):
            look = {"mfc": SERIES[4], "mec": INK} if here else {"mfc": "white", "mec": "none"}
            ax.plot(*place, "o", ms=15, mew=1.1, zorder=2, **look)
            if not here:
                ring = {"facecolor": "none", "edgecolor": "#5b6675", "linestyle": "--", "linewidth": 1}
                ax.scatter(*place, s=15**2, zorder=3, **ring)
                ax.plot(*place, "x", ms=8, mew=1.6, color=BACKWARD, zorder=3)
    for column, name in enumerate(names or []):
        ax.text(2 * column, tallest - 0.3, name, ha="center", va="top", fontsize=8.5, color=INK)
    ax.set_xlim(-0.6, 2 * len(kept) - 1.4)
    ax.set_ylim(tallest - 0.1 if names else tallest - 0.4, -0.6)
    ax.set_axis_off()
    ax.set_title(title, fontsize=10)
    return ax


def show_bars(values, *, xlabel, title, limit=None, size=(6.2, 3.0), ax=None):
    """Show groups of horizontal bars, with the spread where there are several measurements.

    Parameters
    ----------
    values : dict of str to dict of str to float or sequence of float
        ``values[series][group]``: a number, or one number for each seed. The bar is the mean, the
        dots are the measurements.
    xlabel, title : str
        What is measured, with its unit; what the figure says.
    limit : float, optional
        Right end of the axis.
    size : (float, float)
        Width and height, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = panels(1, 1, width=size[0], height=size[1])
    groups = list(next(iter(values.values())))
    height = 0.8 / len(values)
    for index, (series, by_group) in enumerate(values.items()):
        at = np.arange(len(groups)) + (index - (len(values) - 1) / 2) * height
        measured = [np.atleast_1d(by_group[group]) for group in groups]
        color = SERIES[index % len(SERIES)]
        ax.barh(at, [m.mean() for m in measured], height * 0.9, color=color, alpha=0.75, label=series)
        for y, m in zip(at, measured, strict=True):
            if len(m) > 1:
                ax.plot(m, np.full(len(m), y), "o", ms=3, mfc="white", mec=INK, mew=0.7)
    ax.set_yticks(np.arange(len(groups)), groups)
    ax.invert_yaxis()
    ax.set_xlim(0, limit)
    ax.set_xlabel(xlabel)
    ax.set_title(title, fontsize=10)
    ax.grid(axis="x", color="#dde1e7", linewidth=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if len(values) > 1:
        ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return ax


class _Plain(LogFormatterSciNotation):
    """Write 100 and 0.06 at a logarithmic axis, and powers only where numbers get long."""

    def __call__(self, value, pos=None):
        label = super().__call__(value, pos)  # empty where there is no room for one
        return f"{value:g}" if label and 1e-3 <= value < 1e6 else label


def _plain_ticks(*axes):
    for axis in axes:
        axis.set_major_formatter(_Plain())
        axis.set_minor_formatter(_Plain())


def show_curves(
    curves, *, xlabel, ylabel, title, steps=None, log=False, guides=None, size=(6.2, 3.0), ax=None
):
    """Show curves measured with several seeds: the mean as a line, the range as a band.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (seeds, steps)
        One line for each name.
    xlabel, ylabel, title : str
        What the axes measure, with units; what the figure says.
    steps : sequence of float, optional
        Where on the horizontal axis the steps lie; 1, 2, 3 and so on by default.
    log : bool or "both"
        Whether the vertical axis, or both axes, are logarithmic.
    guides : dict of str to sequence of float, optional
        What theory predicts, a number for each step: grey and dashed, and cut off where the curves end.
    size : (float, float)
        Width and height, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = panels(1, 1, width=size[0], height=size[1])
    for index, (name, runs) in enumerate(curves.items()):
        runs = np.atleast_2d(runs)
        at = np.arange(1, runs.shape[1] + 1) if steps is None else steps
        color = SERIES[index % len(SERIES)]
        ax.plot(at, runs.mean(axis=0), color=color, label=name)
        ax.fill_between(at, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.2, lw=0)
    if log:
        ax.set_yscale("log")
        _plain_ticks(ax.yaxis)
    if log == "both":
        ax.set_xscale("log")
        _plain_ticks(ax.xaxis)
    if guides:
        ax.set_ylim(ax.get_ylim())  # which they shall not stretch
    for index, (name, values) in enumerate((guides or {}).items()):
        dashes = ("--", ":", "-.")[index % 3]
        ax.plot(at, values, ls=dashes, color="#5b6675", lw=1.4, zorder=1.9, label=name)  # below the curves
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.set_title(title, fontsize=10)
    ax.grid(color="#dde1e7", linewidth=0.7)
    ax.spines[["top", "right"]].set_visible(False)
    if len(curves) > 1 or guides:
        ax.legend(fontsize=8, frameon=False)
    return ax


def show_paths(paths, height, *, title, limits=(-1.5, 1.5), minima=(), size=4.4, ax=None):
    """Show walks over a surface as seen from above: level lines, and a line for each walk.

    Parameters
    ----------
    paths : dict of str to ndarray of shape (steps + 1, 2)
        The places of each walk, the start first. What leaves the figure is cut off.
    height : callable
        Takes places, an ndarray of shape (..., 2), and returns heights of shape (...), at least 0.
    title : str
        What the figure says.
    limits : (float, float), or two of them
        Ends of both axes, or of each.
    minima : sequence of (float, float)
        Lowest places, marked with a cross.
    size : float
        Width and height, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = panels(1, 1, width=size)
    horizontal, vertical = limits if np.ndim(limits) == 2 else (limits, limits)
    places = np.stack(np.meshgrid(np.linspace(*horizontal, 121), np.linspace(*vertical, 121)), axis=-1)
    heights = height(places)
    levels = heights.max() * np.geomspace(1e-4, 1, 13)  # as dense near the minimum as far from it
    ax.contour(*np.moveaxis(places, -1, 0), heights, levels, colors="#b3bcc8", linewidths=0.7)
    for index, (name, path) in enumerate(paths.items()):
        style = {"color": SERIES[index % len(SERIES)], "marker": "os^Dv*"[index % 6], "ms": 3.5, "mew": 0}
        ax.plot(*np.transpose(path), lw=1.3, alpha=0.85, label=name, **style)
        ax.plot(*path[0], "o", ms=7, mfc="white", mec=INK, zorder=3)
    for place in minima:
        ax.plot(*place, "x", ms=8, mew=2, color=INK, zorder=3)
    ax.set_xlim(horizontal)
    ax.set_ylim(vertical)
    ax.set_xlabel("first weight")
    ax.set_ylabel("second weight")
    ax.set_title(title, fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
    if len(paths) > 1:
        ax.legend(fontsize=8, loc="upper right")
    return ax


def show_history(history, *, title="", size=(10.0, 4.8)):
    """Show what `cnnlib.network.fit` recorded: two curves, and four statistics of each layer.

    Parameters
    ----------
    history : cnnlib.history.History
        Or anything with its arrays.
    title : str
        Above the figure.
    size : (float, float)
        Width and height, in inches.

    Returns
    -------
    ndarray of Axes of shape (2, 3)
        Loss, accuracy, gradients; steps, zeros, dead units.
    """
    axes = panels(2, 3, width=size[0] / 3, height=size[1] / 2)
    epochs = np.arange(len(history.train_loss))
    trained = np.arange(1, len(history.gradient) + 1)
    for ax, kind, scale in [(axes[0, 0], "loss", "log"), (axes[0, 1], "accuracy", "linear")]:
        for index, (part, label) in enumerate([("train", "training"), ("val", "test")]):
            values = getattr(history, f"{part}_{kind}")
            if len(values):
                ax.plot(epochs, values, color=SERIES[index], ls=("-", "--")[index], label=label)
        ax.set_yscale(scale)
        _caption(ax, kind)
    _at_least_a_decade(axes[0, 0])
    axes[0, 1].set_ylim(-0.03, 1.03)
    for ax, values, caption in [
        (axes[0, 2], history.gradient, "size of the gradient (RMS)"),
        (axes[1, 0], history.update_ratio, "step / weight"),
    ]:
        for index, (name, line) in enumerate(zip(history.layers, values.T, strict=False)):
            ax.plot(trained, np.maximum(line, 1e-12), color=SERIES[index % len(SERIES)], label=name)
        ax.set_yscale("log")
        _caption(ax, caption)
        _at_least_a_decade(ax)
    for ax, values, caption in [
        (axes[1, 1], history.zeros, "share of zeros"),
        (axes[1, 2], history.dead, "share of dead units"),
    ]:
        shown = [index for index, name in enumerate(history.outputs) if name.endswith("ReLU")]
        for place, index in enumerate(shown if len(values) else []):
            ax.plot(epochs, values[:, index], color=SERIES[place % len(SERIES)], label=history.outputs[index])
        ax.set_ylim(-0.03, 1.03)
        _caption(ax, caption)
    axes[0, 0].figure.suptitle(title, fontsize=11)
    return axes


def _at_least_a_decade(ax):
    """Widen a logarithmic axis, so that what hardly changes looks as if it hardly changes."""
    low, high = ax.get_ylim()
    middle, half = np.sqrt(low * high), np.sqrt(10)
    ax.set_ylim(min(low, middle / half), max(high, middle * half))
    ax.yaxis.set_major_formatter(_Plain())
    ax.yaxis.set_minor_formatter(NullFormatter())


def _caption(ax, title):
    ax.set_title(title, fontsize=10)
    ax.set_xlabel("epoch", fontsize=8)
    ax.tick_params(labelsize=8)
    ax.grid(color="#dde1e7", linewidth=0.7)
    ax.spines[["top", "right"]].set_visible(False)
    if ax.lines:
        ax.legend(fontsize=7, frameon=False)


def show_timeline(events, *, title, size=(7.0, 3.6), ax=None):
    """Show what happened when: a row for each event, in the order given.

    Parameters
    ----------
    events : sequence of (float, str)
        A year, and what happened then.
    title : str
        What the figure says.
    size : (float, float)
        Width and height, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = panels(1, 1, width=size[0], height=size[1])
    years = [year for year, _ in events]
    middle = (min(years) + max(years)) / 2
    ax.plot(years, np.arange(len(years)), "o", color=SERIES[0])
    for row, (year, what) in enumerate(events):
        side, ha = ((8, "left"), (-8, "right"))[year > middle]  # towards the middle: there is room
        style = {"textcoords": "offset points", "va": "center", "ha": ha, "fontsize": 9, "color": INK}
        ax.annotate(f"{year:g}  {what}", (year, row), (side, 0), **style)
    ax.set_yticks([])
    ax.invert_yaxis()
    ax.set_xlabel("year")
    ax.set_title(title, fontsize=10)
    ax.grid(axis="x", color="#dde1e7", linewidth=0.7)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return ax


def show_roofline(points, *, peak, bandwidth, title, size=(6.2, 4.4), ax=None):
    """Show how fast computations are, under the two limits that a processor sets them.

    However a program is written, it computes at most as fast as the processor can, and as fast as
    memory brings the numbers: the horizontal and the slanted part of the roof.

    Parameters
    ----------
    points : dict of str to (float, float)
        For each computation its operations per byte, and how many 10**9 operations a second it does.
    peak : float
        What the processor can do, in 10**9 operations a second.
    bandwidth : float
        What memory brings, in 10**9 bytes a second.
    title : str
        What the figure says.
    size : (float, float)
        Width and height, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes

    References
    ----------
    S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for
    multicore architectures", Communications of the ACM 52(4):65-76, 2009.
    """
    if ax is None:
        ax = panels(1, 1, width=size[0], height=size[1])
    ridge = peak / bandwidth
    intensities = [ridge, *(intensity for intensity, _ in points.values())]
    left, right = min(intensities) / 10, max(intensities) * 4
    ax.plot([left, ridge, right], [left * bandwidth, peak, peak], color=INK, lw=1.6)
    words = {"fontsize": 8, "color": INK, "textcoords": "offset points"}
    ax.annotate(f"arithmetic: {peak:.0f} · 10⁹ a second", (ridge, peak), (2, 5), **words)
    ax.annotate(
        f"memory: {bandwidth:.0f} · 10⁹ bytes a second",
        (1.5 * left, 1.5 * left * bandwidth),
        (8, -6),
        **words,
    )
    for index, (name, (intensity, speed)) in enumerate(points.items()):
        color, marker = (*SERIES, INK)[index % 7], "osD^vPX"[index % 7]
        ax.plot([intensity], [speed], marker, ms=8, color=color, mec="white", mew=0.6, label=name)
    ax.set_xscale("log")
    ax.set_yscale("log")
    _plain_ticks(ax.xaxis, ax.yaxis)
    ax.set_xlabel("operations for each byte that is moved")
    ax.set_ylabel("10⁹ operations a second")
    ax.set_title(title, fontsize=10)
    ax.grid(color="#dde1e7", linewidth=0.7)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, loc="lower left", frameon=False)
    return ax


def show_photos(photos, titles=None, *, size=2.4, ax=None):
    """Show photographs side by side, in grey or in colour.

    Parameters
    ----------
    photos : sequence of ndarray of shape (H, W) or (H, W, 3)
        Brightness from 0 (black) to 255 (white); three numbers a pixel are red, green and blue.
        What lies beyond is shown black or white.
    titles : sequence of str, optional
        One above each photograph.
    size : float
        Width of one photograph, in inches.
    ax : Axes or sequence of Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    ndarray of Axes
    """
    axes = _row(photos, size, ax)
    for axis, photo, title in zip(axes, photos, _titles(titles, len(photos)), strict=True):
        shown = np.clip(np.asarray(photo), 0, 255).astype(np.uint8)
        axis.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        _frame(axis, title)
    return axes


def show_maps(maps, titles=None, *, limit=None, size=2.4, ax=None):
    """Show maps too large for numbers side by side: colours, and a scale below each.

    Parameters
    ----------
    maps : sequence of ndarray of shape (H, W)
        Values of any size, zero is white.
    titles : sequence of str, optional
        One above each map.
    limit : float, optional
        The value at which the colour is full: blue at ``-limit``, orange at ``limit``. By default
        the largest absolute value of each map, so that each has a scale of its own.
    size : float
        Width of one map, in inches.
    ax : Axes or sequence of Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    ndarray of Axes
    """
    axes = _row(maps, size, ax)
    for axis, values, title in zip(axes, maps, _titles(titles, len(maps)), strict=True):
        full = float(np.abs(values).max() if limit is None else limit) or 1.0
        image = axis.imshow(values, cmap=VALUES, vmin=-full, vmax=full, interpolation="nearest")
        _frame(axis, title)
        form = "{:,.0f}" if full >= 10 else "{:.2f}"
        ticks = [-full, 0, full]
        bar = axis.figure.colorbar(
            image, ax=axis, orientation="horizontal", fraction=0.05, pad=0.03, ticks=ticks
        )
        bar.ax.set_xticklabels([_number(tick, form) for tick in ticks], fontsize=7)
        bar.outline.set_edgecolor("#8a94a3")
    return axes


def _frame(ax, title):
    """A thin frame and a title, no ticks."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_color("#8a94a3")
    ax.set_title(title, fontsize=9)


def show_windows(size, kernel_size, stride=1, padding=0, dilation=1, *, title="", ax=None):
    """Draw a row of pixels and below it, one line each, the windows that fit on it.

    Parameters
    ----------
    size : int
        How many pixels; each shows its index. One that no window looks at is crossed out.
    kernel_size, stride, padding, dilation : int
        In pixels, as for `cnnlib.windows.output_size`. Pixels of the padding are hatched.
    title : str
        Above the drawing.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
    """
    first, last = -padding, size + padding - 1
    starts = range(first, last - dilation * (kernel_size - 1) + 1, stride)
    seen = {start + dilation * step for start in starts for step in range(kernel_size)}
    if ax is None:
        cells, lines = size + 2 * padding + 3, len(starts) + 2
        ax = panels(1, 1, width=0.3 * cells, height=0.3 * lines + 0.3)
    for pixel in range(first, last + 1):
        inside = 0 <= pixel < size
        style = {"facecolor": PAPER} if inside else {"facecolor": "white", "hatch": "////"}
        ax.add_patch(Rectangle((pixel, 0), 1, 1, edgecolor="#8a94a3", linewidth=0.8, **style))
        if inside:
            ax.text(pixel + 0.5, 0.5, str(pixel), ha="center", va="center", fontsize=10, color=INK)
            if pixel not in seen:
                for y in ([0, 1], [1, 0]):
                    ax.plot([pixel, pixel + 1], y, color=NEGATIVE, linewidth=1.6)
    for line, start in enumerate(starts):
        top = 1.25 + line
        ends = [start + 0.5, start + dilation * (kernel_size - 1) + 0.5]
        ax.plot(ends, [top + 0.4, top + 0.4], color=POSITIVE, linewidth=1.2)
        for step in range(kernel_size):
            corner = (start + dilation * step + 0.08, top)
            ax.add_patch(Rectangle(corner, 0.84, 0.8, facecolor=POSITIVE, edgecolor="none"))
        ax.text(first - 0.4, top + 0.4, str(line), ha="right", va="center", fontsize=10, color=INK)
    ax.set_xlim(first - 1.2, last + 1.2)
    ax.set_ylim(len(starts) + 1.4, -0.2)
    ax.set_aspect("equal", anchor="N")
    ax.axis("off")
    ax.set_title(title, fontsize=11)
    return ax


def show_volumes(shapes, steps, *, kernels=None, width=9.0, ax=None):
    """Draw stacks of maps as boxes, to scale, and what leads from one to the next.

    Parameters
    ----------
    shapes : sequence of (int, int, int)
        Channels, rows and columns of each stack. Channels go to the right, rows down, columns
        into the page.
    steps : sequence of str
        What is written on the arrow between two stacks: one fewer than shapes.
    kernels : sequence of int or None, optional
        For each step, the rows and columns of a window to draw into the stack on its left, with
        lines to the one number that it becomes; None for no window.
    width : float
        Width of the figure, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
    """
    if len(steps) != len(shapes) - 1:
        raise ValueError(
            f"one step is needed between two stacks: got {len(steps)} steps for {len(shapes)} stacks"
        )
    kernels = [None] * len(steps) if kernels is None else kernels
    tallest = max(rows for _, rows, _ in shapes)
    gap = 0.85 * tallest
    lefts, left = [], 0.0
    for channels, _, cols in shapes:
        lefts.append(left)
        left += channels + _SLANT[0] * cols + gap
    right, top = left - gap, tallest * (0.5 + _SLANT[1]) + 2
    bottom = 0.5 * tallest + 5
    if ax is None:
        ax = panels(1, 1, width=width, height=width * (top + bottom) / (right + 4))
    for (channels, rows, cols), left in zip(shapes, lefts, strict=True):
        _box(ax, (left, -rows / 2), channels, rows, cols, facecolor=PAPER, edgecolor=INK)
        label = f"({channels}, {rows}, {cols})"
        ax.text(left, rows / 2 + 1.5, label, ha="left", va="top", fontsize=11, color=INK)
    for index, (text, kernel) in enumerate(zip(steps, kernels, strict=True)):
        channels, _, cols = shapes[index]
        ends = lefts[index] + channels + _SLANT[0] * cols + 1, lefts[index + 1] - 1
        level = -0.18 * tallest
        ax.annotate("", (ends[1], level), (ends[0], level), arrowprops={"arrowstyle": "->", "color": INK})
        ax.text(np.mean(ends), level - 1, text, ha="center", va="bottom", fontsize=10, color=INK)
        if kernel is not None:
            _box(
                ax,
                (lefts[index], -kernel / 2),
                channels,
                kernel,
                kernel,
                facecolor="none",
                edgecolor=POSITIVE,
            )
            ax.plot(lefts[index + 1] + 0.5, 0, "o", color=POSITIVE, markersize=5)
            corner = lefts[index] + channels
            for x, y in [(corner, kernel / 2), (corner + _SLANT[0] * kernel, -kernel * (0.5 + _SLANT[1]))]:
                ax.plot([x, lefts[index + 1] + 0.5], [y, 0], color=POSITIVE, linewidth=0.9)
    ax.set_xlim(-2, right + 2)
    ax.set_ylim(bottom, -top)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


_SLANT = (0.4, 0.32)  # a column into the page goes so far to the right, and so far up


def _box(ax, corner, channels, rows, cols, *, facecolor, edgecolor):
    """Draw the front, the top and the right side of a box; `corner` is the front's top left."""
    left, top = corner
    right, bottom = left + channels, top + rows
    dx, dy = _SLANT[0] * cols, -_SLANT[1] * cols
    faces = (
        [(left, top), (right, top), (right, bottom), (left, bottom)],
        [(left, top), (left + dx, top + dy), (right + dx, top + dy), (right, top)],
        [(right, top), (right + dx, top + dy), (right + dx, bottom + dy), (right, bottom)],
    )
    for face in faces:
        ax.add_patch(
            Polygon(face, facecolor=facecolor, edgecolor=edgecolor, linewidth=1.2, joinstyle="round")
        )


def show_field(size, layers, unit, *, ceil_mode=False, names=None, ax=None):
    """Draw a row of pixels, the layers above it, and what one unit of the last layer sees.

    Parameters
    ----------
    size : int
        How many pixels the input has.
    layers : sequence of (int, int)
        Kernel size and stride of each layer, first to last.
    unit : int
        Index of a unit of the last layer. What it sees, directly or through others, is filled.
    ceil_mode : bool
        Whether a last window that sticks out counts.
    names : sequence of str, optional
        What is written beside the input and beside each layer.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
    """
    places = [np.arange(size, dtype=float)]  # where units stand, in pixels of the input
    for kernel_size, stride in layers:
        below = places[-1]
        last = len(below) - kernel_size + (stride - 1 if ceil_mode else 0)
        starts = range(0, last + 1, stride)
        places.append(np.array([below[start : start + kernel_size].mean() for start in starts]))
    seen, links = [{unit}], []  # from the last layer down
    for (kernel_size, stride), below in zip(layers[::-1], places[-2::-1], strict=True):
        pairs = [(u, u * stride + step) for u in sorted(seen[-1]) for step in range(kernel_size)]
        links.append([(above, pixel) for above, pixel in pairs if pixel < len(below)])
        seen.append({pixel for _, pixel in links[-1]})
    seen, links = seen[::-1], links[::-1]  # from the input up
    if ax is None:
        ax = panels(1, 1, width=0.4 * size + 2.4, height=0.8 * len(places))
    for level, (row, filled) in enumerate(zip(places, seen, strict=True)):
        for index, x in enumerate(row):
            color = POSITIVE if index in filled else PAPER
            corner = (x - 0.4, 2 * level - 0.4)
            ax.add_patch(Rectangle(corner, 0.8, 0.8, facecolor=color, edgecolor="#8a94a3", zorder=2))
        if names is not None:
            ax.text(size + 0.2, 2 * level, names[level], va="center", fontsize=9, color=INK)
    for level, pairs in enumerate(links):
        for above, below in pairs:
            x = [places[level + 1][above], places[level][below]]
            ax.plot(x, [2 * level + 1.6, 2 * level + 0.4], color=POSITIVE, linewidth=1, zorder=1)
    ax.set_xlim(-1, size + (6 if names is not None else 0))
    ax.set_ylim(-0.8, 2 * len(layers) + 0.8)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def show_confusion(counts, names=None, *, title="", said="what the network says", size=4.8, ax=None):
    """Show who was taken for whom: what things are in rows, what was said in columns.

    Parameters
    ----------
    counts : ndarray of shape (classes, classes)
        ``counts[label, said]``, whole numbers. Mistakes are coloured, the more the fuller; zeros stay
        empty.
    names : sequence of str, optional
        What the classes are called; 0, 1, 2 ... unless given.
    title, said : str
        Above the table; below its columns.
    size : float
        Width of the table, in inches.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"counts must have shape (classes, classes): got {counts.shape}")
    ax = panels(1, 1, width=size) if ax is None else ax
    mistakes = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    full = float(mistakes.max()) or 1.0
    ax.imshow(mistakes, cmap=VALUES, vmin=-full, vmax=full)
    _grid(ax, counts.shape)
    for (row, col), count in np.ndenumerate(counts):
        if row == col:
            ax.add_patch(Rectangle((col - 0.5, row - 0.5), 1, 1, facecolor=PAPER, edgecolor="none", zorder=1))
        if count:
            ax.text(col, row, str(count), ha="center", va="center", fontsize=9, color=INK)
    names = range(len(counts)) if names is None else names
    long = max(len(str(name)) for name in names) > 3
    ax.set_xticks(range(len(counts)), names, rotation=90 if long else 0)
    ax.set_yticks(range(len(counts)), names)
    ax.tick_params(labelbottom=True, labelleft=True)
    ax.set_xlabel(said)
    ax.set_ylabel("what it is")
    ax.set_title(title, fontsize=10)
    return ax
