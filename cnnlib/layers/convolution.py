"""The convolutional layer."""

import math

from cnnlib.convolution import conv2d_backward_cached, conv2d_forward
from cnnlib.layers.base import Layer, generator, uniform
from cnnlib.windows import integer, pair


class Conv2d(Layer):
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
    >>> import numpy as np
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
        rng = generator(rng)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        fan_in = math.prod(shape[1:])
        self.weight = uniform(rng, shape, fan_in)
        self.bias = uniform(rng, (out_channels,), fan_in) if bias else None

    def forward(self, x):  # (N, C, H, W)
        x = self._check_x(x, ("N", self.in_channels, "H", "W"))
        how = self.stride, self.padding, self.dilation, self.groups
        y, self._cache = conv2d_forward(x, self.weight, self.bias, *how)
        return self._pass(y)  # (N, O, OH, OW)

    def backward(self, dy, need_dx=True):  # (N, O, OH, OW)
        dy = self._check_dy(dy)
        dx, self.dweight, dbias = conv2d_backward_cached(dy, self._cache, need_dx)
        self.dbias = None if self.bias is None else dbias
        return dx  # (N, C, H, W)

    def __repr__(self):
        text = f"Conv2d({self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        defaults = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text + (")" if self.bias is not None else ", bias=False)")
