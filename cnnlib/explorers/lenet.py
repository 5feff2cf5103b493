"""LeNet-5, live: draw a digit and see every map and the ten probabilities."""

import base64

import numpy as np
import traitlets

from cnnlib.explorers.explorer import HERE, Explorer, Numbers, bundle, shaped, stylesheet

SIDE = 32  # pixels along a side of the drawing board, and of what LeNet-5 looks at
PAPER, INK = -0.1, 1.175  # what paper and ink are for LeNet-5 (LeCun et al., 1998)
# Side of the images that a network was trained on: the side to which they are enlarged before they
# are put in the middle of 32 x 32 pixels, and how much of their height a digit fills.
FRAMES = {8: (24, 8), 16: (24, 16), 28: (28, 20)}
TRACE = 0.1  # less ink than this is none, where the digit's edges are looked for
SHIPPED = HERE / "lenet_digits.npz"


def check_drawing(name, array):
    shaped(SIDE, SIDE)(name, array)
    outside = array[(array < 0) | (array > 1)]
    if outside.size:
        raise ValueError(f"{name} must hold 0 (paper) to 1 (ink): got {outside[0]:g}")


class LeNetLive(Explorer):
    """Draw a digit and see every map of LeNet-5, down to the ten probabilities.

    Weights travel as 8-bit integers with one scale for each filter and each unit; `network` is what
    the page computes with.

    Parameters
    ----------
    network : cnnlib.network.LeNet5, optional
        A trained network for one input channel and ten classes, which looks at images as
        `as_trained` makes them. One that ships with the course if not given.
    pixels : {8, 16, 28}
        Side of the images that it was trained on, before they were enlarged: 8 for ``digits``,
        16 for ``usps``, 28 for ``mnist``.
    image : array_like of shape (32, 32), optional
        The drawing: 0 is paper, 1 is ink. An empty board if not given.
    fit : bool
        Whether a drawing is brought to the size and the place of a training digit.

    Raises
    ------
    ValueError
        If the network has other layers than LeNet-5, or an array the wrong shape or values.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11):2278-2324, 1998.

    Examples
    --------
    >>> live = LeNetLive()
    >>> live.network.forward(as_trained(live.image)[None, None]).shape
    (1, 10)
    """

    name = "lenet"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). It takes a drawn digit "
        "through LeNet-5 and shows the maps of every layer and the probability of each digit."
    )
    _esm = bundle("lenet")
    _css = stylesheet("lenet")

    image = Numbers(check_drawing).tag(sync=True)
    weights = traitlets.Unicode().tag(sync=True)
    scales = Numbers(shaped(None)).tag(sync=True)
    biases = Numbers(shaped(None)).tag(sync=True)
    pixels = traitlets.Enum(sorted(FRAMES), 8).tag(sync=True)
    fit = traitlets.Bool(True).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)

    def __init__(self, network=None, pixels=8, image=None, fit=True, **kwargs):
        if pixels not in FRAMES:
            raise ValueError(f"pixels must be one of {', '.join(map(str, FRAMES))}: got {pixels!r}")
        with np.load(SHIPPED, allow_pickle=False) as shipped:
            digits = shipped["digits"]
            trained = [shipped[key] for key in ("codes", "scales", "biases")]
        codes, scales, biases = trained if network is None else quantise(network)
        super().__init__(
            image=np.zeros((SIDE, SIDE)) if image is None else image,
            weights=base64.b64encode(codes.tobytes()).decode("ascii"),
            scales=scales,
            biases=biases,
            pixels=pixels,
            fit=fit,
            **{"title": "LeNet-5, live", "presets": _presets(digits)} | kwargs,
        )

    @property
    def network(self):
        """The network that the page computes with: its weights after quantising, in float64."""
        codes = np.frombuffer(base64.b64decode(self.weights), np.int8)
        return restore(codes, np.array(self.scales, float), np.array(self.biases, float))


def _presets(digits):
    """The drawings to start from, as 8 rows of 8 numbers from 0 to 16, by name."""
    return {str(label): digit.tolist() for label, digit in enumerate(digits)}


def as_trained(drawing, pixels=8, fit=True):
    """Bring a drawing to what a network was trained on.

    The digits of the data set ``digits`` were made so: a bitmap of 32 x 32 pixels, as large as the
    digit, divided into blocks of 4 x 4, and the ink of each block counted. Here a drawing goes the
    same way to ``pixels`` x ``pixels`` blocks, is enlarged again, bilinearly, and put in the middle
    of 32 x 32 pixels.

    Parameters
    ----------
    drawing : array_like of shape (32, 32)
        0 is paper, 1 is ink.
    pixels : {8, 16, 28}
        Side of the images that the network was trained on, in pixels.
    fit : bool
        Whether to enlarge the digit and move it to the middle; otherwise it stays where it is drawn.

    Returns
    -------
    ndarray of shape (32, 32)
        -0.1 is paper, 1.175 is ink.

    References
    ----------
    E. Alpaydin, C. Kaynak, "Cascading classifiers", Kybernetika 34(4):369-374, 1998.

    Examples
    --------
    >>> np.unique(as_trained(np.ones((32, 32)), fit=False)).round(3)
    array([-0.1  ,  1.175])
    """
    drawing = np.asarray(drawing, dtype=float)
    check_drawing("drawing", drawing)
    large, filled = FRAMES[pixels]
    rows, cols = (np.flatnonzero((drawing > TRACE).any(axis=axis)) for axis in (1, 0))
    block, middle = SIDE / pixels, (SIDE / 2, SIDE / 2)  # in pixels of the drawing
    if fit and rows.size:
        spans = [(found[0], found[-1] + 1) for found in (rows, cols)]
        block = max(last - first for first, last in spans) / filled
        middle = [(first + last) / 2 for first, last in spans]
    down, across = (_blocks(pixels, block, centre) for centre in middle)
    ink = down @ drawing @ across.T  # (pixels, pixels)
    enlarge = _bilinear(pixels, large)
    framed = np.pad(enlarge @ ink @ enlarge.T, (SIDE - large) // 2)
    return PAPER + (INK - PAPER) * framed


def _blocks(count, size, middle):
    """Which share of each block of a row each pixel covers: shape (count, 32)."""
    edges = middle + (np.arange(count + 1) - count / 2)[:, None] * size
    pixel = np.arange(SIDE)
    overlap = np.minimum(edges[1:], pixel + 1) - np.maximum(edges[:-1], pixel)
    return np.maximum(overlap, 0) / size


def _bilinear(count, large):
    """How each pixel of an enlarged row is mixed from two neighbours: shape (large, count)."""
    place = np.clip((np.arange(large) + 0.5) * count / large - 0.5, 0, count - 1)
    return np.maximum(1 - np.abs(place[:, None] - np.arange(count)), 0)


def quantise(network):
    """Round the weights of a LeNet-5 to 8 bits, with one scale for each filter and each unit.

    Parameters
    ----------
    network : cnnlib.network.LeNet5

    Returns
    -------
    codes : ndarray of shape (61470,)
        int8, from -127 to 127; a weight is its code times the scale of its filter or unit.
    scales, biases : ndarray of shape (236,)
        float64, rounded to six significant digits.

    Raises
    ------
    ValueError
        If the network has other layers than a `cnnlib.network.LeNet5` with one input channel and ten
        classes.
    """
    from cnnlib.network import LeNet5

    layers = list(network) if hasattr(network, "__iter__") else [network]
    if [repr(layer) for layer in layers] != [repr(layer) for layer in LeNet5()]:
        raise ValueError(f"network must have the layers of LeNet5(): got {network!r}")
    codes, scales, biases = [], [], []
    for layer in layers:
        if layer.weight is not None:
            weight = layer.weight.astype(float).reshape(len(layer.weight), -1)
            scale = np.abs(weight).max(axis=1) / 127
            scale = _six_digits(np.where(scale > 0, scale, 1))
            codes.append(np.clip(np.rint(weight / scale[:, None]), -127, 127).astype(np.int8).ravel())
            scales.append(scale)
            biases.append(_six_digits(layer.bias.astype(float)))
    return tuple(np.concatenate(parts) for parts in (codes, scales, biases))


def restore(codes, scales, biases):
    """Make a LeNet-5 in float64 of what `quantise` returned.

    Parameters
    ----------
    codes, scales, biases : ndarray of shape (61470,), (236,), (236,)

    Returns
    -------
    cnnlib.network.LeNet5
    """
    from cnnlib.network import LeNet5

    network, start, unit = LeNet5(dtype=np.float64), 0, 0
    for layer in network:
        if layer.weight is not None:
            shape, units = layer.weight.shape, slice(unit, unit + len(layer.weight))
            part = codes[start : start + layer.weight.size].reshape(len(layer.weight), -1)
            layer.weight = (part * scales[units, None]).reshape(shape)
            layer.bias = biases[units].copy()
            start, unit = start + layer.weight.size, units.stop
    return network


def _six_digits(values):
    return np.array([float(f"{value:.6g}") for value in values])
