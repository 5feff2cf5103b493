"""Convolution with 3x3 kernels in a quarter of the multiplications: Winograd's F(4x4, 3x3).

Two neighbouring outputs of a filter with three taps, ``y0 = d0 g0 + d1 g1 + d2 g2`` and
``y1 = d1 g0 + d2 g1 + d3 g2``, seem to take six multiplications. Four are enough, F(2, 3):

    m0 = (d0 - d2) * g0                        y0 = m0 + m1 + m2
    m1 = (d1 + d2) * (g0 + g1 + g2) / 2        y1 = m1 - m2 - m3
    m2 = (d2 - d1) * (g0 - g1 + g2) / 2
    m3 = (d1 - d3) * g2

for what is done to the filter is done once, for the whole image. With matrices of 0, 1, -1 and 1/2 this
reads ``y = AT @ ((G @ g) * (BT @ d))``. Here it is F(4, 3), four outputs from six multiplications, along
rows and along columns: 36 multiplications make a tile of 4x4 outputs, which would take 144.

1. Transform the tiles, 6x6 pixels that overlap by two, and the filters: 36 numbers each.
2. Multiply: each of the 36 positions is a matrix product of its own, (tiles, C) times (C, O).
3. Transform back: 36 numbers become 4x4 outputs.

Every step is linear, so the gradients take the same steps backwards, with the matrices transposed.

The price is accuracy. The transforms add numbers that nearly cancel: in float32 a result is off by up to
1e-5 of the largest one, some 15 times as much as in `cnnlib.convolution` (in float64 by 2e-14).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnlib.precision import floats
from cnnlib.windows import output_size, pair

# F(4, 3), as Lavin and Gray give it.
BT = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0]]
BT += [[0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]
G = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
AT = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
# Rows and columns in one step: what this does to a tile whose pixels are written one below the other.
BT, G, AT = (np.kron(matrix, matrix) for matrix in (BT, G, AT))  # (36, 36), (36, 9), (16, 36)

# Sizes that measured well. With any others the results are the same, but for rounding.
BLOCK = 2**20  # bytes of transformed tiles that are worked on together and stay in the cache meanwhile
SMALL = 10**6  # multiply-adds up to which OpenBLAS multiplies matrices without copying them first


class _Cache(NamedTuple):
    """What the gradients need."""

    x_shape: tuple
    out: tuple  # rows and columns of y
    padding: tuple
    filters: np.ndarray  # transformed, (36, C, O)
    tiles: list  # (block, its transformed tiles, (36, T, C)), for each block


def conv2d(x, weight, bias=None, padding=0):
    """Slide 3x3 filters over images; at each position multiply, then add up.

    What `cnnlib.convolution.conv2d` computes, with a stride of 1. It pays from some 32 channels on.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images, float32 or float64; the result has the same type.
    weight : ndarray of shape (O, C, 3, 3)
        One filter for each of the O output channels.
    bias : ndarray of shape (O,), optional
        What each filter adds.
    padding : int or (int, int)
        How many rows, and columns, of zeros are added at each end, in pixels.

    Returns
    -------
    ndarray of shape (N, O, OH, OW)
        In memory the channels lie last, which is how the next call likes them best.

    Raises
    ------
    TypeError
        If arrays are not float32 or float64, or not all of one type, or `padding` is not an integer.
    ValueError
        If shapes do not fit together, kernels are not 3x3, or no window fits.

    References
    ----------
    A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR 2016.

    Examples
    --------
    >>> x, weight = np.zeros((1, 1, 3, 4)), np.zeros((1, 1, 3, 3))
    >>> x[0, 0, 1], weight[0, 0, 1] = [1, 2, 3, 4], [100, 10, 1]
    >>> conv2d(x, weight).round(9)  # 1 * 100 + 2 * 10 + 3, 2 * 100 + 3 * 10 + 4
    array([[[[123., 234.]]]])
    """
    return _forward(x, weight, bias, padding, keep=False)[0]


def conv2d_backward(dy, x, weight, padding=0):
    """Compute the three gradients of `conv2d`.

    Parameters
    ----------
    dy : ndarray of shape (N, O, OH, OW)
        Gradient of the loss with respect to what `conv2d` returned.
    x, weight, padding
        What `conv2d` was given.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        In memory the channels lie last.
    dweight : ndarray of shape (O, C, 3, 3)
    dbias : ndarray of shape (O,)

    Raises
    ------
    TypeError, ValueError
        As `conv2d`, or if `dy` is not of the type and shape of its result.

    Examples
    --------
    >>> x, weight = np.full((1, 1, 3, 3), 2.0), np.full((1, 1, 3, 3), 3.0)
    >>> dx, dweight, dbias = conv2d_backward(np.array([[[[10.0]]]]), x, weight)
    >>> dx[0, 0, 0].round(9), dweight[0, 0, 0].round(9), dbias.round(9)  # 10 * 3, 10 * 2, 10
    (array([30., 30., 30.]), array([20., 20., 20.]), array([10.]))
    """
    return conv2d_backward_cached(dy, conv2d_forward(x, weight, padding=padding)[1])


def conv2d_forward(x, weight, bias=None, padding=0):
    """Compute `conv2d` and keep what `conv2d_backward_cached` needs.

    Takes and raises what `conv2d` does. Returns y and a cache: the transformed tiles, 2.25 times as
    many numbers as `x` has (more if sizes are no multiples of 4), and the transformed filters.

    Examples
    --------
    >>> y, cache = conv2d_forward(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), np.array([0.5]))
    >>> y.round(9)  # nine ones and a half
    array([[[[9.5]]]])
    >>> conv2d_backward_cached(y, cache, need_dx=False)[2].round(9)
    array([9.5])
    """
    return _forward(x, weight, bias, padding, keep=True)


def conv2d_backward_cached(dy, cache, need_dx=True):
    """Compute the three gradients of `conv2d_forward`, from what it returned beside y.

    Returns and raises what `conv2d_backward` does; dx is None if it is not wanted (`need_dx`), which
    saves the first layer of a network some work. For an example see `conv2d_forward`.
    """
    (N, C, H, W), out, padding, filters, blocks = cache
    dy, _ = floats(dy=dy, weight=filters)
    O = filters.shape[2]
    if dy.shape != (N, O, *out):
        raise ValueError(f"dy must have the shape of y, {(N, O, *out)}: got {dy.shape}")

    dy = dy.transpose(0, 2, 3, 1)
    dx = np.zeros((N, H, W, C), dy.dtype) if need_dx else None
    dfilters, dbias = np.zeros_like(filters), np.zeros(O, dy.dtype)
    transposed = filters.swapaxes(1, 2).copy()  # (36, O, C)
    for block, tiles in blocks:
        dproducts = _transform(AT.T, _gather(dy, block, 4))  # (36, T, O)
        dfilters += tiles.swapaxes(1, 2) @ dproducts
        dbias += dproducts[7].sum(axis=0)  # column 7 of AT is all ones: that adds up the tile
        if need_dx:
            _scatter(_transform(BT.T, dproducts @ transposed), dx, block, 6, padding)
    dweight = _transform(G.T, dfilters).reshape(3, 3, C, O).transpose(3, 2, 0, 1)
    return dx.transpose(0, 3, 1, 2) if need_dx else None, dweight, dbias


def _forward(x, weight, bias, padding, keep):
    x, weight, *rest = floats(x=x, weight=weight, **({} if bias is None else {"bias": bias}))
    if x.ndim != 4 or weight.ndim != 4 or weight.shape[1:] != (x.shape[1], 3, 3):
        raise ValueError(
            f"x must have shape (N, C, H, W) and weight (O, C, 3, 3): got {x.shape} and {weight.shape}; "
            "for other kernels, for strides, dilation and groups use cnnlib.convolution.conv2d"
        )
    (N, C, H, W), O = x.shape, len(weight)
    bias = rest[0] if rest else np.zeros(O, x.dtype)
    if bias.shape != (O,):
        raise ValueError(f"bias must have shape {(O,)}, a number for each filter: got {bias.shape}")
    padding = pair(padding, "padding")
    out = output_size(H, 3, padding=padding[0]), output_size(W, 3, padding=padding[1])

    x, y, kept = x.transpose(0, 2, 3, 1), np.zeros((N, *out, O), x.dtype), []
    filters = _transform(G, weight.transpose(2, 3, 1, 0).reshape(9, C, O))  # (36, C, O)
    for block in _blocks(N, out, max(C, O) * x.itemsize):
        tiles = _transform(BT, _gather(x, block, 6, padding))  # (36, T, C)
        _scatter(_transform(AT, tiles @ filters) + bias, y, block, 4)
        kept += [(block, tiles)] if keep else []
    return y.transpose(0, 3, 1, 2), _Cache((N, C, H, W), out, padding, filters, kept)


# From here on images are (N, H, W, C), and a block is a pair of slices: of images and of rows of tiles.


def _blocks(N, out, pixel):
    """Yield blocks whose transformed tiles take about BLOCK bytes, if a pixel takes `pixel` bytes."""
    count, across = (-(-size // 4) for size in out)  # how many tiles: the last ones may stick out
    row = max(1, 36 * across * pixel)
    rows, images = min(count, max(1, BLOCK // row)), max(1, BLOCK // (row * count))
    for image in range(0, N, images):
        for top in range(0, count, rows):
            yield slice(image, min(image + images, N)), slice(top, min(top + rows, count))


def _transform(matrix, tiles):
    """Multiply each tile by a matrix: (36, T, C), say, to (16, T, C). Pieces are small for OpenBLAS."""
    T, C = tiles.shape[1:]
    fitting = (n for n in range(1, T) if T % n == 0 and T // n * C * matrix.size <= SMALL)
    pieces = next(fitting, max(1, T))
    transformed = np.empty((len(matrix), T, C), tiles.dtype)
    cut = [a.reshape(len(a), pieces, T // pieces * C).swapaxes(0, 1) for a in (tiles, transformed)]
    np.matmul(matrix.astype(tiles.dtype), cut[0], out=cut[1])
    return transformed


def _gather(x, block, size, padding=(0, 0)):
    """Copy the tiles of a block, size x size pixels each, out of x: (size * size, T, C)."""
    strip, there, here = _strip(x, block, size, padding)
    C = x.shape[3]
    step = C if x.strides[3] == x.itemsize else 8  # where channels lie far apart, few fit in the cache
    for c in range(0, C, step):
        strip[there][..., c : c + step] = x[here][..., c : c + step]
    tiles = _tiles(strip, size)
    return tiles.reshape(size * size, math.prod(tiles.shape[2:5]), C)


def _scatter(tiles, x, block, size, padding=(0, 0)):
    """Add the tiles of a block to x, where `_gather` finds them. (The one is the other's transpose.)"""
    strip, there, here = _strip(x, block, size, padding)
    places = _tiles(strip, size)
    tiles = tiles.reshape(places.shape)
    for i in (0, 4):  # tiles overlap, but their first four rows do not, nor do what is left
        for j in (0, 4):
            places[i : i + 4, j : j + 4] += tiles[i : i + 4, j : j + 4]
    x[here] += strip[there]


def _strip(x, block, size, padding):
    """Make an empty strip of pixels for a block; return also where it and x overlap, in both."""
    (images, rows), (_, H, W, C), (PH, PW) = block, x.shape, padding
    margin = size - 4  # by which a tile overlaps the next
    height, top = 4 * (rows.stop - rows.start) + margin, 4 * rows.start - PH
    width = -(-(W + 2 * PW - margin) // 4) * 4 + margin
    strip = np.zeros((images.stop - images.start, height, width, C), x.dtype)
    first, last = max(0, top), max(0, top, min(H, top + height))
    there = slice(None), slice(first - top, last - top), slice(PW, PW + W)
    return strip, there, (images, slice(first, last))


def _tiles(strip, size):
    """View a strip as its tiles: (size, size, N, rows, columns, C)."""
    (N, height, width, C), (n, h, w, c) = strip.shape, strip.strides
    shape = (size, size, N, (height - size) // 4 + 1, (width - size) // 4 + 1, C)
    return as_strided(strip, shape, (h, w, n, 4 * h, 4 * w, c))
