"""Filtering, one window at a time: the nine products, their sum, the filtered map."""

import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, check_signs, shaped, stylesheet

SMALLEST, LARGEST = 3, 16  # pixels along a side of the image


def check_image(name, array):
    if array.ndim != 2 or not all(SMALLEST <= size <= LARGEST for size in array.shape):
        raise ValueError(
            f"{name} must be 2-D with {SMALLEST} to {LARGEST} rows and columns: got shape {array.shape}"
        )
    check_signs(name, array)


class FilteringExplorer(Explorer):
    """Slide a 3x3 feature over an image and watch the filtered map fill.

    Parameters
    ----------
    image : array_like of shape (H, W), optional
        Pixels of -1 and 1, 3 to 16 of them along a side. The deck's X if not given.
    features : array_like of shape (F, 3, 3), optional
        The features to choose from. The deck's three if not given.
    feature : int
        The index of the feature in use.
    position : sequence of two ints
        Row and column of the window's first pixel.

    Raises
    ------
    ValueError
        If an array has the wrong shape or values, or an index is out of range.

    Examples
    --------
    >>> FilteringExplorer(position=(2, 2))
    FilteringExplorer()
    """

    name = "filtering"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). "
        "It slides a 3 by 3 feature over an image and shows, "
        "at each position, the nine products, their sum divided by nine, and the filtered map."
    )
    _esm = bundle("filtering")
    _css = stylesheet("filtering")

    image = Numbers(check_image).tag(sync=True)
    features = Numbers(shaped(None, 3, 3)).tag(sync=True)
    feature = traitlets.Int(0).tag(sync=True)
    position = Numbers(shaped(2), default_value=[0, 0]).tag(sync=True)

    def __init__(self, image=None, features=None, feature=0, position=(0, 0), **kwargs):
        from cnnlib import xo

        super().__init__(
            image=xo.X if image is None else image,
            features=xo.FEATURES if features is None else features,
            feature=feature,
            position=position,
            **{"title": "Filtering, step by step"} | kwargs,
        )

    @traitlets.validate("feature")
    def _check_feature(self, proposal):
        if not 0 <= proposal.value < len(self.features):
            raise ValueError(
                f"feature must be an index of features: got {proposal.value}, "
                f"but there are {len(self.features)}, counted from 0"
            )
        return proposal.value

    @traitlets.validate("position")
    def _check_position(self, proposal):
        rows, cols = len(self.image) - 2, len(self.image[0]) - 2
        row, col = proposal.value
        if not (row in range(rows) and col in range(cols)):
            raise ValueError(
                f"position must be a row and a column of the {rows}x{cols} filtered map, "
                f"counted from 0: got ({row:g}, {col:g})"
            )
        return proposal.value

    @traitlets.observe("image", "features")
    def _keep_in_range(self, change):
        """Another image may be too small for the window's place, other features too few."""
        if change.old is traitlets.Undefined:
            return
        row, col = self.position
        self.position = [min(row, len(self.image) - 3), min(col, len(self.image[0]) - 3)]
        self.feature = min(self.feature, len(self.features) - 1)
