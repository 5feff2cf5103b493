"""The arithmetic of a convolution: which cells meet, how many outputs there are, and the way back."""

import numpy as np
import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, stylesheet

RANGES = {"size": (1, 8), "kernel_size": (1, 5), "stride": (1, 3), "padding": (0, 2), "dilation": (1, 3)}
LARGEST = 9  # so that a person can check the sums
# The first five rows and columns are those of figure 1.1 in Dumoulin and Visin's guide.
X = (
    (3, 3, 2, 1, 0, 2, 1, 3),
    (0, 0, 1, 3, 1, 1, 2, 0),
    (3, 1, 2, 2, 3, 0, 1, 2),
    (2, 0, 0, 2, 2, 3, 1, 1),
    (2, 0, 0, 0, 1, 2, 3, 2),
    (1, 2, 3, 1, 2, 0, 2, 1),
    (0, 1, 2, 3, 1, 1, 0, 3),
    (2, 3, 1, 0, 2, 1, 3, 1),
)
WEIGHT = (
    (1, 2, 0, -1, 1),
    (3, -1, 1, 0, -2),
    (0, -2, 2, 1, -1),
    (-1, 1, -2, 2, 1),
    (2, 0, 1, -1, 2),
)
DY = (
    (1, -1, 2, 1, 0, -2, 1, 2, -1, 1, 0, 2),
    (2, 1, -2, 0, 1, 1, -1, 2, 1, -2, 1, 0),
    (-1, 3, 1, 2, -1, 1, 2, -2, 0, 1, 2, -1),
    (1, 0, 2, -1, 2, -2, 1, 1, 2, -1, 0, 1),
    (0, 2, -1, 1, 3, 1, -1, 0, 1, 2, -2, 1),
    (2, -1, 1, 2, -2, 0, 1, 2, -1, 1, 1, 3),
    (-2, 1, 0, 1, 1, 2, -1, 1, 2, 0, -1, 1),
    (1, 2, -1, -2, 1, 0, 2, 1, -1, 3, 1, 2),
    (3, -1, 1, 1, 0, 2, -2, 1, 1, 2, -1, 0),
    (1, 1, 2, 0, -1, 1, 2, -1, 3, 1, 2, -2),
    (-1, 2, 0, 1, 2, -1, 1, 2, 1, -2, 1, 1),
    (2, 0, 1, -1, 1, 3, 0, -1, 2, 1, -2, 1),
)


class Corner(Numbers):
    """Whole numbers for the first rows and columns of a table; `table` has the others."""

    def __init__(self, table):
        super().__init__(self._check)
        self.table = np.array(table)

    def _check(self, name, array):
        rows, cols = self.table.shape
        if array.ndim != 2 or not (0 < len(array) <= rows and 0 < len(array[0]) <= cols):
            raise ValueError(
                f"{name} must have two axes, of 1 to {rows} rows and columns: got shape {array.shape}"
            )
        others = array[(array != np.rint(array)) | (np.abs(array) > LARGEST)]
        if others.size:
            raise ValueError(
                f"{name} must hold whole numbers from {-LARGEST} to {LARGEST}, "
                f"for people who check the sums: got {others[0]:g}"
            )

    def validate(self, owner, value):
        corner = np.array(super().validate(owner, value))
        table = self.table.copy()
        table[: len(corner), : len(corner[0])] = corner
        return table.tolist()


class ConvolutionArithmetic(Explorer):
    """Set the sizes of a convolution and follow each number, forward and backward.

    Forward, an output is chosen: what it saw, through which weights, and the sum. Backward, an input
    or a weight is chosen: which gradients of outputs come to it, and their sum. One channel, square
    images and kernels, no bias.

    Parameters
    ----------
    size : int
        Rows and columns of the input, 1 to 8 pixels.
    kernel_size : int
        Rows and columns of the kernel, 1 to 5 pixels.
    stride : int
        1 to 3 pixels.
    padding : int
        Zeros added at each end, 0 to 2 pixels.
    dilation : int
        1 to 3 pixels.
    direction : {"forward", "backward"}
        What is shown first.
    x, weight, dy : array_like with two axes, optional
        Whole numbers from -9 to 9 to begin with: the first rows and columns of the input (up to 8x8),
        of the kernel (5x5) and of the gradient with respect to the output (12x12). The explorer
        has numbers of its own for the others.

    Raises
    ------
    ValueError
        If a number is out of its range. Sizes that do not fit together are no error: the explorer
        then shows the message of `cnnlib.windows.output_size`.

    References
    ----------
    V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016,
    arXiv:1603.07285.

    Examples
    --------
    >>> ConvolutionArithmetic(size=6, stride=2).x[0][:6]
    [3, 3, 2, 1, 0, 2]
    """

    name = "arithmetic"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It sets input size, kernel size, stride, padding and dilation of a convolution, and shows for "
        "each output the pixels and weights that it adds up, and for each gradient where it comes from."
    )
    _esm = bundle("arithmetic")
    _css = stylesheet("arithmetic")

    size = traitlets.Int().tag(sync=True)
    kernel_size = traitlets.Int().tag(sync=True)
    stride = traitlets.Int().tag(sync=True)
    padding = traitlets.Int().tag(sync=True)
    dilation = traitlets.Int().tag(sync=True)
    direction = traitlets.Unicode().tag(sync=True)
    x = Corner(X).tag(sync=True)
    weight = Corner(WEIGHT).tag(sync=True)
    dy = Corner(DY).tag(sync=True)
    ranges = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        size=5,
        kernel_size=3,
        stride=1,
        padding=0,
        dilation=1,
        direction="forward",
        x=X,
        weight=WEIGHT,
        dy=DY,
        **kwargs,
    ):
        super().__init__(
            size=size,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            direction=direction,
            x=x,
            weight=weight,
            dy=dy,
            ranges={name: list(ends) for name, ends in RANGES.items()},
            **{"title": "Convolution arithmetic, forward and backward"} | kwargs,
        )

    @traitlets.validate(*RANGES)
    def _check_range(self, proposal):
        name, (low, high) = proposal.trait.name, RANGES[proposal.trait.name]
        if not low <= proposal.value <= high:
            raise ValueError(
                f"{name} must be from {low} to {high} here, so that all cells fit on a page: "
                f"got {proposal.value}"
            )
        return proposal.value

    @traitlets.validate("direction")
    def _check_direction(self, proposal):
        if proposal.value not in ("forward", "backward"):
            raise ValueError(f'direction must be "forward" or "backward": got {proposal.value!r}')
        return proposal.value
