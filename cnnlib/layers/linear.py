"""The fully connected layer, and what turns images into its rows."""

import math

from cnnlib.layers.base import Layer, generator, uniform
from cnnlib.windows import integer


class Linear(Layer):
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
    >>> import numpy as np
    >>> votes = Linear(2, 1, bias=False)
    >>> votes.weight = np.array([[1.0, -2.0]])
    >>> votes.forward(np.array([[5.0, 1.0]]))  # 1 * 5 - 2 * 1
    array([[3.]])
    """

    def __init__(self, in_features, out_features, bias=True, *, rng=None):
        self.in_features = integer(in_features, "in_features", 1)
        self.out_features = integer(out_features, "out_features", 1)
        rng = generator(rng)
        self.weight = uniform(rng, (out_features, in_features), in_features)
        self.bias = uniform(rng, (out_features,), in_features) if bias else None

    def forward(self, x):  # (N, in_features)
        self._x = x = self._check_x(x, ("N", self.in_features))
        y = x @ self.weight.T  # (N, out_features)
        return self._pass(y if self.bias is None else y + self.bias)

    def backward(self, dy, need_dx=True):  # (N, out_features)
        dy = self._check_dy(dy)
        self.dweight = dy.T @ self._x  # (out_features, in_features)
        if self.bias is not None:
            self.dbias = dy.sum(axis=0)  # (out_features,)
        return dy @ self.weight if need_dx else None  # (N, in_features)

    def __repr__(self):
        return f"Linear({self.in_features}, {self.out_features}, bias={self.bias is not None})"


class Flatten(Layer):
    """Write each example's values in one row.

    Examples
    --------
    >>> import numpy as np
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
