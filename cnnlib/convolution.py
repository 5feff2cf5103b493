"""Convolution of batches of images and its three gradients, as fast as plain NumPy gets.

Shapes, argument order and results are PyTorch's. What makes it fast is how the numbers lie in memory.

*The batch lies last.* Inside, images are (H, C, W, N): the same pixel of all images lies side by side and
shares its fate. A row of an image is then a matrix of C lines, with W * N numbers in each.

*Half of im2col.* im2col writes what each window sees as a column, so that a convolution becomes one product
of matrices; but it copies each pixel KH * KW times. Here only the columns of the kernel are unrolled: each
row is written KW times, once for each column of the kernel, shifted, and cut to the length of the output.
For a kernel of 3 x 2, where a letter stands for one pixel of all images::

    x              strip

    a b c d e      a b c d    row 0, as column 0 of the kernel sees it
    f g h i j      b c d e           as column 1 sees it
    k l m n o      f g h i    row 1                                       |
    p q r s t      g h i j                                                |
                   k l m n    row 2                                       |  these 3 * 2 lines are what
                   l m n o                                                |  row 1 of the output sees
                   p q r s    row 3                                       |
                   q r s t                                                |

What row 0 of the output sees are the first six lines, what row 1 sees begins two lines further on, and both
are matrices as they lie there (`_seen`). A row of the output is one product, filters times matrix.

*A strip at a time.* Only a few rows are unrolled at once (`_tiles`): what has just been written is still in
the cache when it is multiplied, and the memory for it is small.

*Two ways back.* Where x goes forward, dx comes back: windows can give to the pixels that they saw (`_give`),
or pixels take from the windows that saw them (`_take`), which is a convolution, too.

The idea of unrolling one direction only is from M. Cho, D. Brand, "MEC: memory-efficient convolution for deep
neural network", ICML 2017.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnlib.pooling import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from cnnlib.precision import floats
from cnnlib.windows import integer, meeting, output_size, pair

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "conv2d_backward_cached",
    "conv2d_forward",
    "max_pool2d",
    "max_pool2d_backward",
]

# Two sizes that measured well. With any others the results are the same, but for rounding.
STRIP = 2**21  # bytes of a strip
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
    """What the gradients need: x itself, and never its columns."""

    x: np.ndarray  # (H, C, W, N)
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
    return conv2d_backward_cached(dy, _Cache(_rows_first(x), weight, plan))


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
    x, weight = floats(x=x, weight=weight)
    plan = _plan(x, weight, stride, padding, dilation, groups)
    N, O = len(x), len(weight)
    bias = np.zeros(O, x.dtype) if bias is None else floats(x=x, bias=bias)[1]
    if bias.shape != (O,):
        raise ValueError(f"bias must have shape {(O,)}, a number for each filter: got {bias.shape}")

    x, y = _rows_first(x), np.empty((plan.out[0], O, plan.out[1], N), x.dtype)
    for ins, outs in _groups(plan, x.shape[1], O):
        matrix = _matrix(weight[outs])
        for rows in _tiles(x[:, ins], y[:, outs], plan):
            tile = _lines(y[rows, outs])
            np.matmul(matrix, _seen(_strip(x[:, ins], rows, plan), plan), out=tile)
            tile += bias[outs, None]
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
    (H, C, W, N), O = x.shape, len(weight)
    if dy.shape != (N, O, *plan.out):
        raise ValueError(f"dy must have the shape of y, {(N, O, *plan.out)}: got {dy.shape}")

    dy, dx = _rows_first(dy), np.zeros((H, C, W, N), x.dtype) if need_dx else None
    dweight, dbias = np.empty_like(weight), dy.sum(axis=(2, 3)).sum(axis=0)
    back = _take if need_dx and plan.stride == (1, 1) and weight.shape[1] >= MANY else _give
    for ins, outs in _groups(plan, C, O):
        dweight[outs] = back(dy[:, outs], x[:, ins], weight[outs], dx[:, ins] if need_dx else None, plan)
    return dx.transpose(3, 1, 0, 2) if need_dx else None, dweight, dbias


# From here on arrays lie rows first: x is (H, C, W, N), y is (OH, O, OW, N).


def _give(dy, x, weight, dx, plan):
    """Let windows give to the pixels that they saw: add to dx, unless it is None; return dweight.

    The mirror image of the way forward. What was read from lines of the strip is added to them, and what
    was copied from pixels is added to these.
    """
    matrix = _matrix(weight)
    dmatrix = np.zeros(matrix.T.shape, x.dtype)
    for rows in _tiles(x, dy, plan):
        strip, tile = _strip(x, rows, plan), _lines(dy[rows])
        for seen, d in zip(_seen(strip, plan), tile, strict=True):
            dmatrix += seen @ d.T
        if dx is not None:
            strip[...] = 0  # from here on its gradient
            for seen, d in zip(_seen(strip, plan), tile, strict=True):
                seen += matrix.T @ d
            for there, here in _places(strip, x, rows, plan):
                dx[here] += strip[there]
        del strip, seen  # before the next one is made
    return _filters(dmatrix.T, weight.shape)


def _take(dy, x, weight, dx, plan):
    """Let pixels take from the windows that saw them: fill dx and return dweight, if the stride is 1.

    The way forward once more, with dy in the place of x. The first window that saw a pixel saw it through
    the last place of the kernel: so kernels are flipped, and filters become channels. The same strips, of
    dy now, serve dweight.
    """
    reach = [d * (k - 1) for d, k in zip(plan.dilation, plan.kernel, strict=True)]
    around = reach[0] - plan.padding[0], reach[1] - plan.padding[1]  # dy, for windows at the edge of x
    plan = plan._replace(padding=around, out=(len(x), x.shape[2]))
    flipped = _flipped(weight)
    matrix = _matrix(flipped)
    dmatrix = np.zeros(matrix.T.shape, x.dtype)
    for rows in _tiles(dy, dx, plan):
        matrices = _seen(_strip(dy, rows, plan), plan)
        np.matmul(matrix, matrices, out=_lines(dx[rows]))
        for seen, pixels in zip(matrices, _lines(x[rows]), strict=True):
            dmatrix += seen @ pixels.T
        del matrices, seen  # before the next strip is made
    return _flipped(_filters(dmatrix.T, flipped.shape))


def _tiles(x, y, plan):
    """Yield slices of rows of y, as many at a time as one strip has room for."""
    longer = plan.stride[0] * plan.kernel[1] * x.shape[1] * y[0, 0].nbytes  # bytes of strip for one row more
    count = max(1, min(STRIP, (x.nbytes + y.nbytes) // 2) // max(1, longer))
    if plan.dilation[0] > 1:
        count = 1  # neighbours see different rows of x, and cannot share a strip
    for top in range(0, len(y), count):
        yield slice(top, min(top + count, len(y)))


def _strip(x, rows, plan):
    """Lay out what rows of y see: (rows of x, KW, C, OW, N), with zeros where padding is seen."""
    height = (rows.stop - rows.start - 1) * plan.stride[0] + plan.kernel[0]
    strip = np.zeros((height, plan.kernel[1], x.shape[1], plan.out[1], x.shape[3]), x.dtype)
    for there, here in _places(strip, x, rows, plan):
        strip[there] = x[here]
    return strip


def _places(strip, x, rows, plan):
    """Yield pairs of indices for each column of the kernel: where in a strip, and where in x, a pixel is."""
    (SH, SW), (PH, PW), (DH, DW) = plan.stride, plan.padding, plan.dilation
    there, here = meeting(len(strip), rows.start * SH - PH, DH, len(x))
    for j in range(plan.kernel[1]):
        cols, cols_of_x = meeting(plan.out[1], j * DW - PW, SW, x.shape[2])
        yield (there, j, slice(None), cols), (here, slice(None), cols_of_x)


def _seen(strip, plan):
    """View a strip as what each row of y sees of it: (rows of y, KH * KW * C, OW * N).

    Matrices of neighbouring rows overlap: they are the same memory, a few lines further on.
    """
    height, KW, C, OW, N = strip.shape
    KH, SH = plan.kernel[0], plan.stride[0]
    row, line, number = strip.strides[0], strip.strides[2], strip.itemsize  # bytes from each to the next
    shape = (height - KH) // SH + 1, KH * KW * C, OW * N
    return as_strided(strip, shape, (SH * row, line, number))


def _lines(rows):
    """View rows (rows, channels, cols, N) as matrices (rows, channels, cols * N)."""
    count, channels, cols, N = rows.shape
    return rows.reshape(count, channels, cols * N)


def _matrix(weight):
    """Write each filter in a line, in the order in which a strip has the pixels: (O, KH * KW * C)."""
    return weight.transpose(0, 2, 3, 1).reshape(len(weight), -1)


def _filters(matrix, shape):
    """Undo `_matrix`."""
    O, C, KH, KW = shape
    return matrix.reshape(O, KH, KW, C).transpose(0, 3, 1, 2)


def _flipped(weight):
    """Turn kernels by 180 degrees and swap input and output channels; twice is not at all."""
    return weight[:, :, ::-1, ::-1].swapaxes(0, 1)


def _rows_first(x):
    """Lay (N, C, H, W) out as (H, C, W, N): a view, if in memory the batch lies last already.

    Otherwise a copy, once and not for every strip. Eight images at a time, because what lies far apart
    collides in the cache if there is more of it.
    """
    view = x.transpose(2, 1, 3, 0)
    if len(x) < 2 or x.strides[0] == x.itemsize:
        return view
    laid = np.empty(view.shape, x.dtype)
    for n in range(0, len(x), 8):
        laid[..., n : n + 8] = view[..., n : n + 8]
    return laid


def _groups(plan, in_channels, out_channels):
    """Yield the channels, two slices, that each group reads and writes."""
    C, O = in_channels // plan.groups, out_channels // plan.groups
    for g in range(plan.groups):
        yield slice(g * C, (g + 1) * C), slice(g * O, (g + 1) * O)


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
