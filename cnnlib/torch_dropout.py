"""The layers of `cnnlib.dropout` as PyTorch modules, for networks that PyTorch trains.

Autograd goes back through them; what each does and who proposed it stands with the NumPy layer of the same
name. ``generator`` is a `torch.Generator` on the device of the data; without it PyTorch's global one throws.
"""

import math

import torch
from torch import nn

from cnnlib.dropout import Fading, probability


class Dropout(nn.Module):
    """Silence each number with probability p; see `cnnlib.dropout.Dropout`.

    Parameters
    ----------
    p : float
        Probability to be dropped: at least 0, less than 1.
    inverted : bool
        Whether what is kept counts 1/q times as much in training, or everything q times afterwards.
    generator : torch.Generator, optional
        Draws the masks.

    Examples
    --------
    >>> Dropout(0.75, inverted=False).eval()(torch.tensor([4.0, 8.0]))
    tensor([1., 2.])
    """

    def __init__(self, p=0.5, *, inverted=True, generator=None):
        super().__init__()
        self.p, self.inverted, self.generator = probability(p), bool(inverted), generator

    def forward(self, x):
        q = 1 - self.p
        if not self.training:
            return x if self.inverted else q * x
        return x * self._noise(x, x.shape) * (1 if self.inverted else q)

    def _noise(self, x, shape):
        """Draw factors of mean 1: 0 or 1/q."""
        return (_uniform(x, shape, self.generator) >= self.p).to(x.dtype) / (1 - self.p)

    def extra_repr(self):
        return f"p={self.p:g}" + ("" if self.inverted else ", inverted=False")


class SpatialDropout(Dropout):
    """Silence whole maps; see `cnnlib.dropout.SpatialDropout`. Parameters as for `Dropout`."""

    def _noise(self, x, shape):
        if len(shape) < 3:
            raise ValueError(f"SpatialDropout needs maps, (N, C, ...): got x of shape {tuple(shape)}")
        return super()._noise(x, (*shape[:2], *[1] * (len(shape) - 2)))


class GaussianDropout(Dropout):
    """Multiply by normal numbers; see `cnnlib.dropout.GaussianDropout`. Parameters as for `Dropout`."""

    def _noise(self, x, shape):
        normal = torch.randn(shape, generator=self.generator, device=x.device, dtype=x.dtype)
        return 1 + math.sqrt(self.p / (1 - self.p)) * normal


class AnnealedDropout(Fading, Dropout):
    """Dropout whose p falls to 0 in `steps` calls of `step`; see `cnnlib.dropout.AnnealedDropout`.

    Parameters
    ----------
    p : float
        Where it begins.
    steps : float
        After how many calls of `step` it has arrived at 0; ``math.inf`` for never.
    inverted, generator
        As for `Dropout`.

    Examples
    --------
    >>> layer = AnnealedDropout(0.5, steps=2)
    >>> layer.step(), layer.step(), layer.step()
    (0.25, 0.0, 0.0)
    """

    def __init__(self, p=0.5, steps=10, *, inverted=True, generator=None):
        super().__init__(p, inverted=inverted, generator=generator)
        self._fade(steps)


class Standout(nn.Module):
    """ReLU units kept with probability sigmoid(alpha * a + beta); see `cnnlib.dropout.Standout`.

    Parameters
    ----------
    alpha, beta : float
        How the probability depends on the sums that come in.
    generator : torch.Generator, optional
        Draws the masks.

    Examples
    --------
    >>> Standout(alpha=1.0).eval()(torch.tensor([-1.0, 0.0, math.log(3)]))  # ln(3) * 3/4
    tensor([0.0000, 0.0000, 0.8240])
    """

    def __init__(self, alpha=1.0, beta=0.0, *, generator=None):
        super().__init__()
        self.alpha, self.beta, self.generator = float(alpha), float(beta), generator

    def forward(self, x):
        share = torch.sigmoid(self.alpha * x + self.beta)
        if self.training:  # the throw is not differentiated
            share = (_uniform(x, x.shape, self.generator) < share.detach()).to(x.dtype)
        return torch.relu(x) * share

    def extra_repr(self):
        return f"alpha={self.alpha:g}, beta={self.beta:g}"


class DropConnect(nn.Linear):
    """A fully connected layer that drops weights; see `cnnlib.dropout.DropConnect`.

    Parameters
    ----------
    in_features, out_features, bias
        As for `torch.nn.Linear`.
    p : float
        Probability of a weight to be dropped: at least 0, less than 1. There is no factor 1/q in training.
    generator : torch.Generator, optional
        Draws the masks, one for each example.

    Examples
    --------
    >>> layer = DropConnect(3, 1, bias=False, p=0.5)
    >>> _ = layer.weight.data.copy_(torch.tensor([[1.0, -2.0, 3.0]]))
    >>> [moment.item() for moment in layer.moments(torch.ones(1, 3))]
    [1.0, 3.5]
    """

    def __init__(self, in_features, out_features, bias=True, *, p=0.5, generator=None):
        super().__init__(in_features, out_features, bias)
        self.p, self.generator = probability(p), generator

    def forward(self, x):  # (N, in_features)
        if not self.training:
            return self.moments(x)[0]
        masks = self._masks(x, (len(x), *self.weight.shape))
        y = torch.einsum("noi,ni->no", masks * self.weight, x)
        return y if self.bias is None else y + self._masks(x, y.shape) * self.bias

    def moments(self, x):
        """Compute mean and variance of the sums over all masks: two tensors (N, out_features)."""
        q = 1 - self.p
        bias, square = (None, None) if self.bias is None else (q * self.bias, q * (1 - q) * self.bias**2)
        mean = nn.functional.linear(x, q * self.weight, bias)
        return mean, nn.functional.linear(x**2, q * (1 - q) * self.weight**2, square)

    def sample(self, x, count):
        """Draw sums from normal distributions with the `moments`: tensor (count, N, out_features)."""
        mean, variance = self.moments(x)
        shape = (count, *mean.shape)
        noise = torch.randn(shape, generator=self.generator, device=x.device, dtype=mean.dtype)
        return mean + variance.sqrt() * noise

    def _masks(self, x, shape):
        return (_uniform(x, shape, self.generator) >= self.p).to(x.dtype)

    def extra_repr(self):
        return f"{super().extra_repr()}, p={self.p:g}"


def _uniform(x, shape, generator):
    return torch.rand(shape, generator=generator, device=x.device)
