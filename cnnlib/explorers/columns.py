"""A convolution as one matrix product: every window a column, every pixel as often as it is seen."""

import numpy as np
import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, stylesheet
from cnnlib.windows import output_size

SIZE = 5  # pixels along a side of the image
RANGES = {"kernel_size": (2, 3), "stride": (1, 3)}
IMAGE = ((3, 1, 0, 2, 5), (0, 4, 2, 1, 3), (6, 2, 7, 0, 1), (1, 5, 3, 8, 2), (2, 0, 1, 4, 9))


def check_image(name, array):
    """Raise ValueError unless the image is 5x5 whole numbers from 0 to 9."""
    if array.shape != (SIZE, SIZE):
        raise ValueError(f"{name} must have shape ({SIZE}, {SIZE}): got shape {array.shape}")
    others = array[(array != np.rint(array)) | (array < 0) | (array > 9)]
    if others.size:
        raise ValueError(f"{name} must hold whole numbers from 0 to 9: got {others[0]:g}")


class ImageToColumns(Explorer):
    """Lay the windows of an image side by side as the columns of a matrix (im2col).

    The kernel, 1 in its first column and -1 in its last, stands as a row before the matrix; what the
    product gives is the filtered map. Choose a column and see its window; choose a pixel and
    see all its copies.

    Parameters
    ----------
    image : array_like of shape (5, 5), optional
        Whole numbers from 0 to 9.
    kernel_size : int
        Rows and columns of the kernel, 2 or 3 pixels.
    stride : int
        1 to 3 pixels.
    window : int
        The window shown first, counted from 0 in reading order.
    pixel : sequence of two ints
        Row and column of the pixel whose copies are marked first.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document
    processing", 2006.

    Examples
    --------
    >>> ImageToColumns(kernel_size=2, stride=1).window
    0
    """

    name = "columns"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It writes each window of a picture as a column of a matrix, so that a convolution becomes one "
        "matrix product, and shows how often each pixel is copied."
    )
    _esm = bundle("columns")
    _css = stylesheet("columns")

    image = Numbers(check_image).tag(sync=True)
    kernel_size = traitlets.Int().tag(sync=True)
    stride = traitlets.Int().tag(sync=True)
    window = traitlets.Int(0).tag(sync=True)
    pixel = traitlets.List(traitlets.Int(), minlen=2, maxlen=2).tag(sync=True)

    def __init__(self, image=None, kernel_size=3, stride=1, window=0, pixel=(2, 2), **kwargs):
        super().__init__(
            image=IMAGE if image is None else image,
            kernel_size=kernel_size,
            stride=stride,
            window=window,
            pixel=list(pixel),
            **{"title": "Windows become columns"} | kwargs,
        )

    @traitlets.validate("kernel_size", "stride")
    def _check_range(self, proposal):
        low, high = RANGES[proposal.trait.name]
        if not low <= proposal.value <= high:
            raise ValueError(f"{proposal.trait.name} must be from {low} to {high}: got {proposal.value}")
        return proposal.value

    @traitlets.validate("window")
    def _check_window(self, proposal):
        # while the constructor runs, the other traits may still be on their way
        sizes = self.kernel_size or RANGES["kernel_size"][0], self.stride or 1
        count = output_size(SIZE, *sizes) ** 2
        if not 0 <= proposal.value < count:
            raise ValueError(
                f"window must be one of the {count} windows, counted from 0: got {proposal.value}"
            )
        return proposal.value

    @traitlets.validate("pixel")
    def _check_pixel(self, proposal):
        if not all(0 <= place < SIZE for place in proposal.value):
            raise ValueError(
                f"pixel must be a row and a column from 0 to {SIZE - 1}: got {tuple(proposal.value)}"
            )
        return proposal.value

    @traitlets.observe("kernel_size", "stride")
    def _keep_in_range(self, change):
        """With other settings there may be fewer windows."""
        if change.old and self.kernel_size and self.stride:
            self.window = min(self.window, output_size(SIZE, self.kernel_size, self.stride) ** 2 - 1)
