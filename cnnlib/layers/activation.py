"""Layers that change numbers and not their arrangement, without parameters."""

import math

import numpy as np

from cnnlib.layers.base import Layer
from cnnlib.windows import integer


class ReLU(Layer):
    """Change everything negative to zero; the gradient passes where the value did.

    What comes back must be finite: elsewhere it is multiplied by 0, and 0 times infinity is not a number.

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
        return dy * self._positive  # 1 or 0; many times faster than np.where

    def __repr__(self):
        return "ReLU()"


class Softmax(Layer):
    """Turn votes into shares: positive, and adding up to 1 along an axis.

    To train a classifier leave it away: `cnnlib.losses.CrossEntropyLoss` takes the votes and has a
    softmax inside.

    Parameters
    ----------
    dim : int
        The axis, by PyTorch's name for it; 1, the classes or channels, unless given.

    References
    ----------
    J. S. Bridle, "Training stochastic model recognition algorithms as networks can lead to maximum
    mutual information estimation of parameters", NIPS 1989.

    Examples
    --------
    >>> softmax = Softmax()
    >>> softmax.forward(np.log([[1.0, 3.0]]))  # 1 : 3
    array([[0.25, 0.75]])
    >>> softmax.backward(np.array([[16.0, 0.0]]))  # 1/4 * (16 - 4) and 3/4 * (0 - 4): 4 is the mean of dy
    array([[ 3., -3.]])
    """

    def __init__(self, dim=1):
        self.dim = integer(dim, "dim", minimum=-math.inf)

    def forward(self, x):  # any shape that has the axis
        x = self._check_x(x)
        if not -x.ndim <= self.dim < x.ndim:
            raise ValueError(f"{self} expected x with an axis {self.dim}: got shape {x.shape}")
        weights = np.exp(x - x.max(axis=self.dim, keepdims=True))  # no exp overflows
        self._y = weights / weights.sum(axis=self.dim, keepdims=True)
        return self._pass(self._y)

    def backward(self, dy):
        dy = self._check_dy(dy)
        mean = (dy * self._y).sum(axis=self.dim, keepdims=True)  # each share dy_i counts y_i
        return self._y * (dy - mean)  # which is dy @ (diag(y) - y y.T)

    def __repr__(self):
        return f"Softmax(dim={self.dim})"
