"""An activation, its slope, and a chain of units: what goes forward, and which gradient comes back."""

import traitlets

from cnnlib.explorers.explorer import Explorer, bundle, stylesheet

NAMES = ("sigmoid", "tanh", "ReLU", "leaky ReLU")
RANGES = {
    "x": (-4, 4),
    "w": (-4, 4),
    "b": (-4, 4),
    "negative_slope": (0, 1),
    "units": (1, 20),
    "unit": (1, 20),
}


class ActivationExplorer(Explorer):
    """Send a number through a chain of units with one activation, and its gradient back.

    All units have the same weight and the same bias: each makes f(w h + b) of the number h that it gets.

    Parameters
    ----------
    activation : {"sigmoid", "tanh", "ReLU", "leaky ReLU"}
        The function f.
    x, w, b : float
        What the first unit gets, the weight and the bias: -4 to 4.
    units : int
        The length of the chain, 1 to 20.
    unit : int
        The unit that is looked at, counted from 1; the last one if the chain is shorter.
    negative_slope : float
        The slope of the leaky ReLU below zero, 0 to 1.

    Raises
    ------
    ValueError
        If there is no such activation, or a number is out of its range.

    Examples
    --------
    >>> ActivationExplorer("tanh", units=20).units
    20
    """

    name = "activations"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It draws an activation and its slope, sends a number through a chain of up to 20 units, and shows "
        "the value and the slope at each unit and the gradient that comes back to it."
    )
    _esm = bundle("activations")
    _css = stylesheet("activations")

    activation = traitlets.Unicode().tag(sync=True)
    x = traitlets.Float().tag(sync=True)
    w = traitlets.Float().tag(sync=True)
    b = traitlets.Float().tag(sync=True)
    units = traitlets.Int().tag(sync=True)
    unit = traitlets.Int().tag(sync=True)
    negative_slope = traitlets.Float().tag(sync=True)

    def __init__(
        self, activation="sigmoid", x=0.5, w=1.0, b=0.0, units=10, unit=1, negative_slope=0.1, **kwargs
    ):
        super().__init__(
            activation=activation,
            x=x,
            w=w,
            b=b,
            units=units,
            unit=unit,
            negative_slope=negative_slope,
            **{"title": "A chain of units, and the gradient through it"} | kwargs,
        )

    @traitlets.validate("activation")
    def _check_activation(self, proposal):
        if proposal.value not in NAMES:
            raise ValueError(f"activation must be one of {', '.join(NAMES)}: got {proposal.value!r}")
        return proposal.value

    @traitlets.validate(*RANGES)
    def _check_range(self, proposal):
        name, (low, high) = proposal.trait.name, RANGES[proposal.trait.name]
        if not low <= proposal.value <= high:
            raise ValueError(f"{name} must be from {low} to {high}: got {proposal.value}")
        return proposal.value
