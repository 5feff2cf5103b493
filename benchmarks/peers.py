"""Other ways to convolve with NumPy, as courses and libraries do it: what cnnlib is compared with.

Each is a pair of functions, ``forward(x, weight, bias, padding)``, which returns y and a cache, and
``backward(dy, cache)``, which returns dx, dweight and dbias. Shapes are PyTorch's, the stride is 1.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib.layers import Conv2d, MaxPool2d

BLOCK = 2**20  # bytes of unrolled windows that `blocked_forward` makes at a time


def padded(x, padding):
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def inner(x, padding):
    """Cut the padding off again."""
    return x[:, :, padding : x.shape[2] - padding, padding : x.shape[3] - padding]


# Loops: one window at a time, as the naive layers of CS231n's assignments.


def loops_forward(x, weight, bias, padding):
    x = padded(x, padding)
    (N, _, H, W), (O, _, KH, KW) = x.shape, weight.shape
    y = np.empty((N, O, H - KH + 1, W - KW + 1), x.dtype)
    for n, o, row, col in np.ndindex(y.shape):
        y[n, o, row, col] = np.sum(x[n, :, row : row + KH, col : col + KW] * weight[o]) + bias[o]
    return y, (x, weight, padding)


def loops_backward(dy, cache):
    x, weight, padding = cache
    KH, KW = weight.shape[2:]
    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros(len(weight), x.dtype)
    for n, o, row, col in np.ndindex(dy.shape):
        window = (n, slice(None), slice(row, row + KH), slice(col, col + KW))
        dx[window] += dy[n, o, row, col] * weight[o]
        dweight[o] += dy[n, o, row, col] * x[window]
        dbias[o] += dy[n, o, row, col]
    return inner(dx, padding), dweight, dbias


# einsum over a view of all windows; NumPy finds out itself that it is a matrix product.


def einsum_forward(x, weight, bias, padding):
    windows = sliding_window_view(padded(x, padding), weight.shape[2:], axis=(2, 3))  # (N, C, OH, OW, KH, KW)
    y = np.einsum("nchwij,ocij->nohw", windows, weight, optimize=True)
    return y + bias[:, None, None], (windows, weight, padding)


def einsum_backward(dy, cache):
    windows, weight, padding = cache
    KH, KW = weight.shape[2:]
    dweight = np.einsum("nohw,nchwij->ocij", dy, windows, optimize=True)
    full = np.pad(dy, ((0, 0), (0, 0), (KH - 1, KH - 1), (KW - 1, KW - 1)))
    seen = sliding_window_view(full, (KH, KW), axis=(2, 3))
    dx = np.einsum("nohwij,ocij->nchw", seen, weight[:, :, ::-1, ::-1], optimize=True)
    return inner(dx, padding), dweight, dy.sum(axis=(0, 2, 3))


# im2col by index arrays, and back by np.add.at, as in CS231n's assignments and what was made after them.


def _indices(C, KH, KW, OH, OW):
    """Channel, row and column of each pixel of each window: (C * KH * KW, 1) and (C * KH * KW, OH * OW)."""
    channel, i, j = np.indices((C, KH, KW)).reshape(3, -1, 1)
    row, col = np.indices((OH, OW)).reshape(2, 1, -1)
    return channel, i + row, j + col


def im2col_forward(x, weight, bias, padding):
    x = padded(x, padding)
    (N, C, H, W), (O, _, KH, KW) = x.shape, weight.shape
    OH, OW = H - KH + 1, W - KW + 1
    where = _indices(C, KH, KW, OH, OW)
    columns = x[:, *where].transpose(1, 2, 0).reshape(C * KH * KW, -1)  # (C * KH * KW, OH * OW * N)
    y = weight.reshape(O, -1) @ columns + bias[:, None]
    return y.reshape(O, OH, OW, N).transpose(3, 0, 1, 2), (columns, where, x.shape, weight, padding)


def im2col_backward(dy, cache):
    columns, where, shape, weight, padding = cache
    O, N = len(weight), shape[0]
    rows = dy.transpose(1, 2, 3, 0).reshape(O, -1)  # (O, OH * OW * N)
    dcolumns = weight.reshape(O, -1).T @ rows
    dx = np.zeros(shape, dy.dtype)
    np.add.at(dx, (slice(None), *where), dcolumns.reshape(len(columns), -1, N).transpose(2, 0, 1))
    return inner(dx, padding), (rows @ columns.T).reshape(weight.shape), dy.sum(axis=(0, 2, 3))


# im2col with the batch last in memory and a block of rows at a time, so that columns stay in the cache.


def _blocks(x, kernel, OH, OW):
    """Yield rows of the output whose columns take about BLOCK bytes, and the columns' view of x."""
    C, N = x.shape[0], x.shape[3]
    windows = sliding_window_view(x, kernel, axis=(1, 2)).transpose(
        0, 4, 5, 1, 2, 3
    )  # (C, KH, KW, OH, OW, N)
    count = max(1, BLOCK // (C * kernel[0] * kernel[1] * OW * N * x.itemsize))
    for top in range(0, OH, count):
        rows = slice(top, min(top + count, OH))
        yield rows, windows[:, :, :, rows]


def blocked_forward(x, weight, bias, padding):
    x = np.ascontiguousarray(padded(x, padding).transpose(1, 2, 3, 0))  # (C, H, W, N)
    (C, H, W, N), (O, _, KH, KW) = x.shape, weight.shape
    y = np.empty((O, H - KH + 1, W - KW + 1, N), x.dtype)
    for rows, windows in _blocks(x, (KH, KW), *y.shape[1:3]):
        columns = windows.reshape(C * KH * KW, -1)  # a copy
        y[:, rows] = (weight.reshape(O, -1) @ columns + bias[:, None]).reshape(y[:, rows].shape)
    return y.transpose(3, 0, 1, 2), (x, weight, padding)


def blocked_backward(dy, cache):
    x, weight, padding = cache
    dy = np.ascontiguousarray(dy.transpose(1, 2, 3, 0))  # (O, OH, OW, N)
    (O, _, KH, KW), (_, OH, OW, _) = weight.shape, dy.shape
    matrix, dmatrix, dx = weight.reshape(O, -1), 0, np.zeros_like(x)
    for rows, windows in _blocks(x, (KH, KW), OH, OW):
        tile = dy[:, rows].reshape(O, -1)
        dmatrix = dmatrix + tile @ windows.reshape(matrix.shape[1], -1).T
        dwindows = (matrix.T @ tile).reshape(windows.shape)
        for i, j in np.ndindex(KH, KW):
            dx[:, rows.start + i : rows.stop + i, j : j + OW] += dwindows[:, i, j]
    return inner(dx.transpose(3, 0, 1, 2), padding), dmatrix.reshape(weight.shape), dy.sum(axis=(1, 2, 3))


PEERS = {
    "blocked im2col": (blocked_forward, blocked_backward),
    "index im2col": (im2col_forward, im2col_backward),
    "einsum": (einsum_forward, einsum_backward),
    "loops": (loops_forward, loops_backward),
}


class Im2colConv2d(Conv2d):
    """A layer that convolves as `im2col_forward` does."""

    def forward(self, x):
        y, self._cache = im2col_forward(x, self.weight, self.bias, self.padding[0])
        return y

    def backward(self, dy, need_dx=True):
        dx, self.dweight, self.dbias = im2col_backward(dy, self._cache)
        return dx


class ReshapedMaxPool2d(MaxPool2d):
    """Max-pooling of windows that do not overlap, by reshaping, as in CS231n's assignments."""

    def forward(self, x):
        (N, C, H, W), (KH, KW) = x.shape, self.kernel_size
        self._windows = x.reshape(N, C, H // KH, KH, W // KW, KW)
        self._y = self._windows.max(axis=(3, 5))
        return self._y

    def backward(self, dy):
        N, C, rows, KH, cols, KW = self._windows.shape
        won = self._windows == self._y[:, :, :, None, :, None]
        shared = dy / won.sum(axis=(3, 5))  # equal pixels share
        dx = won * shared[:, :, :, None, :, None].astype(dy.dtype)
        return dx.reshape(N, C, rows * KH, cols * KW)
