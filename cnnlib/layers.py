"""Layers, each with its forward pass and its backward pass side by side.

``forward(x)`` returns y. ``backward(dy)`` takes the gradient of the loss with respect to y, keeps the
gradients of the parameters as ``dweight`` and ``dbias``, and returns the gradient with respect to x.
Names, shapes, argument order and results are PyTorch's. Arrays are floating point: float64, like the
parameters, unless you convert both. No input is ever written to.

Every layer raises TypeError for numbers of the wrong type, ValueError for arguments that make no layer
and for an x or dy of the wrong shape, and RuntimeError if `backward` comes before `forward`.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib.windows import col2im, im2col, integer, output_size, pair


class _Layer:
    """What the layers share: parameters (none, unless a layer says otherwise) and checks."""

    weight = bias = dweight = dbias = None
    _passed = None  # shape and dtype of what forward returned last

    def _check_x(self, x, shape=None):
        """Check what goes forward; None allows any shape."""
        x = np.asarray(x)
        if not np.issubdtype(x.dtype, np.floating):
            raise TypeError(f"{self} needs floating point: got x of {x.dtype}; convert with x.astype(float)")
        for name, parameter in (("weight", self.weight), ("bias", self.bias)):
            if parameter is not None and parameter.dtype != x.dtype:
                raise TypeError(
                    f"{self} needs x and {name} of the same type: got x of {x.dtype} and "
                    f"{name} of {parameter.dtype}; convert one of them with astype"
                )
        if shape is not None and not _matches(x.shape, shape):
            raise ValueError(f"{self} expected x of shape ({', '.join(map(str, shape))}): got {x.shape}")
        return x

    def _check_dy(self, dy):
        """Check what comes back: it must look like what forward returned."""
        if self._passed is None:
            raise RuntimeError(f"{self}: backward(dy) needs a call of forward(x) before it")
        dy = np.asarray(dy)
        shape, dtype = self._passed
        if dy.shape != shape:
            raise ValueError(f"{self} expected dy of shape {shape}, as forward returned: got {dy.shape}")
        if dy.dtype != dtype:
            raise TypeError(f"{self} expected dy of {dtype}, as forward returned: got {dy.dtype}")
        return dy

    def _pass(self, y):
        self._passed = y.shape, y.dtype
        return y


def _matches(shape, pattern):
    """Compare shapes; in the pattern, a name stands for any size."""
    return len(shape) == len(pattern) and all(
        isinstance(wanted, str) or size == wanted for size, wanted in zip(shape, pattern, strict=True)
    )


def _uniform(rng, shape, fan_in):
    """Draw from -1/sqrt(fan_in) to 1/sqrt(fan_in); fan_in is how many inputs an output depends on."""
    bound = 1 / math.sqrt(fan_in)
    return rng.uniform(-bound, bound, shape)


def _generator(rng):
    if rng is None:
        return np.random.default_rng(0)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator: got {type(rng).__name__}")
    return rng


class Conv2d(_Layer):
    """Convolution without a flip, as in PyTorch: every filter looks at every window.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of x and of y; there is one filter for each channel of y.
    kernel_size : int or (int, int)
        Rows and columns of a filter, in pixels.
    stride, padding, dilation : int or (int, int)
        In pixels, as in `cnnlib.windows.output_size`.
    groups : int
        Into how many blocks the channels are split; a filter sees the channels of its own block.
    bias : bool
        Whether each filter adds a number of its own.
    rng : numpy.random.Generator, optional
        Draws `weight`, then `bias`, uniformly within 1/sqrt(fan_in) of 0, which is PyTorch's default;
        ``np.random.default_rng(0)`` unless given, so layers of one shape start out equal without it.

    Attributes
    ----------
    weight, dweight : ndarray of shape (out_channels, in_channels // groups, KH, KW)
    bias, dbias : ndarray of shape (out_channels,), or None

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11):2278-2324, 1998.

    Examples
    --------
    >>> conv = Conv2d(1, 1, kernel_size=2, bias=False)
    >>> conv.weight = np.array([[[[1.0, 0.0], [0.0, 1.0]]]])
    >>> conv.forward(np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]]))  # 1 + 5 and 2 + 6
    array([[[[6., 8.]]]])
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        *,
        rng=None,
    ):
        self.in_channels = integer(in_channels, "in_channels", 1)
        self.out_channels = integer(out_channels, "out_channels", 1)
        self.kernel_size = pair(kernel_size, "kernel_size", 1)
        self.stride = pair(stride, "stride", 1)
        self.padding = pair(padding, "padding")
        self.dilation = pair(dilation, "dilation", 1)
        self.groups = integer(groups, "groups", 1)
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"groups must divide {name}: got groups={groups} and {name}={channels}")
        rng = _generator(rng)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        fan_in = math.prod(shape[1:])
        self.weight = _uniform(rng, shape, fan_in)
        self.bias = _uniform(rng, (out_channels,), fan_in) if bias else None

    def forward(self, x):  # (N, C, H, W)
        x = self._check_x(x, ("N", self.in_channels, "H", "W"))
        N, _, H, W = x.shape
        OH, OW = map(output_size, (H, W), self.kernel_size, self.stride, self.padding, self.dilation)
        G, O, K = self.groups, self.out_channels, math.prod(self.weight.shape[1:])
        columns = im2col(x, self.kernel_size, self.stride, self.padding, self.dilation)
        self._columns, self._x_shape = columns.reshape(N, G, K, OH * OW), x.shape
        y = self.weight.reshape(G, O // G, K) @ self._columns  # (N, G, O / G, OH * OW)
        y = y.reshape(N, O, OH, OW)
        if self.bias is not None:
            y += self.bias[:, None, None]
        return self._pass(y)

    def backward(self, dy):  # (N, O, OH, OW)
        dy = self._check_dy(dy)
        N, G, K, L = self._columns.shape
        O = self.out_channels
        if self.bias is not None:
            self.dbias = dy.sum(axis=(0, 2, 3))  # (O,)
        dy = dy.reshape(N, G, O // G, L)
        dweight = (dy @ self._columns.swapaxes(2, 3)).sum(axis=0)  # (G, O / G, K)
        self.dweight = dweight.reshape(self.weight.shape)
        dcolumns = self.weight.reshape(G, O // G, K).swapaxes(1, 2) @ dy  # (N, G, K, L)
        dcolumns = dcolumns.reshape(N, G * K, L)
        return col2im(dcolumns, self._x_shape, self.kernel_size, self.stride, self.padding, self.dilation)

    def __repr__(self):
        text = f"Conv2d({self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        defaults = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text + (")" if self.bias is not None else ", bias=False)")


class MaxPool2d(_Layer):
    """The largest value of each window; the gradient goes to the pixel that had it.

    Of equal pixels the first in reading order wins. Pixels that do not exist never win.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Rows and columns of the window, in pixels.
    stride : int or (int, int), optional
        Pixels from one window to the next; `kernel_size` by default.
    padding : int or (int, int)
        How far, in pixels, windows may stick out on each side: at most half the window.
    ceil_mode : bool
        Whether a last window that is only partly on the image counts.

    References
    ----------
    D. Scherer, A. Müller, S. Behnke, "Evaluation of pooling operations in convolutional
    architectures for object recognition", ICANN 2010.

    Examples
    --------
    >>> pool = MaxPool2d(2)
    >>> pool.forward(np.array([[[[1.0, 2.0, 8.0, 7.0], [4.0, 3.0, 5.0, 6.0]]]]))
    array([[[[4., 8.]]]])
    >>> pool.backward(np.array([[[[10.0, 20.0]]]]))
    array([[[[ 0.,  0., 20.,  0.],
             [10.,  0.,  0.,  0.]]]])
    """

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False):
        self.kernel_size = pair(kernel_size, "kernel_size", 1)
        self.stride = self.kernel_size if stride is None else pair(stride, "stride", 1)
        self.padding = pair(padding, "padding")
        self.ceil_mode = ceil_mode
        if any(2 * p > k for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ValueError(
                f"padding must be at most half of kernel_size: "
                f"got padding={padding} and kernel_size={kernel_size}"
            )

    def forward(self, x):  # (N, C, H, W)
        x = self._check_x(x, ("N", "C", "H", "W"))
        (KH, KW), (SH, SW), (PH, PW) = self.kernel_size, self.stride, self.padding
        N, C, H, W = x.shape
        OH = output_size(H, KH, SH, PH, ceil_mode=self.ceil_mode)
        OW = output_size(W, KW, SW, PW, ceil_mode=self.ceil_mode)

        # Minus infinity never beats a pixel. The last windows stick out by less than their size.
        padded = np.pad(x, ((0, 0), (0, 0), (PH, KH - 1), (PW, KW - 1)), constant_values=-np.inf)
        windows = sliding_window_view(padded, (KH, KW), axis=(2, 3))
        windows = windows[:, :, : OH * SH : SH, : OW * SW : SW].reshape(N, C, OH, OW, KH * KW)
        winner = windows.argmax(axis=-1)  # (N, C, OH, OW)
        rows = np.arange(OH)[:, None] * SH - PH + winner // KW
        cols = np.arange(OW) * SW - PW + winner % KW
        # Padding wins only where every pixel is -inf too; then the window's first pixel shall.
        rows, cols = np.maximum(rows, 0), np.maximum(cols, 0)
        n, c, _, _ = np.indices(winner.shape, sparse=True)
        self._winner, self._x_shape = (n, c, rows, cols), x.shape
        return self._pass(x[self._winner])

    def backward(self, dy):  # (N, C, OH, OW)
        dy = self._check_dy(dy)
        dx = np.zeros(self._x_shape, dy.dtype)
        np.add.at(dx, self._winner, dy)  # where windows overlap, a pixel can win more than once
        return dx

    def __repr__(self):
        text = f"MaxPool2d(kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        return text + (", ceil_mode=True)" if self.ceil_mode else ")")


class ReLU(_Layer):
    """Change everything negative to zero; the gradient passes where the value did.

    References
    ----------
    V. Nair, G. E. Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.

    Examples
    --------
    >>> ReLU().forward(np.array([-0.11, 0.77]))
    array([0.  , 0.77])
    """

    def forward(self, x):  # any shape
        x = self._check_x(x)
        self._positive = x > 0
        return self._pass(np.maximum(x, 0))

    def backward(self, dy):
        dy = self._check_dy(dy)
        return np.where(self._positive, dy, 0)

    def __repr__(self):
        return "ReLU()"


class Linear(_Layer):
    """Every value gets a vote: y = x @ weight.T + bias.

    Parameters
    ----------
    in_features, out_features : int
        How many values come in, and how many go out.
    bias : bool
        Whether each output adds a number of its own.
    rng : numpy.random.Generator, optional
        Draws `weight`, then `bias`, as for `Conv2d`; fan_in is `in_features`.

    Attributes
    ----------
    weight, dweight : ndarray of shape (out_features, in_features)
    bias, dbias : ndarray of shape (out_features,), or None

    Examples
    --------
    >>> votes = Linear(2, 1, bias=False)
    >>> votes.weight = np.array([[1.0, -2.0]])
    >>> votes.forward(np.array([[5.0, 1.0]]))  # 1 * 5 - 2 * 1
    array([[3.]])
    """

    def __init__(self, in_features, out_features, bias=True, *, rng=None):
        self.in_features = integer(in_features, "in_features", 1)
        self.out_features = integer(out_features, "out_features", 1)
        rng = _generator(rng)
        self.weight = _uniform(rng, (out_features, in_features), in_features)
        self.bias = _uniform(rng, (out_features,), in_features) if bias else None

    def forward(self, x):  # (N, in_features)
        self._x = x = self._check_x(x, ("N", self.in_features))
        y = x @ self.weight.T  # (N, out_features)
        return self._pass(y if self.bias is None else y + self.bias)

    def backward(self, dy):  # (N, out_features)
        dy = self._check_dy(dy)
        self.dweight = dy.T @ self._x  # (out_features, in_features)
        if self.bias is not None:
            self.dbias = dy.sum(axis=0)  # (out_features,)
        return dy @ self.weight  # (N, in_features)

    def __repr__(self):
        return f"Linear({self.in_features}, {self.out_features}, bias={self.bias is not None})"


class Flatten(_Layer):
    """Write each example's values in one row.

    Examples
    --------
    >>> Flatten().forward(np.array([[[1.0, 2.0], [3.0, 4.0]]]))
    array([[1., 2., 3., 4.]])
    """

    def forward(self, x):  # (N, ...)
        x = self._check_x(x)
        if x.ndim < 2:
            raise ValueError(f"{self} expected x of shape (N, ...): got {x.shape}")
        self._x_shape = x.shape
        return self._pass(x.reshape(len(x), math.prod(x.shape[1:])))

    def backward(self, dy):  # (N, values)
        return self._check_dy(dy).reshape(self._x_shape)

    def __repr__(self):
        return "Flatten()"
