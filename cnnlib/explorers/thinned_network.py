"""A small network, thinned again and again: what it says, beside what the scaled network says."""

import numpy as np
import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, stylesheet

INPUTS, HIDDEN = 3, 6
RANGES = {"p": (0, 0.95), "layers": (1, 2), "seed": (0, 2**32 - 1)}


def _weights(name, array):
    """A check for `Numbers`: both hidden layers and the output, a row for each unit, its bias last."""
    if array.shape != (2 * HIDDEN + 1, HIDDEN + 1):
        raise ValueError(f"{name} must have shape ({2 * HIDDEN + 1}, {HIDDEN + 1}): got shape {array.shape}")


def random_weights(rng):
    """Draw weights for `ThinnedNetwork`: He's, rounded; ndarray of shape (13, 7)."""
    fans = np.array([INPUTS] * HIDDEN + [HIDDEN] * (HIDDEN + 1))
    return np.round(rng.normal(size=(2 * HIDDEN + 1, HIDDEN + 1)) * np.sqrt(2 / fans)[:, np.newaxis], 2)


class ThinnedNetwork(Explorer):
    """Throw coins for the hidden units of a small network, and collect what the thinned networks say.

    Three inputs, one or two hidden layers of six ReLUs, one output, a sum. Dropout is inverted: what is kept
    counts 1 / (1 - p) times as much, and the scaled network is the one in which nobody is dropped.

    Parameters
    ----------
    p : float
        Probability to be dropped, 0 to 0.95.
    layers : int
        Hidden layers, 1 or 2. With one, the output reads the first hidden layer.
    weights : array_like of shape (13, 7), optional
        A row for each unit: six of the first hidden layer (three weights, of which the other three are not
        used, then the bias), six of the second, and the output. The default ones are random, and chosen from
        several such that with two layers mean and scaled network lie visibly apart.
    seed : int
        Where the coins begin.

    Raises
    ------
    ValueError
        If a number is out of its range, or the weights have another shape.

    Examples
    --------
    >>> ThinnedNetwork(p=0.25, layers=1).p
    0.25
    """

    name = "thinned_network"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It drops units of a small network at random, draws what is left, and collects what these thinned "
        "networks say, beside the mean over all of them and what the scaled network says."
    )
    _esm = bundle("thinned_network")
    _css = stylesheet("thinned_network")

    p = traitlets.Float().tag(sync=True)
    layers = traitlets.Int().tag(sync=True)
    weights = Numbers(_weights).tag(sync=True)
    seed = traitlets.Int().tag(sync=True)

    def __init__(self, p=0.5, layers=2, weights=None, seed=1, **kwargs):
        super().__init__(
            p=p,
            layers=layers,
            weights=random_weights(np.random.default_rng(4)) if weights is None else weights,
            seed=seed,
            **{"title": "The thinned network, and the scaled one"} | kwargs,
        )

    @traitlets.validate(*RANGES)
    def _check_range(self, proposal):
        name, (low, high) = proposal.trait.name, RANGES[proposal.trait.name]
        if not low <= proposal.value <= high:
            raise ValueError(f"{name} must be from {low} to {high}: got {proposal.value}")
        return proposal.value
