"""Whose coin? Dropout throws one for each unit, DropConnect one for each weight: all masks of a layer."""

import numpy as np
import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, stylesheet

UNITS, INPUTS = 2, 3
WEIGHT = ((1, -2, 3), (2, 1, -1))
METHODS = ("dropout", "dropconnect")


def check_weight(name, array):
    """Raise ValueError unless there are 2 rows of 3 whole numbers from -9 to 9."""
    if array.shape != (UNITS, INPUTS):
        raise ValueError(f"{name} must have shape ({UNITS}, {INPUTS}): got shape {array.shape}")
    others = array[(array != np.rint(array)) | (np.abs(array) > 9)]
    if others.size:
        raise ValueError(f"{name} must hold whole numbers from -9 to 9: got {others[0]:g}")


class WhoseCoin(Explorer):
    """List all masks of a small layer, with a coin for each input unit or one for each weight.

    Three inputs, all 1, go to two ReLUs. Nothing is scaled while coins are thrown; the scaled network
    counts every weight 1 - p times, and moment matching takes the mean of a ReLU under a bell curve.

    Parameters
    ----------
    method : {"dropout", "dropconnect"}
        A coin for each input unit (8 masks) or for each weight (64 masks).
    p : float
        Probability to be dropped, 0 to 0.95.
    weight : array_like of shape (2, 3), optional
        Whole numbers from -9 to 9, a row for each unit.
    mask : int
        The mask shown first, counted from 0. Bit k of it is coin k, 1 for kept; the weights'
        coins are counted in reading order.

    Raises
    ------
    ValueError
        If a number is out of its range, or there is no such method.

    References
    ----------
    L. Wan et al., "Regularization of neural networks using DropConnect", ICML 2013.

    Examples
    --------
    >>> WhoseCoin("dropconnect").mask
    63
    """

    name = "coins"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It lists what two units say under every mask of dropout and of DropConnect, and compares the "
        "mean with the scaled network and with moment matching."
    )
    _esm = bundle("coins")
    _css = stylesheet("coins")

    method = traitlets.Unicode().tag(sync=True)
    p = traitlets.Float().tag(sync=True)
    weight = Numbers(check_weight).tag(sync=True)
    mask = traitlets.Int().tag(sync=True)

    def __init__(self, method="dropout", p=0.5, weight=None, mask=None, **kwargs):
        super().__init__(
            method=method,
            p=p,
            weight=WEIGHT if weight is None else weight,
            **{"title": "Whose coin?"} | kwargs,
        )
        self.mask = self.masks - 1 if mask is None else mask  # everybody is kept

    @property
    def masks(self):
        """How many masks there are."""
        return 2 ** (INPUTS if self.method == "dropout" else INPUTS * UNITS)

    @traitlets.validate("method")
    def _check_method(self, proposal):
        if proposal.value not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}: got {proposal.value!r}")
        return proposal.value

    @traitlets.validate("p")
    def _check_p(self, proposal):
        if not 0 <= proposal.value <= 0.95:
            raise ValueError(f"p must be from 0 to 0.95: got {proposal.value}")
        return proposal.value

    @traitlets.validate("mask")
    def _check_mask(self, proposal):
        if not 0 <= proposal.value < self.masks:
            raise ValueError(f"mask must be one of {self.masks}, counted from 0: got {proposal.value}")
        return proposal.value

    @traitlets.observe("method")
    def _keep_in_range(self, change):
        """The other method has another number of masks."""
        if change.old:
            self.mask = self.masks - 1
