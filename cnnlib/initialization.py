"""How large random weights are at the start: Xavier's and He's rules, by PyTorch's names.

Each function fills an array in place, as the underscore at the end of its name says, and returns it. Biases
are no business of these rules; set them to zero with ``bias[...] = 0``.

fan_in is how many numbers one output of the layer depends on, fan_out how many outputs one of its inputs
has a say in: ``in_features`` and ``out_features`` of a Linear; of a Conv2d, channels times the pixels
of the kernel.
"""

import math

import numpy as np

from cnnlib.precision import floats

_GAINS = {
    "linear": 1.0,
    "conv2d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
}


def calculate_gain(nonlinearity, param=None):
    """How much larger weights should be because of the activation that follows.

    Parameters
    ----------
    nonlinearity : str
        ``"linear"``, ``"conv2d"``, ``"sigmoid"``, ``"tanh"``, ``"relu"`` or ``"leaky_relu"``.
    param : float, optional
        The slope of ``"leaky_relu"`` below zero; 0.01 unless given.

    Returns
    -------
    float
        A factor for the standard deviation. That of ReLU, the root of 2, makes up for the half of the
        numbers that it sets to zero; that of tanh is a rule of thumb.

    Raises
    ------
    ValueError
        If there is no such name.

    Examples
    --------
    >>> calculate_gain("relu") ** 2, calculate_gain("tanh")
    (2.0000000000000004, 1.6666666666666667)
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        names = ", ".join([*_GAINS, "leaky_relu"])
        raise ValueError(f"nonlinearity must be one of {names}: got {nonlinearity!r}")
    return _GAINS[nonlinearity]


def xavier_normal_(weight, gain=1.0, *, rng):
    """Draw weights from a normal distribution with variance gain^2 * 2 / (fan_in + fan_out).

    With it numbers keep their variance on the way forward (that asks for 1 / fan_in) and gradients theirs
    on the way back (1 / fan_out), as far as one number can do both, if the activation is like the
    identity near zero, such as tanh.

    Parameters
    ----------
    weight : ndarray of shape (out_features, in_features) or (out_channels, in_channels, kernel_h, kernel_w)
        Filled in place.
    gain : float
        Factor of the standard deviation; see `calculate_gain`.
    rng : numpy.random.Generator
        Draws the weights. Give all layers the same one, not several of the same seed.

    Returns
    -------
    ndarray
        `weight` itself.

    Raises
    ------
    TypeError
        If `weight` is not an array of float32 or float64, or `rng` no generator.
    ValueError
        If `weight` has fewer than two axes, is empty, or cannot be written to.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.

    Examples
    --------
    >>> weight = xavier_normal_(np.empty((300, 500)), rng=np.random.default_rng(0))
    >>> round(weight.std(), 3)  # sqrt(2 / (500 + 300)) = 0.05
    np.float64(0.05)
    """
    fan_in, fan_out = _fans(weight, rng)
    return _normal(weight, gain * math.sqrt(2 / (fan_in + fan_out)), rng)


def xavier_uniform_(weight, gain=1.0, *, rng):
    """Draw weights evenly from -b to b, with b such that their variance is that of `xavier_normal_`.

    Parameters
    ----------
    weight, gain, rng
        As for `xavier_normal_`, also what is raised.

    Returns
    -------
    ndarray
        `weight` itself.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010.

    Examples
    --------
    >>> weight = xavier_uniform_(np.empty((300, 300)), rng=np.random.default_rng(0))
    >>> round(weight.max(), 3)  # sqrt(3) * sqrt(2 / 600) = 0.1
    np.float64(0.1)
    """
    fan_in, fan_out = _fans(weight, rng)
    return _uniform(weight, gain * math.sqrt(2 / (fan_in + fan_out)), rng)


def kaiming_normal_(weight, a=0, mode="fan_in", nonlinearity="leaky_relu", *, rng):
    """Draw weights from a normal distribution with variance gain^2 / fan: He's rule, 2 / fan_in for ReLU.

    A ReLU sets half of the numbers to zero and halves their mean square; weights of twice the variance
    make up for it.

    Parameters
    ----------
    weight : ndarray of shape (out_features, in_features) or (out_channels, in_channels, kernel_h, kernel_w)
        Filled in place.
    a : float
        The slope below zero of the leaky ReLU that follows; 0 for a ReLU.
    mode : str
        ``"fan_in"`` keeps the size of the numbers on the way forward, ``"fan_out"`` that of the gradients
        on the way back.
    nonlinearity : str
        What follows, a name for `calculate_gain`.
    rng : numpy.random.Generator
        Draws the weights. Give all layers the same one, not several of the same seed.

    Returns
    -------
    ndarray
        `weight` itself.

    Raises
    ------
    TypeError
        If `weight` is not an array of float32 or float64, or `rng` no generator.
    ValueError
        If `weight` has fewer than two axes, is empty, or cannot be written to, or a name is not known.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers: surpassing human-level performance on
    ImageNet classification", ICCV 2015.

    Examples
    --------
    >>> weight = kaiming_normal_(np.empty((300, 800)), rng=np.random.default_rng(0))
    >>> round(weight.std(), 3)  # sqrt(2 / 800) = 0.05
    np.float64(0.05)
    """
    return _normal(weight, _he(weight, a, mode, nonlinearity, rng), rng)


def kaiming_uniform_(weight, a=0, mode="fan_in", nonlinearity="leaky_relu", *, rng):
    """Draw weights evenly from -b to b, with b such that their variance is that of `kaiming_normal_`.

    Parameters
    ----------
    weight, a, mode, nonlinearity, rng
        As for `kaiming_normal_`, also what is raised.

    Returns
    -------
    ndarray
        `weight` itself.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers: surpassing human-level performance on
    ImageNet classification", ICCV 2015.

    Examples
    --------
    >>> weight = kaiming_uniform_(np.empty((300, 600)), rng=np.random.default_rng(0))
    >>> round(weight.max(), 3)  # sqrt(3) * sqrt(2 / 600) = 0.1
    np.float64(0.1)
    """
    return _uniform(weight, _he(weight, a, mode, nonlinearity, rng), rng)


def _he(weight, a, mode, nonlinearity, rng):
    """The standard deviation of He's rule."""
    fans = dict(zip(("fan_in", "fan_out"), _fans(weight, rng), strict=True))
    if mode not in fans:
        raise ValueError(f"mode must be fan_in or fan_out: got {mode!r}")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans[mode])


def _fans(weight, rng):
    """Check that it is the weight of a layer and who draws it; return fan_in and fan_out."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator: got {type(rng).__name__}")
    if not isinstance(weight, np.ndarray):
        raise TypeError(
            f"weight must be an array, because it is filled in place: got {type(weight).__name__}"
        )
    floats(weight=weight)
    if weight.ndim < 2 or weight.size == 0:
        raise ValueError(
            f"weight must have at least two axes, outputs and inputs, and none of size 0: got shape "
            f"{weight.shape}"
        )
    if not weight.flags.writeable:
        raise ValueError("weight must be writable, because it is filled in place: pass weight.copy()")
    outputs, inputs, *kernel = weight.shape
    return inputs * math.prod(kernel), outputs * math.prod(kernel)


def _normal(weight, std, rng):
    weight[...] = rng.normal(0, std, weight.shape)
    return weight


def _uniform(weight, std, rng):
    bound = math.sqrt(3) * std  # evenly from -b to b has the variance b^2 / 3
    weight[...] = rng.uniform(-bound, bound, weight.shape)
    return weight
