"""The toy network on one panel: from 81 pixels to two votes."""

import numpy as np
import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, check_signs, shaped, stylesheet

FOR_X = (0, 3, 4, 9, 10)  # of the twelve values, those that are 1 for the clean X
FOR_O = (1, 2, 8, 11)


def check_image(name, array):
    shaped(9, 9)(name, array)
    check_signs(name, array)


def default_votes():
    """X listens to the mean of five values, O to the mean of four; shape (2, 12)."""
    votes = np.zeros((2, 12))
    votes[0, FOR_X] = 1 / len(FOR_X)
    votes[1, FOR_O] = 1 / len(FOR_O)
    return votes


class ToyNetwork(Explorer):
    """Draw a 9x9 image and see every map of the toy network, down to the votes.

    Parameters
    ----------
    image : array_like of shape (9, 9), optional
        Pixels of -1 and 1. The deck's X if not given.
    weight : array_like of shape (3, 3, 3), optional
        The three filters. The deck's features divided by 9 if not given.
    bias : array_like of shape (3,)
        Added to the three filtered maps.
    votes : array_like of shape (2, 12), optional
        How much each of the twelve values counts for X (first row) and for O.
    vote_bias : array_like of shape (2,)
        Added to the two votes.

    Raises
    ------
    ValueError
        If an array has the wrong shape or values.

    Examples
    --------
    >>> ToyNetwork()
    ToyNetwork()
    """

    name = "toy_network"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It takes a drawing of 9 by 9 pixels through three filters, "
        "ReLU and two rounds of pooling to twelve values, and lets them vote for X or for O."
    )
    _esm = bundle("toy_network")
    _css = stylesheet("toy_network")

    image = Numbers(check_image).tag(sync=True)
    weight = Numbers(shaped(3, 3, 3)).tag(sync=True)
    bias = Numbers(shaped(3)).tag(sync=True)
    votes = Numbers(shaped(2, 12)).tag(sync=True)
    vote_bias = Numbers(shaped(2)).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)

    def __init__(self, image=None, weight=None, bias=(0, 0, 0), votes=None, vote_bias=(0, 0), **kwargs):
        from cnnlib import xo

        super().__init__(
            image=xo.X if image is None else image,
            weight=xo.FEATURES / 9 if weight is None else weight,
            bias=bias,
            votes=default_votes() if votes is None else votes,
            vote_bias=vote_bias,
            **{"title": "The toy network, all of it", "presets": presets()} | kwargs,
        )


def presets():
    """The drawings to start from: a dict of lists of shape (9, 9), by name."""
    from cnnlib import xo

    drawings = {
        "X": xo.X,
        "O": xo.O,
        "tricky X": xo.X_TRICKY,
        "shifted": xo.draw("X", shift=(1, 1)),
        "rotated": xo.draw("X", angle=20),
        "thick": xo.draw("X", weight=2),
        "clear": -np.ones((9, 9)),
    }
    return {name: drawing.astype(int).tolist() for name, drawing in drawings.items()}
