"""A filter over a colour image: 27 products, three sums, a bias, one number; and a stack of maps."""

import numpy as np
import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, shaped, stylesheet

SMALLEST, LARGEST = 3, 10  # pixels along a side of the image
BRIGHTEST = 9
PRODUCTS = 27  # of one window: three channels of 3x3
COLOURS = {  # red, green, blue
    ".": (3, 6, 9),  # sky
    "r": (8, 2, 1),  # apple
    "w": (9, 6, 5),  # where it shines
    "g": (2, 7, 3),  # leaf
    "s": (4, 3, 2),  # stem
}
APPLE = """
    ....gg..
    ...sg...
    .rrsrr..
    rwrrrrr.
    rwrrrrr.
    rrrrrrr.
    .rrrrr..
    ........
"""
ALL = np.ones((3, 3), int)
NONE = np.zeros((3, 3), int)
EDGE = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])
FILTERS = {  # name: the planes for red, green and blue, and the bias
    "red, not green": ((ALL, -ALL, NONE), -20),
    "left to right": ((EDGE, EDGE, EDGE), 0),
    "top to bottom": ((EDGE.T, EDGE.T, EDGE.T), 0),
    "blue, not red": ((-ALL, NONE, ALL), -10),
}


def check_image(name, array):
    if array.ndim != 3 or len(array) != 3 or not all(SMALLEST <= n <= LARGEST for n in array.shape[1:]):
        raise ValueError(
            f"{name} must have shape (3, H, W), with H and W from {SMALLEST} to {LARGEST}: "
            f"got shape {array.shape}"
        )
    others = array[(array != np.rint(array)) | (array < 0) | (array > BRIGHTEST)]
    if others.size:
        raise ValueError(
            f"{name} must hold whole numbers from 0 to {BRIGHTEST}: got {others[0]:g}; for brightness from "
            f"0 to 1, np.rint({BRIGHTEST} * {name}) makes it so"
        )


def apple():
    """The picture to begin with: an ndarray of shape (3, 8, 8)."""
    return np.array([[COLOURS[mark] for mark in line] for line in APPLE.split()]).transpose(2, 0, 1)


class ChannelsExplorer(Explorer):
    """Lay a 3x3x3 filter on a colour image, one product at a time, and see a map for each filter.

    Parameters
    ----------
    image : array_like of shape (3, H, W), optional
        Brightness of red, green and blue, whole numbers from 0 to 9; 3 to 10 pixels along a side. An
        apple before the sky if not given.
    weight : array_like of shape (K, 3, 3, 3), optional
        K filters. Four that look for colours and edges if not given.
    bias : array_like of shape (K,), optional
        What each filter adds; 0 if `weight` is given and `bias` is not.
    names : sequence of K str, optional
        What the filters are called.
    filter : int
        The index of the filter in use.
    position : sequence of two ints
        Row and column of the window's first pixel.
    product : int
        How many of the 27 products of the window are shown, 1 to 27.

    Raises
    ------
    ValueError
        If an array has the wrong shape or values, or an index is out of range.

    Examples
    --------
    >>> ChannelsExplorer(filter=1, product=27).names
    ['red, not green', 'left to right', 'top to bottom', 'blue, not red']
    """

    name = "channels"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It lays a filter of 3 by 3 by 3 weights on a colour image and shows its 27 products one by one, "
        "their sum for each colour, the total with the bias, and the map that each filter makes."
    )
    _esm = bundle("channels")
    _css = stylesheet("channels")

    image = Numbers(check_image).tag(sync=True)
    weight = Numbers(shaped(None, 3, 3, 3)).tag(sync=True)
    bias = Numbers(shaped(None)).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    filter = traitlets.Int(0).tag(sync=True)
    position = Numbers(shaped(2), default_value=[0, 0]).tag(sync=True)
    product = traitlets.Int(1).tag(sync=True)

    def __init__(
        self, image=None, weight=None, bias=None, names=None, filter=0, position=(0, 0), product=1, **kwargs
    ):
        if weight is None:
            weight = [planes for planes, _ in FILTERS.values()]
            bias = [added for _, added in FILTERS.values()] if bias is None else bias
            names = list(FILTERS) if names is None else names
        count = len(weight)
        super().__init__(
            image=apple() if image is None else image,
            weight=weight,
            bias=np.zeros(count) if bias is None else bias,
            names=[f"filter {k + 1}" for k in range(count)] if names is None else list(names),
            filter=filter,
            position=position,
            product=product,
            **{"title": "A filter over a colour image"} | kwargs,
        )

    @traitlets.validate("bias", "names")
    def _check_count(self, proposal):
        if len(proposal.value) != len(self.weight):
            raise ValueError(
                f"{proposal.trait.name} must have one entry for each filter: got {len(proposal.value)}, "
                f"but there are {len(self.weight)} filters"
            )
        return proposal.value

    @traitlets.validate("filter")
    def _check_filter(self, proposal):
        if not 0 <= proposal.value < len(self.weight):
            raise ValueError(
                f"filter must be an index of weight: got {proposal.value}, "
                f"but there are {len(self.weight)}, counted from 0"
            )
        return proposal.value

    @traitlets.validate("position")
    def _check_position(self, proposal):
        rows, cols = (size - 2 for size in np.shape(self.image)[1:])
        row, col = proposal.value
        if not (row in range(rows) and col in range(cols)):
            raise ValueError(
                f"position must be a row and a column of the {rows}x{cols} map, "
                f"counted from 0: got ({row:g}, {col:g})"
            )
        return proposal.value

    @traitlets.validate("product")
    def _check_product(self, proposal):
        if not 1 <= proposal.value <= PRODUCTS:
            raise ValueError(f"product must be from 1 to {PRODUCTS}: got {proposal.value}")
        return proposal.value

    @traitlets.observe("image", "weight")
    def _keep_in_range(self, change):
        """Another image may be too small for the window's place; other filters may be fewer or more."""
        if change.old is traitlets.Undefined:
            return
        rows, cols = (size - 3 for size in np.shape(self.image)[1:])
        self.position = [min(self.position[0], rows), min(self.position[1], cols)]
        count = len(self.weight)
        if count != len(self.bias):
            self.bias = [*self.bias, *[0] * count][:count]
            self.names = [*self.names, *(f"filter {k + 1}" for k in range(len(self.names), count))][:count]
        self.filter = min(self.filter, count - 1)
