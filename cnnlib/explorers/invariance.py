"""One digit, moved, turned, resized and under noise; what three trained networks make of it."""

import base64

import numpy as np
import traitlets

from cnnlib.explorers.explorer import HERE, Explorer, Numbers, bundle, shaped, stylesheet
from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.losses import softmax
from cnnlib.network import Sequential

SIDE, DIGIT = 24, 16  # pixels along a side of the sheet, and of the digit on it
CLASSES = 10
RANGES = {"shift": (-8, 8), "scale": (0.5, 1.5), "rotation": (-60, 60), "noise": (0, 0.6)}
STEP = 32  # in how many steps the noise pattern counts to one standard deviation
SHIPPED = HERE / "invariance.npz"


def check_shift(name, array):
    shaped(2)(name, array)
    low, high = RANGES["shift"]
    others = array[(array < low) | (array > high) | (array != np.rint(array))]
    if others.size:
        raise ValueError(f"{name} must be whole pixels from {low} to {high}: got {others[0]:g}")


class InvarianceExplorer(Explorer):
    """Drag a digit about, turn and resize it, add noise, and watch what three networks say.

    The networks are those of chapter 2: an MLP, a CNN with votes on all places of its last map, and a
    CNN with votes on the best match of each filter anywhere. They were trained on digits in the middle,
    upright and clean (``scripts/train_invariance.py``); the digits shown are from the test split. Their
    weights travel as 8-bit integers with one scale for each filter and each neuron; `networks` is what
    the page computes with.

    Parameters
    ----------
    digit : int
        Which digit to show first: one of the keys of `presets`.
    shift : sequence of two ints
        How far it is moved down and to the right, -8 to 8 pixels.
    scale : float
        Its size, 0.5 to 1.5 times that of the training digits.
    rotation : float
        Degrees counter-clockwise, -60 to 60.
    noise : float
        Standard deviation of the noise, 0 to 0.6 of full ink. The pattern is always the same.

    Raises
    ------
    ValueError
        If a number is out of its range, or there is no such digit.

    Examples
    --------
    >>> explorer = InvarianceExplorer(shift=(0, 3))
    >>> explorer.picture().shape, explorer.probabilities().shape
    ((24, 24), (3, 10))
    >>> list(explorer.networks)
    ['MLP', 'CNN', 'CNN, anywhere']
    """

    name = "invariance"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). It moves, turns and resizes a "
        "handwritten digit, adds noise, and shows the ten probabilities of an MLP and of two CNNs."
    )
    _esm = bundle("invariance")
    _css = stylesheet("invariance")

    digit = traitlets.Int().tag(sync=True)
    shift = Numbers(check_shift).tag(sync=True)
    scale = traitlets.Float().tag(sync=True)
    rotation = traitlets.Float().tag(sync=True)
    noise = traitlets.Float().tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    pattern = traitlets.Unicode().tag(sync=True)
    weights = traitlets.Unicode().tag(sync=True)
    scales = Numbers(shaped(None)).tag(sync=True)
    biases = Numbers(shaped(None)).tag(sync=True)

    def __init__(self, digit=5, shift=(0, 0), scale=1.0, rotation=0.0, noise=0.0, **kwargs):
        with np.load(SHIPPED, allow_pickle=False) as shipped:
            arrays = dict(shipped)
        labels = arrays["labels"].tolist()
        super().__init__(
            presets={str(k): rows.tolist() for k, rows in zip(labels, arrays["digits"], strict=True)},
            pattern=_packed(arrays["pattern"]),
            weights=_packed(arrays["codes"]),
            scales=arrays["scales"],
            biases=arrays["biases"],
            digit=digit,
            shift=shift,
            scale=scale,
            rotation=rotation,
            noise=noise,
            **{"title": "Move a digit and ask three networks"} | kwargs,
        )

    @traitlets.validate("scale", "rotation", "noise")
    def _check_range(self, proposal):
        name, (low, high) = proposal.trait.name, RANGES[proposal.trait.name]
        if not low <= proposal.value <= high:
            raise ValueError(f"{name} must be from {low} to {high}: got {proposal.value:g}")
        return proposal.value

    @traitlets.validate("digit")
    def _check_digit(self, proposal):
        # while the explorer is made, the digits to choose from may come after the choice
        if self.presets and str(proposal.value) not in self.presets:
            raise ValueError(f"digit must be one of {', '.join(self.presets)}: got {proposal.value}")
        return proposal.value

    @property
    def networks(self):
        """The three networks after quantising, by name: `cnnlib.network.Sequential` in float64."""
        return restore(_unpacked(self.weights), np.array(self.scales), np.array(self.biases))

    def picture(self):
        """What the networks see now: an ndarray of shape (24, 24)."""
        return picture(
            np.array(self.presets[str(self.digit)]) / 16,
            self.shift,
            self.scale,
            self.rotation,
            self.noise,
            _unpacked(self.pattern).reshape(SIDE, SIDE) / STEP,
        )

    def probabilities(self):
        """What the networks say now: an ndarray of shape (3, 10), a row for each network."""
        seen = self.picture()[None, None]
        return np.concatenate([softmax(network.forward(seen)) for network in self.networks.values()])


def _packed(codes):
    return base64.b64encode(np.asarray(codes, np.int8).tobytes()).decode("ascii")


def _unpacked(text):
    return np.frombuffer(base64.b64decode(text), np.int8)


def picture(digit, shift=(0, 0), scale=1.0, rotation=0.0, noise=0.0, pattern=None):
    """Put a digit on the sheet: resized and turned about its middle, moved, with noise over it.

    For each pixel of the sheet the point of the digit that lands there is found, and its ink mixed
    from the four pixels around it (bilinearly); around the digit there is paper.

    Parameters
    ----------
    digit : array_like of shape (8, 8)
        0 is paper, 1 is ink. It is enlarged to 16x16 pixels, as chapter 2 does.
    shift : sequence of two numbers
        Pixels down and to the right.
    scale : float
        Its size, as a factor.
    rotation : float
        Degrees counter-clockwise.
    noise : float
        By how much the pattern is multiplied before it is added.
    pattern : array_like of shape (24, 24), optional
        Needed for noise only.

    Returns
    -------
    ndarray of shape (24, 24)
        Noise may make values below 0 and above 1.

    Examples
    --------
    >>> picture(np.ones((8, 8)), shift=(4, 0))[:, 12].astype(int)  # rows 8 to 23 have ink
    array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
           1, 1])
    """
    digit = np.asarray(digit, dtype=float)
    place = np.clip((np.arange(DIGIT) + 0.5) * len(digit) / DIGIT - 0.5, 0, len(digit) - 1)
    enlarge = _near(place, len(digit))
    large = enlarge @ digit @ enlarge.T
    cos, sin = np.cos(np.deg2rad(rotation)), np.sin(np.deg2rad(rotation))
    rows, cols = ((np.arange(SIDE) - (SIDE - 1) / 2 - pixels) / scale for pixels in shift)
    rows, cols = rows[:, None], cols[None, :]
    middle = (DIGIT - 1) / 2
    down = _near(middle + cos * rows + sin * cols, DIGIT)
    across = _near(middle - sin * rows + cos * cols, DIGIT)
    seen = np.einsum("rci,ij,rcj->rc", down, large, across)
    return seen + noise * np.asarray(pattern) if noise else seen


def _near(place, count):
    """How much each of `count` pixels in a row gives to a point between them: one axis more."""
    return np.maximum(1 - np.abs(np.asarray(place)[..., None] - np.arange(count)), 0)


def build():
    """Make the three networks of chapter 2, untrained: a dict of `Sequential` by name.

    Examples
    --------
    >>> {name: sum(p.size for p in network.parameters()) for name, network in build().items()}
    {'MLP': 8815, 'CNN': 8750, 'CNN, anywhere': 8698}
    """

    def convolution(channels, filters, pool):  # pool: 2 halves the side, 6 keeps the best match
        return [Conv2d(channels, filters, 3, padding=1), ReLU(), MaxPool2d(pool)]

    return {
        "MLP": Sequential(Flatten(), Linear(SIDE**2, 15), ReLU(), Linear(15, CLASSES)),
        "CNN": Sequential(
            *convolution(1, 8, 2), *convolution(8, 20, 2), Flatten(), Linear(20 * 6 * 6, CLASSES)
        ),
        "CNN, anywhere": Sequential(
            *convolution(1, 8, 2),
            *convolution(8, 16, 2),
            *convolution(16, 48, 6),
            Flatten(),
            Linear(48, CLASSES),
        ),
    }


def quantise(layers):
    """Round weights to 8 bits, with one scale for each filter and each neuron.

    Parameters
    ----------
    layers : list of (weight, bias)
        Arrays of shape (units, ...) and (units,), in the order of the layers of `build`.

    Returns
    -------
    codes : ndarray of int8
        All weights in a row, from -127 to 127; a weight is its code times the scale of its unit.
    scales, biases : ndarray
        One for each unit; float64, rounded to six significant digits.
    """
    codes, scales, biases = [], [], []
    for weight, bias in layers:
        rows = np.asarray(weight, dtype=float).reshape(len(weight), -1)
        largest = np.abs(rows).max(axis=1)
        scale = _six_digits(np.where(largest > 0, largest, 127) / 127)
        codes.append(np.clip(np.rint(rows / scale[:, None]), -127, 127).astype(np.int8).ravel())
        scales.append(scale)
        biases.append(_six_digits(bias))
    return tuple(np.concatenate(parts) for parts in (codes, scales, biases))


def restore(codes, scales, biases):
    """Make the three networks, in float64, of what `quantise` returned: a dict by name."""
    networks, start, unit = build(), 0, 0
    for network in networks.values():
        for layer in network:
            if layer.weight is not None:
                shape, units = layer.weight.shape, slice(unit, unit + len(layer.weight))
                rows = codes[start : start + layer.weight.size].reshape(shape[0], -1)
                layer.weight = (rows * scales[units, None]).reshape(shape)
                layer.bias = np.array(biases[units], dtype=float)
                start, unit = start + layer.weight.size, units.stop
    return networks


def _six_digits(values):
    return np.array([float(f"{value:.6g}") for value in values])
