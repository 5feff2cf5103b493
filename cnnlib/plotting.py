"""Figures of the chapters: arrays in, Axes out.

One set of colours for the whole course, safe for colour-blind readers and the same as the
explorers': blue for negative values, orange for positive ones, and the number beside the colour
wherever there is room. Every figure is drawn on white, so that it reads on a dark page too.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.patches import Rectangle

INK, PAPER = "#1b2a41", "#eef1f5"
NEGATIVE, POSITIVE = "#2f6fb5", "#e07b00"
# Okabe and Ito's palette less yellow and black: lines that stay apart for every kind of eye.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")

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
    ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=color, linewidth=2.5))
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


def show_curves(curves, *, xlabel, ylabel, title, steps=None, log=False, size=(6.2, 3.0), ax=None):
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
    if log == "both":
        ax.set_xscale("log")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.set_title(title, fontsize=10)
    ax.grid(color="#dde1e7", linewidth=0.7)
    ax.spines[["top", "right"]].set_visible(False)
    if len(curves) > 1:
        ax.legend(fontsize=8, frameon=False)
    return ax
