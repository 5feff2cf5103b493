"""Descriptors, pixel by pixel: nine grey levels, what each direction says, the code, the code map."""

import base64

import numpy as np
import traitlets

from cnnlib.descriptors import CODES
from cnnlib.explorers.explorer import Explorer, Numbers, bundle, shaped, stylesheet

SMALLEST, LARGEST = 3, 64  # pixels along a side of the image
MOST = 60  # the largest threshold that the slider offers
NAMES = [describe.__name__ for describe in CODES]


def check_image(name, array):
    if array.ndim != 2 or not all(SMALLEST <= size <= LARGEST for size in array.shape):
        raise ValueError(
            f"{name} must be 2-D with {SMALLEST} to {LARGEST} rows and columns: got shape {array.shape}"
        )
    others = array[(array != np.rint(array)) | (array < 0) | (array > 255)]
    if others.size:
        raise ValueError(f"{name} must hold whole grey levels from 0 to 255: got {others[0]:g}")


def portrait():
    """Eileen Collins, photographed by NASA (public domain): 36x36 grey levels of `skimage.data.astronaut`."""
    from skimage import data

    crop = data.astronaut()[76:184, 164:272].astype(int)
    return crop.reshape(36, 3, 36, 3, 3).sum(axis=(1, 3, 4)) // 27  # 3x3 pixels of 3 colours


class DescriptorExplorer(Explorer):
    """Choose a pixel and see how each descriptor works out its code.

    Parameters
    ----------
    image : array_like of shape (H, W), optional
        Grey levels from 0 to 255, 3 to 64 pixels along a side. A portrait if not given.
    descriptor : str
        The name of a function of `cnnlib.descriptors`, such as "lbp".
    position : sequence of two ints
        Row and column of the code in the code map; the pixel lies one further in each, in the image.
    threshold : int
        What `ldtexp` calls eps and `ldterp` sigma, from 0 to 60.

    Raises
    ------
    ValueError
        If the image has the wrong shape or values, there is no such descriptor, or a number is out of range.

    Examples
    --------
    >>> DescriptorExplorer(descriptor="ldn", position=(11, 9))
    DescriptorExplorer()
    """

    name = "descriptors"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It shows a small photograph. For the pixel you choose, it works out the code that a descriptor "
        "gives it from the 3 by 3 pixels around it, and marks it in the map of all codes."
    )
    _esm = bundle("descriptors")
    _css = stylesheet("descriptors")

    image = Numbers(check_image).tag(sync=True)
    descriptor = traitlets.Unicode("lbp").tag(sync=True)
    position = Numbers(shaped(2), default_value=[0, 0]).tag(sync=True)
    threshold = traitlets.Int(15).tag(sync=True)

    def __init__(self, image=None, descriptor="lbp", position=(21, 21), threshold=15, **kwargs):
        super().__init__(
            image=portrait() if image is None else image,
            descriptor=descriptor,
            position=position,
            threshold=threshold,
            **{"title": "Descriptors, pixel by pixel"} | kwargs,
        )

    def state(self):
        """As in every explorer; but each row of the image is packed, one byte for each pixel, in base64."""
        rows = [base64.b64encode(bytes(row)).decode() for row in self.image]
        return super().state() | {"image": rows}

    @traitlets.validate("descriptor")
    def _check_descriptor(self, proposal):
        if proposal.value not in NAMES:
            raise ValueError(f"descriptor must be one of {', '.join(NAMES)}: got {proposal.value!r}")
        return proposal.value

    @traitlets.validate("threshold")
    def _check_threshold(self, proposal):
        if not 0 <= proposal.value <= MOST:
            raise ValueError(f"threshold must be from 0 to {MOST}: got {proposal.value}")
        return proposal.value

    @traitlets.validate("position")
    def _check_position(self, proposal):
        rows, cols = len(self.image) - 2, len(self.image[0]) - 2
        row, col = proposal.value
        if not (row in range(rows) and col in range(cols)):
            raise ValueError(
                f"position must be a row and a column of the {rows}x{cols} code map, "
                f"counted from 0: got ({row:g}, {col:g})"
            )
        return proposal.value

    @traitlets.observe("image")
    def _keep_in_range(self, change):
        """Another image may be too small for the place."""
        if change.old is not traitlets.Undefined:
            row, col = self.position
            self.position = [min(row, len(self.image) - 3), min(col, len(self.image[0]) - 3)]
