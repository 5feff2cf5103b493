"""Layers that keep one number of each window: the largest, or the mean."""

from cnnlib.layers.base import Layer
from cnnlib.pooling import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from cnnlib.windows import pair


class _Pool2d(Layer):
    """What poolings share: how their windows lie."""

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

    def _windows(self):
        return self.kernel_size, self.stride, self.padding, self.ceil_mode

    def __repr__(self):
        text = f"{type(self).__name__}(kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        return text + (", ceil_mode=True)" if self.ceil_mode else ")")


class MaxPool2d(_Pool2d):
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
    >>> import numpy as np
    >>> pool = MaxPool2d(2)
    >>> pool.forward(np.array([[[[1.0, 2.0, 8.0, 7.0], [4.0, 3.0, 5.0, 6.0]]]]))
    array([[[[4., 8.]]]])
    >>> pool.backward(np.array([[[[10.0, 20.0]]]]))
    array([[[[ 0.,  0., 20.,  0.],
             [10.,  0.,  0.,  0.]]]])
    """

    def forward(self, x):  # (N, C, H, W)
        self._x = self._check_x(x, ("N", "C", "H", "W"))
        self._y = max_pool2d(self._x, *self._windows())  # (N, C, OH, OW)
        return self._pass(self._y)

    def backward(self, dy):  # (N, C, OH, OW)
        dy = self._check_dy(dy)
        return max_pool2d_backward(dy, self._x, *self._windows(), y=self._y)  # (N, C, H, W)


class AvgPool2d(_Pool2d):
    """The mean of each window; its pixels share the gradient equally.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode
        As for `MaxPool2d`.
    count_include_pad : bool
        Whether the padding counts, as zeros; otherwise the mean is over the pixels that exist.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11):2278-2324, 1998 (there with a learned factor and bias).

    Examples
    --------
    >>> import numpy as np
    >>> pool = AvgPool2d(2)
    >>> pool.forward(np.array([[[[1.0, 2.0, 8.0, 7.0], [4.0, 3.0, 5.0, 6.0]]]]))  # 10 / 4 and 26 / 4
    array([[[[2.5, 6.5]]]])
    >>> pool.backward(np.array([[[[4.0, 8.0]]]]))
    array([[[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]]])
    """

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.count_include_pad = count_include_pad

    def forward(self, x):  # (N, C, H, W)
        self._x = self._check_x(x, ("N", "C", "H", "W"))
        return self._pass(avg_pool2d(self._x, *self._windows()))  # (N, C, OH, OW)

    def backward(self, dy):  # (N, C, OH, OW)
        dy = self._check_dy(dy)
        return avg_pool2d_backward(dy, self._x, *self._windows())  # (N, C, H, W)

    def _windows(self):
        return *super()._windows(), self.count_include_pad

    def __repr__(self):
        text = super().__repr__()
        return text if self.count_include_pad else f"{text[:-1]}, count_include_pad=False)"
