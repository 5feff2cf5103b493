"""VGG16 as a table: what each layer costs, at any width and image size, and what its units see."""

import base64
from fractions import Fraction
from types import SimpleNamespace
from typing import NamedTuple

import traitlets

from cnnlib.explorers.explorer import HERE, Explorer, bundle, stylesheet
from cnnlib.receptive_field import receptive_field
from cnnlib.windows import output_size

# Configuration D of the paper's table 1; a ReLU follows each row but the poolings and the last.
CONFIGURATION = (
    *("conv3-64", "conv3-64", "maxpool"),
    *("conv3-128", "conv3-128", "maxpool"),
    *("conv3-256", "conv3-256", "conv3-256", "maxpool"),
    *("conv3-512", "conv3-512", "conv3-512", "maxpool"),
    *("conv3-512", "conv3-512", "conv3-512", "maxpool"),
    *("FC-4096", "FC-4096", "FC-1000"),
)
WIDTHS = (1, 8)  # eighths of the paper's
SIZES = (16, 448)  # pixels, in steps of 16: the smallest is too small, and not all are multiples of 32


def picture(name):
    """Read one of the pictures beside this file as an address that holds it: ``data:image/webp;base64,...``.

    ``chelsea.webp`` is `skimage.data.chelsea` (photographed by Stefan van der Walt, CC0), rows 0 to 299
    and columns 75 to 374, as 224 x 224 pixels.
    """
    return "data:image/webp;base64," + base64.b64encode((HERE / name).read_bytes()).decode("ascii")


class Row(NamedTuple):
    """A row of the table.

    Attributes
    ----------
    name, label : str
        Which layer it is, such as "conv5_3", and what its kind is called in the paper, such as "conv3-512".
    channels, side : int
        Shape of what comes out: channels x side x side. A fully connected layer has a side of 1.
    activations : int
        How many numbers come out.
    weights, biases : int
        How many numbers are learned.
    macs : int
        Multiply-adds for one image.
    size, jump, start : int, int, float
        What a unit sees, as `cnnlib.receptive_field` tells it; pixels. None for a fully connected layer,
        whose units see everything.
    """

    name: str
    label: str
    channels: int
    side: int
    activations: int
    weights: int
    biases: int
    macs: int
    size: int
    jump: int
    start: float


def rows(width=1, image_size=224):
    """Work out the table of VGG16: the input, 13 convolutions, 5 poolings, 3 fully connected layers.

    Parameters
    ----------
    width : float
        Share of the paper's channels and neurons, in eighths: 0.125 to 1. The 1000 classes stay.
    image_size : int
        Height and width of the image, in pixels.

    Returns
    -------
    list of Row

    Raises
    ------
    ValueError
        If the image is too small for five poolings.

    References
    ----------
    K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition",
    ICLR, 2015, arXiv:1409.1556.

    Examples
    --------
    >>> table = rows()
    >>> table[2].name, table[2].weights, table[2].biases  # 3 * 3 * 64 * 64, and one for each filter
    ('conv1_2', 36864, 64)
    >>> sum(row.weights + row.biases for row in table)
    138357544
    """
    eighths, side = Fraction(width), image_size
    table = [Row("input", "input", 3, side, 3 * side * side, 0, 0, 0, 1, 1, 0.0)]
    walked, block, place = [], 1, 0
    for label in CONFIGURATION:
        before, place = table[-1], place + 1
        kind, _, units = label.partition("-")
        units = int(units) * (1 if label == CONFIGURATION[-1] else eighths) if units else before.channels
        if kind == "conv3":
            name, units = f"conv{block}_{place}", int(units)
            walked.append(SimpleNamespace(kernel_size=3, padding=1))
            weights = 3 * 3 * before.channels * units
            macs = weights * side * side
        elif kind == "maxpool":
            name, side, block, place = f"pool{block}", output_size(side, 2, 2), block + 1, 0
            walked.append(SimpleNamespace(kernel_size=2, stride=2))
            weights = macs = 0
        else:
            name, units, side = f"fc{block + place - 1}", int(units), 1
            macs = weights = before.activations * units
        seen = (None,) * 3 if kind == "FC" else [pair[0] for pair in receptive_field(walked)[-1][1:]]
        label, biases = (label, 0) if kind == "maxpool" else (f"{kind}-{units}", units)
        table.append(Row(name, label, units, side, units * side * side, weights, biases, macs, *seen))
    return table


class VGGTable(Explorer):
    """Choose a row of VGG16's table; change the network's width and the image's size and watch the totals.

    Each row says what comes out of the layer, how many numbers that is, how many are learned and how many
    multiply-adds it takes for one image. On a photograph is drawn what the unit in the middle of its map
    sees.

    Parameters
    ----------
    width : float
        Share of the paper's channels, 1/8 to 1 in steps of 1/8.
    image_size : int
        Height and width of the image, 16 to 448 pixels in steps of 16. At 16 pixels the last pooling does not
        fit, and the table says so.
    row : int
        Which row is chosen first: 0 is the input, 21 the last layer.

    Raises
    ------
    ValueError
        If a number is out of its range.

    References
    ----------
    K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition",
    ICLR, 2015, arXiv:1409.1556.

    Examples
    --------
    >>> VGGTable(width=0.5, image_size=32).rows()[-1].weights  # 2048 neurons, 1000 classes
    2048000
    """

    name = "vgg_table"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). It shows the layers of VGG16 as a "
        "table: what comes out, parameters, memory and multiply-adds, for any width and image size, and on a "
        "photograph what a unit of the chosen layer sees."
    )
    _esm = bundle("vgg_table")
    _css = stylesheet("vgg_table")

    width = traitlets.Float().tag(sync=True)
    image_size = traitlets.Int().tag(sync=True)
    row = traitlets.Int().tag(sync=True)
    layers = traitlets.List().tag(sync=True)
    photograph = traitlets.Unicode().tag(sync=True)

    def __init__(self, width=1, image_size=224, row=13, **kwargs):
        super().__init__(
            width=width,
            image_size=image_size,
            row=row,
            layers=list(CONFIGURATION),
            photograph=picture("chelsea.webp"),
            **{"title": "VGG16, layer by layer"} | kwargs,
        )

    def rows(self):
        """The table that the page shows, as `rows` works it out."""
        return rows(self.width, self.image_size)

    @traitlets.validate("width")
    def _check_width(self, proposal):
        low, high = WIDTHS
        if 8 * proposal.value not in range(low, high + 1):
            raise ValueError(f"width must be 1/8 to 1, in eighths: got {proposal.value:g}")
        return proposal.value

    @traitlets.validate("image_size")
    def _check_image_size(self, proposal):
        low, high = SIZES
        if proposal.value not in range(low, high + 1, 16):
            raise ValueError(
                f"image_size must be {low} to {high} pixels, in steps of 16: got {proposal.value}"
            )
        return proposal.value

    @traitlets.validate("row")
    def _check_row(self, proposal):
        if proposal.value not in range(len(CONFIGURATION) + 1):
            raise ValueError(
                f"row must be 0 (the input) to {len(CONFIGURATION)} (the last layer): got {proposal.value}"
            )
        return proposal.value
