"""A walk through VGG16 or LeNet-5: choose a unit, go deeper, and see its window grow on the picture."""

from types import SimpleNamespace

import numpy as np
import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, shaped, stylesheet
from cnnlib.explorers.vgg_table import picture, rows
from cnnlib.receptive_field import receptive_field
from cnnlib.windows import output_size


def _vgg16():
    """Name, kernel size, stride and padding of each layer; the first fully connected one is a 7x7 window."""
    windows = {"conv": (3, 1, 1), "pool": (2, 2, 0), "fc6": (7, 1, 0)}
    return [(row.name, *window) for row in rows() for kind, window in windows.items() if kind in row.name]


# The side of the image in pixels, the picture, and the layers: name, kernel size, stride, padding.
# What is fully connected to a map looks at it through a window as large as the map.
NETWORKS = {
    "VGG16": (224, "chelsea.webp", _vgg16()),
    "LeNet-5": (
        32,
        "seven.webp",
        [("C1", 5, 1, 0), ("S2", 2, 2, 0), ("C3", 5, 1, 0), ("S4", 2, 2, 0), ("C5", 5, 1, 0)],
    ),
}


class ReceptiveFieldWalk(Explorer):
    """Choose a unit and a layer and see which pixels can change that unit.

    Parameters
    ----------
    network : {"VGG16", "LeNet-5"}
        VGG16 looks at a photograph of 224 x 224 pixels, LeNet-5 at a digit of 32 x 32.
    layer : int
        0 is the image, 1 the first layer; 19 is VGG16's first fully connected layer, 5 is LeNet-5's C5.
    point : sequence of two numbers, optional
        Row and column of a point of the image, in pixels; the first pixel is (0, 0). In each layer the unit
        is shown whose window has its centre nearest to that point. The middle if not given.

    Raises
    ------
    ValueError
        If there is no such network or layer, or the point lies outside the image.

    References
    ----------
    A. Araujo, W. Norris, J. Sim, "Computing receptive fields of convolutional neural networks",
    Distill, 2019, doi:10.23915/distill.00021.

    Examples
    --------
    >>> walk = ReceptiveFieldWalk("LeNet-5", layer=3, point=(12, 6))
    >>> walk.field().size, walk.unit(), walk.window()  # centres of C3: 6.5, 8.5, 10.5, 12.5 ...
    ((14, 14), (3, 0), ((6.0, 19.0), (0.0, 13.0)))
    """

    name = "receptive_field_walk"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). It walks through the layers of VGG16 "
        "or LeNet-5 and draws on a picture the pixels that the unit you choose sees, more in each layer."
    )
    _esm = bundle("receptive_field_walk")
    _css = stylesheet("receptive_field_walk")

    network = traitlets.Enum(list(NETWORKS)).tag(sync=True)
    layer = traitlets.Int().tag(sync=True)
    point = Numbers(shaped(2)).tag(sync=True)
    networks = traitlets.Dict().tag(sync=True)

    def __init__(self, network="VGG16", layer=1, point=None, **kwargs):
        if network not in NETWORKS:
            raise ValueError(f"network must be one of {', '.join(NETWORKS)}: got {network!r}")
        middle = (NETWORKS[network][0] - 1) / 2
        super().__init__(
            network=network,
            layer=layer,
            point=(middle, middle) if point is None else point,
            networks={
                name: {"side": side, "picture": picture(file), "layers": [list(layer) for layer in layers]}
                for name, (side, file, layers) in NETWORKS.items()
            },
            **{"title": "A walk through the receptive fields"} | kwargs,
        )

    def field(self):
        """What a unit of the chosen layer sees, as `cnnlib.receptive_field.receptive_field` tells it."""
        layers = [
            SimpleNamespace(kernel_size=kernel_size, stride=stride, padding=padding)
            for _, kernel_size, stride, padding in NETWORKS[self.network][2][: self.layer]
        ]
        return receptive_field([SimpleNamespace(kernel_size=1), *layers])[-1]

    def unit(self):
        """Row and column, from 0, of the unit whose window has its centre nearest to the point."""
        side, _, layers = NETWORKS[self.network]
        for _, *window in layers[: self.layer]:
            side = output_size(side, *window)
        field = self.field()
        steps = (np.array(self.point) - field.start) / field.jump
        return tuple(int(step) for step in np.clip(np.floor(steps + 0.5), 0, side - 1))

    def window(self):
        """First and last row, first and last column that this unit sees; the first pixel is 0."""
        field = self.field()
        middle = np.array(field.start) + np.array(field.jump) * self.unit()
        half = (np.array(field.size) - 1) / 2
        return tuple(zip((middle - half).tolist(), (middle + half).tolist(), strict=True))

    @traitlets.validate("layer")
    def _check_layer(self, proposal):
        count = len(NETWORKS[self.network][2])
        if proposal.value not in range(count + 1):
            raise ValueError(
                f"layer must be 0 (the image) to {count} in {self.network}: got {proposal.value}"
            )
        return proposal.value

    @traitlets.validate("point")
    def _check_point(self, proposal):
        last = NETWORKS[self.network][0] - 1
        if not all(0 <= v <= last for v in proposal.value):
            row, col = proposal.value
            raise ValueError(f"point must lie on the image, from 0 to {last}: got ({row:g}, {col:g})")
        return proposal.value

    @traitlets.observe("network")
    def _keep_in_range(self, change):
        """Another network has fewer layers and a smaller image."""
        side, _, layers = NETWORKS[change.new]
        if change.old in NETWORKS:
            self.layer = min(self.layer, len(layers))
            self.point = [min(v, side - 1) for v in self.point]
