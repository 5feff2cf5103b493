"""What stands between layers that are linear: activations, without parameters."""

import math
from functools import reduce

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


class LeakyReLU(Layer):
    """Let a small share of what is negative through, and the same share of its gradient.

    Parameters
    ----------
    negative_slope : float
        The share. 0 makes a ReLU, 1 changes nothing.

    References
    ----------
    A. L. Maas, A. Y. Hannun, A. Y. Ng, "Rectifier nonlinearities improve neural network acoustic models",
    ICML workshop on deep learning for audio, speech and language processing, 2013.

    Examples
    --------
    >>> leaky = LeakyReLU(0.1)
    >>> leaky.forward(np.array([-2.0, 3.0]))
    array([-0.2,  3. ])
    >>> leaky.backward(np.array([10.0, 10.0]))
    array([ 1., 10.])
    """

    def __init__(self, negative_slope=0.01):
        if isinstance(negative_slope, bool) or not isinstance(negative_slope, (int, float, np.number)):
            raise TypeError(f"negative_slope must be a number: got {negative_slope!r}")
        if not math.isfinite(negative_slope):
            raise ValueError(f"negative_slope must be finite: got {negative_slope}")
        self.negative_slope = float(negative_slope)

    def forward(self, x):  # any shape
        x = self._check_x(x)
        positive = x > 0
        self._slope = positive + ~positive * x.dtype.type(self.negative_slope)  # faster than np.where
        return self._pass(x * self._slope)

    def backward(self, dy):
        return self._check_dy(dy) * self._slope

    def __repr__(self):
        return f"LeakyReLU(negative_slope={self.negative_slope})"


class Sigmoid(Layer):
    """Squash every number to between 0 and 1: y = 1 / (1 + exp(-x)).

    The slope is y (1 - y): a quarter at x = 0, and next to nothing where y is close to 0 or 1.

    Examples
    --------
    >>> sigmoid = Sigmoid()
    >>> sigmoid.forward(np.array([-np.log(3.0), 0.0]))  # 1 / (1 + 3) and 1 / (1 + 1)
    array([0.25, 0.5 ])
    >>> sigmoid.backward(np.array([16.0, 16.0]))  # 16 * 1/4 * 3/4 and 16 * 1/2 * 1/2
    array([3., 4.])
    """

    def forward(self, x):  # any shape
        x = self._check_x(x)
        small = np.exp(-np.abs(x))  # at most 1, so that it cannot overflow
        self._y = np.maximum(small, x >= 0) / (1 + small)  # above, 1 from zero on
        return self._pass(self._y)

    def backward(self, dy):
        return self._check_dy(dy) * self._y * (1 - self._y)

    def __repr__(self):
        return "Sigmoid()"


class Tanh(Layer):
    """Squash every number to between -1 and 1: tanh(x) = 2 sigmoid(2x) - 1.

    The slope is 1 - y^2: 1 at x = 0, and next to nothing where y is close to -1 or 1.

    References
    ----------
    Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", in "Neural networks: tricks of the
    trade", Springer 1998.

    Examples
    --------
    >>> tanh = Tanh()
    >>> tanh.forward(np.array([0.0, np.log(3.0)]))  # (3 - 1/3) / (3 + 1/3)
    array([0. , 0.8])
    >>> tanh.backward(np.array([10.0, 10.0])).round(12)  # 10 * (1 - 0) and 10 * (1 - 0.64)
    array([10. ,  3.6])
    """

    def forward(self, x):  # any shape
        self._y = np.tanh(self._check_x(x))
        return self._pass(self._y)

    def backward(self, dy):
        return self._check_dy(dy) * (1 - self._y * self._y)

    def __repr__(self):
        return "Tanh()"


class Maxout(Layer):
    """Take the largest of each group of neighbouring features; the gradient goes to the one that was it.

    A maxout unit is the largest of k linear functions of the layer before, its pieces. They are made by
    that layer: ``Linear(in_features, k * units)`` and then ``Maxout(k)``, or ``Conv2d(in_channels, k *
    maps, 3)`` and then ``Maxout(k)``. So one class serves both, and a unit has k times the weights of
    a unit with another activation. Of equal pieces the first wins.

    Parameters
    ----------
    num_pieces : int
        Features in a group, k in the paper. Features 0 to k - 1 become the first output, and so on.
    dim : int
        The axis of the features or channels; 1 unless given.

    References
    ----------
    I. J. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville, Y. Bengio, "Maxout networks", ICML 2013.

    Examples
    --------
    >>> maxout = Maxout(2)
    >>> maxout.forward(np.array([[5.0, 3.0, -2.0, -1.0]]))
    array([[ 5., -1.]])
    >>> maxout.backward(np.array([[10.0, 20.0]]))
    array([[10.,  0.,  0., 20.]])
    """

    def __init__(self, num_pieces, dim=1):
        self.num_pieces = integer(num_pieces, "num_pieces", 1)
        self.dim = integer(dim, "dim", minimum=-math.inf)

    def forward(self, x):  # (N, num_pieces * M, ...)
        x = self._check_x(x)
        if not -x.ndim <= self.dim < x.ndim:
            raise ValueError(f"{self} expected x with an axis {self.dim}: got shape {x.shape}")
        if x.shape[self.dim] % self.num_pieces:
            raise ValueError(
                f"{self} needs a multiple of {self.num_pieces} features along axis {self.dim}: got "
                f"{x.shape[self.dim]} in x of shape {x.shape}; let the layer before make "
                f"num_pieces times as many as shall come out"
            )
        self._x = x
        self._y = reduce(np.maximum, self._pieces(x))
        return self._pass(self._y)  # (N, M, ...)

    def backward(self, dy):  # (N, M, ...)
        dy = self._check_dy(dy)
        dx = np.empty_like(self._x)
        undecided = np.ones_like(dy, dtype=bool)
        for piece, dpiece in zip(self._pieces(self._x), self._pieces(dx), strict=True):
            won = undecided & ((piece == self._y) | np.isnan(piece))  # a nan equals nothing
            undecided ^= won
            np.multiply(dy, won, out=dpiece)  # 1 or 0
        return dx

    def _pieces(self, x):
        """The first features of all groups, the second ones, and so on: views of x."""
        along = (slice(None),) * (self.dim % x.ndim)
        return [x[*along, piece :: self.num_pieces] for piece in range(self.num_pieces)]

    def __repr__(self):
        return f"Maxout(num_pieces={self.num_pieces}, dim={self.dim})"


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
