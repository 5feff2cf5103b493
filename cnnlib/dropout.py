"""Dropout and its family: layers that are noisy in training and quiet afterwards.

Throughout, p is the probability with which something is dropped, as in PyTorch, and q = 1 - p that with which
it is kept.
"""

import math

import numpy as np

from cnnlib.layers import Layer, Linear, Sigmoid
from cnnlib.layers.base import generator


class Dropout(Layer):
    """Silence each number with probability p, in each training pass others.

    Two rules give the same mean. *Inverted*, the usual one: what is kept counts 1/q times as much in
    training, and afterwards nothing is done. Not inverted, the lecture's: what is kept stays as it is, and
    afterwards everything counts q times, which is the same as multiplying the next layer's weights by q.

    Parameters
    ----------
    p : float
        Probability to be dropped: at least 0, less than 1.
    inverted : bool
        Which of the two rules.
    rng : numpy.random.Generator, optional
        Draws the masks; ``np.random.default_rng(0)`` unless given.

    References
    ----------
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout: a simple way to
    prevent neural networks from overfitting", JMLR 15:1929-1958, 2014.

    Examples
    --------
    >>> layer = Dropout(0.75, rng=np.random.default_rng(1))
    >>> set(layer.forward(np.ones((1, 100))).ravel().tolist())  # dropped, or 1 / (1 - 0.75)
    {0.0, 4.0}
    >>> layer.eval().forward(np.array([[1.0, 2.0]]))
    array([[1., 2.]])
    >>> Dropout(0.75, inverted=False).eval().forward(np.array([[1.0, 2.0]]))  # times 0.25
    array([[0.25, 0.5 ]])
    """

    def __init__(self, p=0.5, *, inverted=True, rng=None):
        self.p = probability(p)
        self.inverted = bool(inverted)
        self.rng = generator(rng)

    def forward(self, x):  # any shape; channels second, for `SpatialDropout`
        x = self._check_x(x)
        q = 1 - self.p
        if self.training:
            self._factor = self._noise(x.shape).astype(x.dtype)
            if not self.inverted:
                self._factor *= q
        else:
            self._factor = x.dtype.type(1 if self.inverted else q)
        return self._pass(x * self._factor)

    def backward(self, dy):
        return self._check_dy(dy) * self._factor

    def _noise(self, shape):
        """Draw factors of mean 1: 0 or 1/q."""
        return (self.rng.random(shape) >= self.p) / (1 - self.p)

    def __repr__(self):
        return f"{type(self).__name__}(p={self.p:g}{'' if self.inverted else ', inverted=False'})"


class SpatialDropout(Dropout):
    """Silence whole maps: one throw for each channel of each image, as ``torch.nn.Dropout2d``.

    In a map neighbours are alike, and what `Dropout` takes from one pixel can be read from the next.

    Parameters
    ----------
    p, inverted, rng
        As for `Dropout`.

    References
    ----------
    J. Tompson, R. Goroshin, A. Jain, Y. LeCun, C. Bregler, "Efficient object localization using
    convolutional networks", CVPR 2015.

    Examples
    --------
    >>> maps = SpatialDropout(0.5).forward(np.ones((1, 6, 2, 2)))
    >>> sorted({len(set(m.ravel().tolist())) for m in maps[0]})  # within a map all are alike
    [1]
    """

    def _noise(self, shape):
        if len(shape) < 3:
            raise ValueError(f"{self} needs maps, (N, C, ...): got x of shape {shape}")
        return super()._noise((*shape[:2], *[1] * (len(shape) - 2)))


class GaussianDropout(Dropout):
    """Multiply by normal numbers of mean 1 and variance p/q: the mean and the variance of `Dropout`.

    Parameters
    ----------
    p, inverted, rng
        As for `Dropout`.

    References
    ----------
    N. Srivastava et al., JMLR 15:1929-1958, 2014, section 10.

    Examples
    --------
    >>> x = np.ones((1000, 1000))
    >>> y = GaussianDropout(0.2).forward(x)
    >>> bool(abs(y.mean() - 1) < 0.01), bool(abs(y.var() - 0.2 / 0.8) < 0.01)
    (True, True)
    """

    def _noise(self, shape):
        return self.rng.normal(1, math.sqrt(self.p / (1 - self.p)), shape)


class Fading:
    """The p of `AnnealedDropout`, here and in `cnnlib.torch_dropout`."""

    def _fade(self, steps):
        if not steps > 0:
            raise ValueError(f"steps must be positive: got {steps}")
        self.steps, self.start, self.taken = steps, self.p, 0

    def step(self):
        """Lower p by one step, after each epoch or each batch; return it."""
        self.taken += 1
        self.p = self.start * max(0.0, 1 - self.taken / self.steps)
        return self.p


class AnnealedDropout(Fading, Dropout):
    """Dropout whose p falls while the network trains, from p to 0 in equal steps.

    Parameters
    ----------
    p : float
        Where it begins.
    steps : float
        After how many calls of `step` it has arrived at 0; ``math.inf`` for never.
    inverted, rng
        As for `Dropout`.

    References
    ----------
    S. Rennie, V. Goel, S. Thomas, "Annealed dropout training of deep networks", SLT 2014.

    Examples
    --------
    >>> layer = AnnealedDropout(0.5, steps=4)
    >>> [layer.step() for _ in range(5)]  # p afterwards
    [0.375, 0.25, 0.125, 0.0, 0.0]
    """

    def __init__(self, p=0.5, steps=10, *, inverted=True, rng=None):
        super().__init__(p, inverted=inverted, rng=rng)
        self._fade(steps)

    def __repr__(self):
        return f"{super().__repr__()[:-1]}, steps={self.steps})"


class Standout(Layer):
    """ReLU units that are the more likely kept, the more they have to say.

    From the sums a that come in: each unit says relu(a), and is kept with probability
    sigmoid(alpha * a + beta). In training it is thrown for; afterwards it counts that much. With
    alpha = beta = 0 this is `Dropout` with p = 1/2 behind a ReLU, not inverted.

    The throw is not differentiated: in training `backward` takes the mask as it fell, as the authors do.

    Parameters
    ----------
    alpha : float
        How much the probability depends on a.
    beta : float
        It is sigmoid(beta) where a = 0. The same for all units; inside the sigmoid, so that 0.5 means to
        keep 62 %.
    rng : numpy.random.Generator, optional
        Draws the masks; ``np.random.default_rng(0)`` unless given.

    References
    ----------
    J. Ba, B. Frey, "Adaptive dropout for training deep neural networks", NIPS 2013.

    Examples
    --------
    >>> standout = Standout(alpha=1.0, beta=0.0).eval()
    >>> standout.forward(np.array([[-1.0, 0.0, np.log(3)]])).round(4)  # ln(3) * 3/4
    array([[0.   , 0.   , 0.824]])
    """

    def __init__(self, alpha=1.0, beta=0.0, *, rng=None):
        self.alpha, self.beta = float(alpha), float(beta)
        self.rng = generator(rng)

    def forward(self, x):  # sums, any shape
        x = self._check_x(x)
        self._x, self._share = x, self.keep_probability(x)
        self._kept = self._share
        if self.training:
            self._kept = (self.rng.random(x.shape) < self._share).astype(x.dtype)
        self._was_training = self.training
        return self._pass(np.maximum(x, 0) * self._kept)

    def backward(self, dy):
        dy = self._check_dy(dy)
        slope = (self._x > 0) * self._kept
        if not self._was_training:  # the share depends on x, too
            slope = slope + np.maximum(self._x, 0) * self.alpha * self._share * (1 - self._share)
        return dy * slope.astype(dy.dtype)

    def keep_probability(self, x):
        """Compute sigmoid(alpha * x + beta), ndarray of the shape and type of x."""
        return Sigmoid().forward(self.alpha * np.asarray(x) + self.beta)

    def __repr__(self):
        return f"Standout(alpha={self.alpha:g}, beta={self.beta:g})"


class DropConnect(Linear):
    """A fully connected layer that drops weights, and not what they are multiplied with.

    In training each example has its own mask for each weight and each bias. Afterwards the sums are a normal
    number to good approximation, with the `moments` of all masks: `forward` returns their mean, and
    `sample` draws from them, to average what the activation makes of them.

    Parameters
    ----------
    in_features, out_features, bias
        As for `cnnlib.layers.Linear`.
    p : float
        Probability of a weight to be dropped: at least 0, less than 1. There is no factor 1/q in training.
    by_column : bool
        Whether all weights of one input share their fate, which is dropout of the inputs; biases then stay.
    rng : numpy.random.Generator, optional
        Draws the weights, then the masks; ``np.random.default_rng(0)`` unless given.

    Notes
    -----
    Masks of a batch have shape (N, out_features, in_features): for 64 examples and a layer of 400 x 120 that
    is 3 MB of bits, one byte each, and 12 MB as float32.

    References
    ----------
    L. Wan, M. Zeiler, S. Zhang, Y. LeCun, R. Fergus, "Regularization of neural networks using DropConnect",
    ICML 2013.

    Examples
    --------
    >>> layer = DropConnect(3, 1, p=0.5, bias=False)
    >>> layer.weight = np.array([[1.0, -2.0, 3.0]])
    >>> mean, variance = layer.moments(np.ones((1, 3)))
    >>> mean, variance  # (1 - 2 + 3) / 2, and (1 + 4 + 9) / 4
    (array([[1.]]), array([[3.5]]))
    """

    def __init__(self, in_features, out_features, bias=True, *, p=0.5, by_column=False, rng=None):
        rng = generator(rng)
        super().__init__(in_features, out_features, bias, rng=rng)
        self.p, self.by_column, self.rng = probability(p), bool(by_column), rng

    def forward(self, x):  # (N, in_features)
        self._x = x = self._check_x(x, ("N", self.in_features))
        q = x.dtype.type(1 - self.p)
        if not self.training:
            self._masks, self._bias_mask = q, x.dtype.type(1) if self.by_column else q
            y = q * (x @ self.weight.T)
        else:
            self._masks, self._bias_mask = self._draw(len(x), x.dtype)
            y = np.einsum("noi,oi,ni->no", self._masks, self.weight, x, optimize=True)
        return self._pass(y if self.bias is None else y + self._bias_mask * self.bias)

    def backward(self, dy, need_dx=True):  # (N, out_features)
        dy = self._check_dy(dy)
        if self.bias is not None:
            self.dbias = (self._bias_mask * dy).sum(axis=0)
        if np.ndim(self._masks) == 0:
            self.dweight = self._masks * (dy.T @ self._x)
            return self._masks * (dy @ self.weight) if need_dx else None
        self.dweight = np.einsum("noi,no,ni->oi", self._masks, dy, self._x, optimize=True)
        return np.einsum("noi,no,oi->ni", self._masks, dy, self.weight, optimize=True) if need_dx else None

    def moments(self, x):
        """Compute mean and variance of the sums over all masks: two ndarrays of shape (N, out_features)."""
        x = self._check_x(x, ("N", self.in_features))
        q = x.dtype.type(1 - self.p)
        mean, variance = q * (x @ self.weight.T), q * (1 - q) * (x**2 @ self.weight.T**2)
        if self.bias is not None:
            mean = mean + (1 if self.by_column else q) * self.bias
            variance = variance + (0 if self.by_column else q * (1 - q)) * self.bias**2
        return mean, variance

    def sample(self, x, count):
        """Draw sums from normal distributions with the `moments`: ndarray (count, N, out_features)."""
        mean, variance = self.moments(x)
        noise = self.rng.standard_normal((count, *mean.shape), dtype=mean.dtype)
        return mean + np.sqrt(variance) * noise

    def _draw(self, count, dtype):
        columns = 1 if self.by_column else self.out_features
        masks = self.rng.random((count, columns, self.in_features)) >= self.p
        masks = np.broadcast_to(masks.astype(dtype), (count, self.out_features, self.in_features))
        if self.by_column:
            return masks, dtype.type(1)
        return masks, (self.rng.random((count, self.out_features)) >= self.p).astype(dtype)

    def __repr__(self):
        tied = ", by_column=True" if self.by_column else ""
        return (
            f"DropConnect({self.in_features}, {self.out_features}, bias={self.bias is not None}, "
            f"p={self.p:g}{tied})"
        )


def probability(p):
    """Check a probability to be dropped."""
    p = float(p)
    if not 0 <= p < 1:
        raise ValueError(f"p must be at least 0 and less than 1, the share that is dropped: got {p:g}")
    return p
