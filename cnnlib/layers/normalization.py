"""Batch normalisation."""

import numpy as np

from cnnlib.layers.base import Layer
from cnnlib.windows import integer


class BatchNorm2d(Layer):
    """Give each channel mean 0 and variance 1, then a learned scale and shift.

    In training the mean and the variance are those of the batch, over examples, rows and columns, and a
    running estimate follows them. After `eval` the running estimate is used, so that what an example
    becomes no longer depends on its neighbours.

    Parameters
    ----------
    num_features : int
        Channels.
    eps : float
        Added to the variance, so that a constant channel does not divide by zero.
    momentum : float
        The share of the new batch in the running estimates.

    Attributes
    ----------
    weight, dweight : ndarray of shape (num_features,)
        The scale; 1 at the start.
    bias, dbias : ndarray of shape (num_features,)
        The shift; 0 at the start.
    running_mean, running_var : ndarray of shape (num_features,)
        0 and 1 at the start. The running variance is the unbiased one, with n - 1 in the denominator; what
        normalises a batch has n.

    References
    ----------
    S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", ICML 2015.

    Examples
    --------
    >>> norm = BatchNorm2d(1, eps=0.0)
    >>> norm.forward(np.array([[[[1.0, 5.0]]]]))  # mean 3, variance 4
    array([[[[-1.,  1.]]]])
    >>> norm.running_mean, norm.running_var  # a tenth of the way from 0 to 3, and from 1 to 8
    (array([0.3]), array([1.7]))
    """

    _arrays = ("weight", "bias", "running_mean", "running_var")

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.num_features = integer(num_features, "num_features", 1)
        self.eps, self.momentum = float(eps), float(momentum)
        self.weight, self.bias = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x):  # (N, C, H, W)
        x = self._check_x(x, ("N", self.num_features, "H", "W"))
        if self.training:
            mean, var = self._estimate(x)
        else:
            mean, var = self.running_mean, self.running_var
        self._batch = self.training  # whether mean and var depend on x
        self._scale = 1 / np.sqrt(var + self.eps)  # (C,)
        self._normal = (x - _each(mean)) * _each(self._scale)  # (N, C, H, W)
        return self._pass(self._normal * _each(self.weight) + _each(self.bias))

    def backward(self, dy, need_dx=True):  # (N, C, H, W)
        dy = self._check_dy(dy)
        self.dweight = (dy * self._normal).sum(axis=(0, 2, 3))  # (C,)
        self.dbias = dy.sum(axis=(0, 2, 3))  # (C,)
        if not need_dx:
            return None
        if self._batch:  # moving x also moves the mean, and stretching it the variance
            count = dy.size // self.num_features
            dy = dy - _each(self.dbias / count) - self._normal * _each(self.dweight / count)
        return dy * _each(self.weight * self._scale)

    def _estimate(self, x):
        """Mean and variance of the batch; the running estimates follow."""
        count = x.size // self.num_features
        if count < 2:
            raise ValueError(
                f"{self} needs at least 2 numbers in each channel to estimate a variance in training: got "
                f"x of shape {x.shape}; after training, call eval() first"
            )
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        news = ("running_mean", mean), ("running_var", var * (count / (count - 1)))
        for name, new in news:
            setattr(self, name, (1 - self.momentum) * getattr(self, name) + self.momentum * new)
        return mean, var

    def __repr__(self):
        return f"BatchNorm2d({self.num_features}, eps={self.eps}, momentum={self.momentum})"


def _each(channels):
    """Lay (C,) along the channels of (N, C, H, W)."""
    return channels[:, None, None]
