"""Convolution and pooling of batches of images, with their gradients, as fast as NumPy can.

Shapes are PyTorch's, (N, C, H, W), and so are argument order and results. Five ideas make it fast:

1. *The batch lies last in memory.* Inside, images are (H, C, W, N): the same pixel of all images lies
   side by side and shares its fate. What comes out is a view of such an array with the axes in PyTorch's
   order, and the next layer takes it as it is.
2. *Nothing is unrolled.* im2col copies a pixel KH * KW times, once for each place it takes in a window.
   In this order, however, the KH rows that a row of the output sees are a matrix already, (KH * C,
   W * N), and through the next column of the kernel the same matrix is seen, N numbers further on
   (`_seen`). So there is one product for each column of the kernel, and their sum (`_correlate`).
3. *A tile at a time* (`_tiles`): what one product leaves in the cache, the next one finds there.
4. *Small products* (`_pieces`). OpenBLAS copies matrices into an order of its own before it multiplies
   them, unless they are small.
5. *Two ways back.* A window can give to the pixels that it saw (`_give`), or a pixel take from the
   windows that saw it (`_take`). The second is a convolution, too, and faster with many channels.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnlib.precision import floats
from cnnlib.windows import integer, output_size, pair

# Sizes that measured well. With any others the results are the same, but for rounding.
TILE = 2**21  # bytes of a tile and of what it sees
SMALL = 10**6  # multiply-adds up to which a product is small for OpenBLAS
FEW = 16  # numbers in a column of a filter, KH * C: with fewer, a product is not worth its call
MANY = 32  # input channels of a filter from which on `_take` is faster than `_give`


class _Plan(NamedTuple):
    """How the windows of a convolution lie; pairs are (rows, cols)."""

    kernel: tuple
    stride: tuple
    padding: tuple
    dilation: tuple
    groups: int
    out: tuple  # size of the output


class _Cache(NamedTuple):
    """What the gradients need: x itself, never its columns."""

    x: np.ndarray
    weight: np.ndarray
    plan: _Plan


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide filters over images; at each position multiply, then add up.

    The filters are not flipped: a cross-correlation, as in PyTorch.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images, float32 or float64; the result has the same type.
    weight : ndarray of shape (O, C // groups, KH, KW)
        One filter for each of the O output channels.
    bias : ndarray of shape (O,), optional
        What each filter adds.
    stride, padding, dilation : int or (int, int)
        In pixels, as in `cnnlib.windows.output_size`; a pair is for rows and for columns.
    groups : int
        Into how many blocks the channels are split; a filter sees the channels of its own block.

    Returns
    -------
    ndarray of shape (N, O, OH, OW)
        In memory the batch lies last: a view of an array of shape (OH, O, OW, N).

    Raises
    ------
    TypeError
        If arrays are not float32 or float64, or not all of one type, or sizes are not integers.
    ValueError
        If shapes do not fit together, or no window fits.

    References
    ----------
    M. Cho, D. Brand, "MEC: memory-efficient convolution for deep neural network", ICML 2017.

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    >>> conv2d(x, weight=np.array([[[[1.0, 0.0], [0.0, 1.0]]]]))  # 1 + 5 and 2 + 6
    array([[[[6., 8.]]]])
    """
    return conv2d_forward(x, weight, bias, stride, padding, dilation, groups)[0]


def conv2d_backward(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    """Compute the three gradients of `conv2d`.

    Parameters
    ----------
    dy : ndarray of shape (N, O, OH, OW)
        Gradient of the loss with respect to what `conv2d` returned.
    x, weight, stride, padding, dilation, groups
        What `conv2d` was given.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        In memory the batch lies last.
    dweight : ndarray of shape (O, C // groups, KH, KW)
    dbias : ndarray of shape (O,)

    Raises
    ------
    TypeError, ValueError
        As `conv2d`, or if `dy` is not of the type and shape of its result.

    Examples
    --------
    >>> x, weight = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 20.0]]]])
    >>> dx, dweight, dbias = conv2d_backward(np.array([[[[1.0, 2.0]]]]), x, weight)
    >>> dx  # 1 * 10, 1 * 20 + 2 * 10, 2 * 20
    array([[[[10., 40., 40.]]]])
    >>> dweight, dbias  # 1 * 1 + 2 * 2, 1 * 2 + 2 * 3; 1 + 2
    (array([[[[5., 8.]]]]), array([3.]))
    """
    x, weight = floats(x=x, weight=weight)
    plan = _plan(x, weight, stride, padding, dilation, groups)
    return conv2d_backward_cached(dy, _Cache(_batch_last(x), weight, plan))


def conv2d_forward(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Compute `conv2d` and keep what `conv2d_backward_cached` needs.

    Parameters
    ----------
    x, weight, bias, stride, padding, dilation, groups
        As for `conv2d`.

    Returns
    -------
    y : ndarray of shape (N, O, OH, OW)
    cache : object
        It refers to `x` and `weight`: leave both as they are until the gradients are computed. If the
        batch does not lie last in the memory of `x`, it holds a copy of `x`; otherwise it takes none.

    Raises
    ------
    TypeError, ValueError
        As `conv2d`.

    Examples
    --------
    >>> y, cache = conv2d_forward(np.array([[[[3.0]]]]), np.array([[[[2.0]]]]), np.array([1.0]))
    >>> y  # 2 * 3 + 1
    array([[[[7.]]]])
    >>> conv2d_backward_cached(np.array([[[[10.0]]]]), cache)  # 10 * 2, 10 * 3, 10
    (array([[[[20.]]]]), array([[[[30.]]]]), array([10.]))
    """
    x, weight, *rest = floats(x=x, weight=weight, **({} if bias is None else {"bias": bias}))
    plan = _plan(x, weight, stride, padding, dilation, groups)
    N, O = len(x), len(weight)
    bias = rest[0] if rest else np.zeros(O, x.dtype)
    if bias.shape != (O,):
        raise ValueError(f"bias must have shape {(O,)}, a number for each filter: got {bias.shape}")

    x, y = _batch_last(x), np.empty((plan.out[0], O, plan.out[1], N), x.dtype)
    for ins, outs in _groups(plan, x.shape[1], O):
        x_rows, matrices = _rows_first(x[:, ins]), _matrices(weight[outs], plan)
        for rows in _tiles(x_rows, y[:, outs], plan):
            tile = y[rows, outs]
            _correlate(_laid_out(x_rows, rows, plan), matrices, tile, plan)
            tile += bias[outs, None, None]
    return y.transpose(3, 1, 0, 2), _Cache(x, weight, plan)


def conv2d_backward_cached(dy, cache, need_dx=True):
    """Compute the three gradients of `conv2d_forward`.

    Parameters
    ----------
    dy : ndarray of shape (N, O, OH, OW)
        Gradient of the loss with respect to y.
    cache : object
        What `conv2d_forward` returned beside y.
    need_dx : bool
        Whether dx is wanted. The first layer of a network can save itself the work.

    Returns
    -------
    dx, dweight, dbias
        As `conv2d_backward`; dx is None if it was not wanted.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not of the type and shape of y.

    Examples
    --------
    See `conv2d_forward`.
    """
    x, weight, plan = cache
    dy, _ = floats(dy=dy, x=x)
    (N, C, H, W), O = x.shape, len(weight)
    _check_dy(dy, (N, O, *plan.out))

    x, dy = _rows_first(x), _rows_first(_batch_last(dy))
    dx = np.zeros((H, C, W, N), x.dtype) if need_dx else None
    dweight, dbias = np.empty(weight.shape, x.dtype), dy.sum(axis=(2, 3)).sum(axis=0)
    back = _take if need_dx and plan.stride == (1, 1) and weight.shape[1] >= MANY else _give
    for ins, outs in _groups(plan, C, O):
        dweight[outs] = back(dy[:, outs], x[:, ins], weight[outs], dx[:, ins] if need_dx else None, plan)
    return dx.transpose(3, 1, 0, 2) if need_dx else None, dweight, dbias


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
    x, plan = _pooling(x, kernel_size, stride, padding, ceil_mode)
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
    x, plan = _pooling(x, kernel_size, stride, padding, ceil_mode)
    dy, x = floats(dy=dy, x=x)
    _check_dy(dy, (*x.shape[:2], *plan.out))
    y = _combine(np.maximum, -np.inf, x, plan) if y is None else y

    rows, cols = _meetings(x, plan)
    undecided, any_nan = np.ones_like(y, dtype=bool), np.isnan(y).any()
    once = (
        plan.stride == plan.kernel
        and all(  # each pixel is in one window
            out * s - p >= size
            for out, s, p, size in zip(plan.out, plan.stride, plan.padding, x.shape[2:], strict=True)
        )
    )
    dx = np.empty_like(x) if once else np.zeros_like(x)
    for row, x_row in rows:
        for col, x_col in cols:
            window, pixel = (..., row, col), (..., x_row, x_col)
            won = x[pixel] == y[window]
            if any_nan:  # which equals nothing, not even itself
                won |= np.isnan(x[pixel])
            won &= undecided[window]
            undecided[window] ^= won
            if once:
                np.multiply(dy[window], won, out=dx[pixel])
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
    x, plan = _pooling(x, kernel_size, stride, padding, ceil_mode)
    y = _combine(np.add, 0, x, plan)
    y /= _sizes(x, plan, count_include_pad)
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
    x, plan = _pooling(x, kernel_size, stride, padding, ceil_mode)
    dy, x = floats(dy=dy, x=x)
    _check_dy(dy, (*x.shape[:2], *plan.out))
    dy = dy / _sizes(x, plan, count_include_pad)
    dx = np.zeros_like(x)
    rows, cols = _meetings(x, plan)
    for row, x_row in rows:
        for col, x_col in cols:
            dx[..., x_row, x_col] += dy[..., row, col]
    return dx


# In the functions of the convolution, arrays lie rows first: x is (H, C, W, N), y is (OH, O, OW, N).


def _batch_last(x):
    """Copy images so that the batch lies last in memory, if it does not: once, and not for each tile.

    Eight images at a time, because what lies far apart collides in the cache if there is more of it.
    """
    if len(x) < 2 or x.strides[0] == x.itemsize:
        return x
    laid = np.empty(_rows_first(x).shape, x.dtype)
    for n in range(0, len(x), 8):
        laid[..., n : n + 8] = _rows_first(x)[..., n : n + 8]
    return laid.transpose(3, 1, 0, 2)


def _rows_first(x):
    """View (N, C, H, W) as (H, C, W, N)."""
    return x.transpose(2, 1, 3, 0)


def _groups(plan, in_channels, out_channels):
    """Yield the channels, two slices, that each group reads and writes."""
    C, O = in_channels // plan.groups, out_channels // plan.groups
    for g in range(plan.groups):
        yield slice(g * C, (g + 1) * C), slice(g * O, (g + 1) * O)


def _give(dy, x, weight, dx, plan):
    """Let windows give to the pixels that they saw: add to dx, unless it is None; return dweight.

    The mirror image of `_correlate`: multiply by the transposed matrix and add where that has read.
    """
    dy = np.ascontiguousarray(dy)
    matrices = _matrices(weight, plan)
    dmatrices = np.zeros(matrices.swapaxes(1, 2).shape, x.dtype)
    for rows in _tiles(x, dy, plan):
        laid, tile = _laid_out(x, rows, plan), _flat(dy[rows])
        _add_dweight(dmatrices, laid, tile, plan)
        shape = laid.shape
        del laid  # to make room
        if dx is not None:
            dlaid = np.zeros(shape, x.dtype)
            for dseen, d in zip(_seen(dlaid, plan), tile, strict=True):
                for j, matrix in enumerate(matrices):
                    dseen[j] += matrix.T @ d
            for there, here in _places(dlaid, x, rows, plan):
                dx[here] += dlaid[there]
    return _filters(dmatrices, weight.shape, plan)


def _take(dy, x, weight, dx, plan):
    """Let pixels take from the windows that saw them: fill dx and return dweight, if the stride is 1.

    dx is the correlation of dy with the flipped kernels, input and output channels swapped, and their
    gradient comes from the same matrices.
    """
    reach = [d * (k - 1) for d, k in zip(plan.dilation, plan.kernel, strict=True)]
    around = (reach[0] - plan.padding[0], reach[1] - plan.padding[1])  # dy, so that all of x is seen
    plan = plan._replace(padding=around, out=(len(x), x.shape[2]))
    flipped = _flipped(weight)
    matrices = _matrices(flipped, plan)
    dmatrices = np.zeros(matrices.swapaxes(1, 2).shape, x.dtype)
    for rows in _tiles(dy, dx, plan):
        laid = _laid_out(dy, rows, plan)
        _correlate(laid, matrices, dx[rows], plan)
        _add_dweight(dmatrices, laid, _flat(x[rows]), plan)
    return _flipped(_filters(dmatrices, flipped.shape, plan))


def _correlate(laid, matrices, y, plan):
    """Fill rows of y: for each column of the kernel, multiply its matrix with what it sees."""
    y, N = _flat(y), y.shape[3]  # (rows, O, OW * N)
    pieces = _pieces(plan.out[1], N * matrices[0].size)
    seen, product = _seen(laid, plan), np.empty_like(y)
    for j, matrix in enumerate(matrices):
        np.matmul(matrix, _cut(seen[:, j], pieces), out=_cut(product if j else y, pieces))
        if j:
            y += product


def _add_dweight(dmatrices, laid, dy, plan):
    """Add to the gradient of the matrices what comes from rows of dy."""
    for seen, d in zip(_seen(laid, plan), dy, strict=True):
        dmatrices += seen @ d.T  # (KW, KH * C, OW * N) times (OW * N, O)


def _tiles(x, y, plan):
    """Yield slices of rows of y that, with what they see, fit in the cache, and are not half of y and x.

    If the rows of x are dilated, neighbours in y see different ones, and a tile skips over neighbours.
    """
    apart = plan.dilation[0] // math.gcd(plan.stride[0], plan.dilation[0])
    row = max(1, y[0].nbytes + _unrolled(plan, x.shape[1]) * x[0].nbytes)
    span = max(1, min(TILE, (x.nbytes + y.nbytes) // 2) // row) * apart
    for first in range(min(apart, len(y))):
        for top in range(first, len(y), span):
            yield slice(top, min(top + span, len(y)), apart)


def _laid_out(x, rows, plan):
    """Lay out what rows of y see: rows of x with padding, without those that dilation leaves out.

    If there is nothing to add and nothing to leave out, that is a view of x. If columns are unrolled,
    there are KW times as many channels, each a copy of a channel as one column of the kernel sees it.
    """
    (H, C, _, N), (KH, KW), (PH, PW), (DH, DW) = x.shape, plan.kernel, plan.padding, plan.dilation
    count, unrolled = len(range(rows.start, rows.stop, rows.step)), _unrolled(plan, C)
    top, height = rows.start * plan.stride[0] - PH, (count - 1) * _step(plan) + KH
    as_it_is = (plan.stride[1], PW, DH, unrolled) == (1, 0, 1, 1) and x.flags.c_contiguous
    if as_it_is and 0 <= top <= H - height:
        return x[top : top + height]
    laid = np.zeros((height, unrolled * C, plan.out[1] + (KW - unrolled) * DW, N), x.dtype)
    for there, here in _places(laid, x, rows, plan):
        laid[there] = x[here]
    return laid


def _places(laid, x, rows, plan):
    """Yield pairs of indices: some place in what `_laid_out` returns, and where in x that is from."""
    (_, C, W, _), (PH, PW), (DH, DW) = x.shape, plan.padding, plan.dilation
    there, here = _meeting(len(laid), rows.start * plan.stride[0] - PH, DH, len(x))
    for j in range(_unrolled(plan, C)):
        cols, x_cols = _meeting(laid.shape[2], j * DW - PW, plan.stride[1], W)
        yield (there, slice(j * C, (j + 1) * C), cols), (here, slice(None), x_cols)


def _meeting(count, offset, stride, size):
    """Find which of `count` positions look at a pixel that exists.

    Position p looks at pixel p * stride + offset, and there are `size` pixels. Returns two slices of
    the same length: of the positions and of the pixels.
    """
    start = max(0, -(offset // stride))  # rounded up
    stop = max(start, min(count, (size - 1 - offset) // stride + 1))
    pixel = start * stride + offset
    return slice(start, stop), slice(pixel, pixel + (stop - start) * stride, stride)


def _seen(laid, plan):
    """View what rows of y see through each column of the kernel: (rows, KW, KH * C, OW * N).

    For one row and one column, this is KH rows of C channels, one below the other, from some number
    on. Matrices of neighbouring rows and columns are almost the same memory.
    """
    height, C, width, N = laid.shape
    KH, step = plan.kernel[0], _step(plan)
    products = 1 + (width - plan.out[1]) // plan.dilation[1]  # 1 if columns are unrolled, otherwise KW
    line = width * N * laid.itemsize  # bytes from one line of the matrices to the next
    shape = ((height - KH) // step + 1, products, KH * C, plan.out[1] * N)
    strides = (step * C * line, plan.dilation[1] * N * laid.itemsize, line, laid.itemsize)
    return as_strided(laid, shape, strides)


def _step(plan):
    """Return how many rows of `_laid_out` lie between what one row of y sees and what the next sees."""
    return plan.stride[0] // math.gcd(plan.stride[0], plan.dilation[0])


def _unrolled(plan, channels):
    """Return how many columns of the kernel share a product: one, unless a stride or size forbids it."""
    return plan.kernel[1] if plan.stride[1] > 1 or plan.kernel[0] * channels < FEW else 1


def _matrices(weight, plan):
    """Cut filters into the columns of the kernel: (O, C, KH, KW) to (KW, O, KH * C).

    If U = KW columns are unrolled, to (1, O, KH * U * C).
    """
    O, C, KH, KW = weight.shape
    U = _unrolled(plan, C)
    return weight.reshape(O, C, KH, KW // U, U).transpose(3, 0, 2, 4, 1).reshape(KW // U, O, KH * U * C)


def _filters(dmatrices, shape, plan):
    """Undo `_matrices` for transposed matrices, (KW, KH * C, O)."""
    O, C, KH, KW = shape
    U = _unrolled(plan, C)
    return dmatrices.reshape(KW // U, KH, U, C, O).transpose(4, 3, 1, 0, 2).reshape(shape)


def _pieces(cols, size):
    """Choose into how many pieces to cut `cols` columns, each of which costs `size` multiply-adds."""
    fitting = (n for n in range(1, cols + 1) if cols % n == 0 and cols // n * size <= SMALL)
    return next(fitting, 1)


def _cut(matrices, pieces):
    """View (rows, lines, columns) as (rows, pieces, lines, columns // pieces)."""
    rows, lines, columns = matrices.shape
    return matrices.reshape(rows, lines, pieces, columns // pieces).swapaxes(1, 2)


def _flat(tile):
    """View (rows, channels, cols, N) as matrices (rows, channels, cols * N)."""
    rows, channels, cols, N = tile.shape
    return tile.reshape(rows, channels, cols * N)


def _flipped(weight):
    """Turn kernels by 180 degrees and swap input and output channels; twice is not at all."""
    return weight[:, :, ::-1, ::-1].swapaxes(0, 1)


# Pooling: arrays are (N, C, H, W), whatever their order in memory.


def _pooling(x, kernel_size, stride, padding, ceil_mode):
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
    sizes = zip(x.shape[2:], kernel, stride, padding, strict=True)
    out = tuple(output_size(size, k, s, p, ceil_mode=ceil_mode) for size, k, s, p in sizes)
    return x, _Plan(kernel, stride, padding, (1, 1), 1, out)


def _meetings(x, plan):
    """Find for each row, and for each column, of the window, in which windows it meets what pixels.

    Returns two lists of pairs of slices, as `_meeting`.
    """
    axes = zip(x.shape[2:], plan.kernel, plan.stride, plan.padding, plan.out, strict=True)
    return [[_meeting(out, i - p, s, size) for i in range(k)] for size, k, s, p, out in axes]


def _combine(ufunc, start, x, plan):
    """Combine the pixels of each window: first its rows, then the columns of what that makes."""
    (N, C, _, W), (OH, OW) = x.shape, plan.out
    rows, cols = _meetings(x, plan)
    lines, y = (np.full_like(x, start, shape=(N, C, OH, width)) for width in (W, OW))
    for row, x_row in rows:
        ufunc(lines[:, :, row], x[:, :, x_row], out=lines[:, :, row])
    for col, x_col in cols:
        ufunc(y[..., col], lines[..., x_col], out=y[..., col])
    return y


def _sizes(x, plan, count_include_pad):
    """Count the pixels of each window, (OH, OW), as numbers of the type of x."""
    counts = []
    for size, k, s, p, out in zip(x.shape[2:], *plan[:3], plan.out, strict=True):
        ends = p if count_include_pad else 0  # what counts beside the pixels
        first = np.arange(out) * s - p
        counts.append(np.minimum(first + k, size + ends) - np.maximum(first, -ends))
    return np.outer(*counts).astype(x.dtype)


def _check_dy(dy, shape):
    if dy.shape != shape:
        raise ValueError(f"dy must have the shape of y, {shape}: got {dy.shape}")


def _plan(x, weight, stride, padding, dilation, groups):
    """Check what `conv2d` was given and work out the output's size."""
    for name, array, axes in (("x", x, "(N, C, H, W)"), ("weight", weight, "(O, C // groups, KH, KW)")):
        if array.ndim != 4:
            raise ValueError(f"{name} must have shape {axes}: got {array.shape}")
    stride, padding = pair(stride, "stride", 1), pair(padding, "padding")
    dilation, groups = pair(dilation, "dilation", 1), integer(groups, "groups", 1)
    C, O = x.shape[1], len(weight)
    for name, channels in (("in_channels", C), ("out_channels", O)):
        if channels % groups:
            raise ValueError(f"groups must divide {name}: got groups={groups} and {name}={channels}")
    if weight.shape[1] != C // groups:
        raise ValueError(
            f"a filter must have in_channels // groups = {C} // {groups} = {C // groups} channels: "
            f"got weight of shape {weight.shape}"
        )
    kernel = weight.shape[2:]
    out = tuple(map(output_size, x.shape[2:], kernel, stride, padding, dilation))
    return _Plan(kernel, stride, padding, dilation, groups, out)
