"""All 256 networks that masks make of a small one, and three ways to make one answer of them."""

from itertools import product

import numpy as np
import traitlets

from cnnlib.explorers.explorer import HERE, Explorer, Numbers, bundle, shaped, stylesheet

NAMES = ("none", "sigmoid", "tanh", "ReLU", "Maxout(2)")
UNITS = {1: (8,), 2: (4, 4)}  # units of the hidden layers, by depth: 8 masks' bits in any case
STEP = 100  # weights travel as whole numbers: hundredths
SHIPPED = HERE / "ensemble_microscope.npz"


class EnsembleMicroscope(Explorer):
    """List the 256 networks of eight hidden units with dropout, for one digit, and compare their means.

    The weights are those of ten small networks, one for each activation and depth, which dropout with
    p = 0.2 has trained on digits.

    Parameters
    ----------
    activation : {"none", "sigmoid", "tanh", "ReLU", "Maxout(2)"}
        What stands after each hidden layer; dropout comes after that.
    depth : {1, 2}
        One hidden layer of eight units, or two of four.
    digit : int
        Which test digit is looked at, 0 to 9.
    p : float
        Probability of a unit to be dropped, 0 to 0.95.

    Raises
    ------
    ValueError
        If there is no such activation or depth, or a number is out of its range.

    Examples
    --------
    >>> microscope = EnsembleMicroscope("tanh", depth=2, digit=3)
    >>> print(*microscope.network)
    Linear(64, 4, bias=True) Tanh() Linear(4, 4, bias=True) Tanh() Linear(4, 10, bias=True)
    >>> int(microscope.network.forward(microscope.x).argmax())
    3
    """

    name = "ensemble_microscope"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). It lists the 256 networks that "
        "dropout makes of eight hidden units and shows, for one digit, their arithmetic and geometric mean "
        "beside the network with scaled weights."
    )
    _esm = bundle("ensemble_microscope")
    _css = stylesheet("ensemble_microscope")

    activation = traitlets.Unicode().tag(sync=True)
    depth = traitlets.Int().tag(sync=True)
    digit = traitlets.Int().tag(sync=True)
    p = traitlets.Float().tag(sync=True)
    weights = Numbers(shaped(None)).tag(sync=True)
    presets = Numbers(shaped(10, 8, 8)).tag(sync=True)

    def __init__(self, activation="ReLU", depth=1, digit=3, p=0.5, **kwargs):
        with np.load(SHIPPED, allow_pickle=False) as shipped:
            weights, digits = shipped["weights"], shipped["digits"]
        super().__init__(
            activation=activation,
            depth=depth,
            digit=digit,
            p=p,
            **{"title": "The ensemble under the microscope", "weights": weights, "presets": digits} | kwargs,
        )

    @traitlets.validate("activation", "depth")
    def _check_choice(self, proposal):
        name, choices = proposal.trait.name, {"activation": NAMES, "depth": tuple(UNITS)}
        if proposal.value not in choices[name]:
            known = ", ".join(map(str, choices[name]))
            raise ValueError(f"{name} must be one of {known}: got {proposal.value!r}")
        return proposal.value

    @traitlets.validate("digit", "p")
    def _check_range(self, proposal):
        name, high = proposal.trait.name, {"digit": 9, "p": 0.95}[proposal.trait.name]
        if not 0 <= proposal.value <= high:
            raise ValueError(f"{name} must be from 0 to {high}: got {proposal.value}")
        return proposal.value

    @property
    def network(self):
        """The network that the page computes with, without masks, as layers of `cnnlib` in float64."""
        networks, start = {}, 0
        for activation, depth in product(NAMES, UNITS):
            networks[activation, depth] = build(activation, depth)
            for layer in networks[activation, depth]:
                for name in ("weight", "bias") if layer.weight is not None else ():
                    array = getattr(layer, name)
                    codes = np.array(self.weights[start : start + array.size], float)
                    setattr(layer, name, codes.reshape(array.shape) / STEP)
                    start += array.size
        return networks[self.activation, self.depth]

    @property
    def x(self):
        """The digit as the network sees it: ndarray of shape (1, 64)."""
        return as_seen(np.array(self.presets[self.digit]))[np.newaxis]


def as_seen(pixels):
    """Bring pixels from 0 to 16 to about mean 0 and standard deviation 1, in float64.

    Examples
    --------
    >>> as_seen([0, 5, 11])
    array([-0.83333333,  0.        ,  1.        ])
    """
    return (np.asarray(pixels, dtype=float).ravel() - 5) / 6


def build(activation, depth, rng=None):
    """Make a network with new weights: `UNITS[depth]` hidden units, no dropout."""
    from cnnlib.layers import Linear, Maxout, ReLU, Sigmoid, Tanh
    from cnnlib.network import Sequential

    rng = np.random.default_rng(0) if rng is None else rng
    make = {"sigmoid": Sigmoid, "tanh": Tanh, "ReLU": ReLU, "Maxout(2)": lambda: Maxout(2)}.get(activation)
    layers, inputs = [], 64
    for units in UNITS[depth]:
        layers.append(Linear(inputs, 2 * units if activation == "Maxout(2)" else units, rng=rng))
        layers += [make()] if make else []
        inputs = units
    return Sequential(*layers, Linear(inputs, 10, rng=rng))
