"""Pooling of batches of images, and the way back: of each window one number, the largest or the mean.

All four functions walk through the window and not through the image: `_axes` finds, for each row and each
column of the window, which windows have a pixel there and which pixels these are. For windows of 2 x 2 the
way back takes four steps, each with a quarter of all pixels of all images at once. The way forward combines
rows first, then columns of what that made, which is half as much. Nothing is copied into windows, and
padding exists only as windows that miss.
"""

from typing import NamedTuple

import numpy as np

from cnnlib.precision import floats
from cnnlib.windows import meeting, output_size, pair


class _Plan(NamedTuple):
    """How the windows lie; pairs are (rows, cols)."""

    kernel: tuple
    stride: tuple
    padding: tuple
    size: tuple  # of the images
    out: tuple  # of the output


def max_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False):
    """Take the largest value of each window.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images, float32 or float64; the result has the same type and the same order in memory.
    kernel_size : int or (int, int)
        Rows and columns of the window, in pixels.
    stride : int or (int, int), optional
        Pixels from one window to the next; `kernel_size` by default.
    padding : int or (int, int)
        How far, in pixels, windows may stick out on each side: at most half the window.
    ceil_mode : bool
        Whether a last window that is only partly on the image counts.

    Returns
    -------
    ndarray of shape (N, C, OH, OW)

    Raises
    ------
    TypeError
        If `x` is not float32 or float64, or sizes are not integers.
    ValueError
        If `padding` is too large, or no window fits.

    Examples
    --------
    >>> max_pool2d(np.array([[[[1.0, 2.0, 8.0, 7.0], [4.0, 3.0, 5.0, 6.0]]]]), 2)
    array([[[[4., 8.]]]])
    """
    x, plan = _plan(x, kernel_size, stride, padding, ceil_mode)
    return _combine(np.maximum, -np.inf, x, plan)


def max_pool2d_backward(dy, x, kernel_size, stride=None, padding=0, ceil_mode=False, *, y=None):
    """Send the gradient of each window of `max_pool2d` to its winner, the first in reading order.

    Parameters
    ----------
    dy : ndarray of shape (N, C, OH, OW)
        Gradient of the loss with respect to what `max_pool2d` returned. It must be finite, because
        the losers get 0 times dy.
    x, kernel_size, stride, padding, ceil_mode
        What `max_pool2d` was given.
    y : ndarray of shape (N, C, OH, OW), optional
        What it returned. Without it, it is computed again.

    Returns
    -------
    ndarray of shape (N, C, H, W)

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`, or if `dy` is not of the type and shape of its result.

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0, 8.0, 7.0], [4.0, 3.0, 5.0, 6.0]]]])
    >>> max_pool2d_backward(np.array([[[[10.0, 20.0]]]]), x, 2)
    array([[[[ 0.,  0., 20.,  0.],
             [10.,  0.,  0.,  0.]]]])
    """
    x, plan = _plan(x, kernel_size, stride, padding, ceil_mode)
    dy = _check_dy(dy, x, plan)
    y = _combine(np.maximum, -np.inf, x, plan) if y is None else y
    dy = _laid_out_like(y, dy)
    undecided, any_nan = np.ones_like(y, dtype=bool), np.isnan(y).any()
    once = _each_pixel_once(plan)
    dx = np.empty_like(x) if once else np.zeros_like(x)
    for window, pixel in _meetings(plan):
        won = x[pixel] == y[window]
        if any_nan:  # which equals nothing, not even itself
            won |= np.isnan(x[pixel])
        won &= undecided[window]
        undecided[window] ^= won
        if once:  # nothing to add to: write, which is faster
            np.multiply(dy[window], won, out=dx[pixel])  # times 1 or 0
        else:
            dx[pixel] += dy[window] * won
    return dx


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Take the mean of each window.

    Parameters
    ----------
    x, kernel_size, stride, padding, ceil_mode
        As for `max_pool2d`.
    count_include_pad : bool
        Whether the padding counts, as zeros; otherwise the mean is over the pixels that exist.

    Returns
    -------
    ndarray of shape (N, C, OH, OW)

    Raises
    ------
    TypeError, ValueError
        As `max_pool2d`.

    Examples
    --------
    >>> avg_pool2d(np.array([[[[1.0, 2.0, 8.0, 7.0], [4.0, 3.0, 5.0, 6.0]]]]), 2)
    array([[[[2.5, 6.5]]]])
    """
    x, plan = _plan(x, kernel_size, stride, padding, ceil_mode)
    y = _combine(np.add, 0, x, plan)
    y /= _counts(plan, x.dtype, count_include_pad)
    return y


def avg_pool2d_backward(dy, x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Share the gradient of each window of `avg_pool2d` equally among its pixels.

    Parameters
    ----------
    dy : ndarray of shape (N, C, OH, OW)
        Gradient of the loss with respect to what `avg_pool2d` returned.
    x, kernel_size, stride, padding, ceil_mode, count_include_pad
        What `avg_pool2d` was given.

    Returns
    -------
    ndarray of shape (N, C, H, W)

    Raises
    ------
    TypeError, ValueError
        As `avg_pool2d`, or if `dy` is not of the type and shape of its result.

    Examples
    --------
    >>> avg_pool2d_backward(np.array([[[[4.0, 8.0]]]]), np.zeros((1, 1, 2, 4)), 2)
    array([[[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]]])
    """
    x, plan = _plan(x, kernel_size, stride, padding, ceil_mode)
    share = _check_dy(dy, x, plan) / _counts(plan, x.dtype, count_include_pad)
    dx = np.zeros_like(x)
    for window, pixel in _meetings(plan):
        dx[pixel] += share[window]
    return dx


def _plan(x, kernel_size, stride, padding, ceil_mode):
    """Check what a pooling was given and work out the output's size."""
    (x,) = floats(x=x)
    if x.ndim != 4:
        raise ValueError(f"x must have shape (N, C, H, W): got {x.shape}")
    kernel = pair(kernel_size, "kernel_size", 1)
    stride = kernel if stride is None else pair(stride, "stride", 1)
    padding = pair(padding, "padding")
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(
            f"padding must be at most half of kernel_size: got padding={padding} and kernel_size={kernel}"
        )
    axes = zip(x.shape[2:], kernel, stride, padding, strict=True)
    out = tuple(output_size(size, k, s, p, ceil_mode=ceil_mode) for size, k, s, p in axes)
    return x, _Plan(kernel, stride, padding, x.shape[2:], out)


def _check_dy(dy, x, plan):
    dy, _ = floats(dy=dy, x=x)
    shape = (*x.shape[:2], *plan.out)
    if dy.shape != shape:
        raise ValueError(f"dy must have the shape of y, {shape}: got {dy.shape}")
    return dy


def _axes(plan):
    """Find for each row, and for each column, of the window, in which windows it meets which pixels.

    Returns two lists of pairs of slices, as `cnnlib.windows.meeting`: one for rows, one for columns.
    """
    return [
        [meeting(out, place - padding, stride, size) for place in range(kernel)]
        for kernel, stride, padding, size, out in zip(*plan, strict=True)
    ]


def _meetings(plan):
    """Yield for each place in the window, in reading order, (windows, pixels): two indices that meet."""
    rows, cols = _axes(plan)
    for window_rows, pixel_rows in rows:
        for window_cols, pixel_cols in cols:
            yield (..., window_rows, window_cols), (..., pixel_rows, pixel_cols)


def _combine(ufunc, start, x, plan):
    """Combine the pixels of each window: its rows first, then the columns of what that makes."""
    (N, C, _, W), (OH, OW), (rows, cols) = x.shape, plan.out, _axes(plan)
    lines, y = (np.full_like(x, start, shape=(N, C, OH, width)) for width in (W, OW))
    for windows, pixels in rows:
        ufunc(lines[:, :, windows], x[:, :, pixels], out=lines[:, :, windows])
    for windows, pixels in cols:
        ufunc(y[..., windows], lines[..., pixels], out=y[..., windows])
    return y


def _each_pixel_once(plan):
    """Say whether every pixel is in exactly one window: they neither overlap nor leave any out."""
    return plan.stride == plan.kernel and all(
        out * stride - padding >= size for _, stride, padding, size, out in zip(*plan, strict=True)
    )


def _laid_out_like(y, dy):
    """Return dy with its numbers in memory in the order of y's: a copy, if they are not already."""
    if dy.strides == y.strides:
        return dy
    laid = np.empty_like(y)
    laid[...] = dy
    return laid


def _counts(plan, dtype, count_include_pad):
    """Count the pixels of each window, (OH, OW): those that exist, or those of the padding as well."""
    if count_include_pad:
        rows, cols = (size + 2 * padding for size, padding in zip(plan.size, plan.padding, strict=True))
        plan = plan._replace(size=(rows, cols), padding=(0, 0))
    counts = np.zeros(plan.out, dtype)
    for window, _ in _meetings(plan):
        counts[window] += 1
    return counts
