"""The toy problem of the lecture: pictures of an X or an O, and the features that tell them apart.

A picture is an array of 9 rows and 9 columns of pixels: 1 is ink, -1 is paper. The arrays of this
module are read-only, so that no cell of a notebook can change what the next one sees; work on a
``copy()`` to draw on one.
"""

import numbers

import numpy as np

SIZE = 9  # pixels, both ways
CENTRE = 4  # row and column of the middle pixel
RADIUS = 3  # pixels: of the O, and half the side of the square whose diagonals are the X

# What `draw` takes at random, uniformly, when it is given a generator.
SHIFT_RANGE = (-1.0, 1.0)  # pixels, for the rows and for the columns
SCALE_RANGE = (0.6, 1.2)
ANGLE_RANGE = (-30.0, 30.0)  # degrees
WEIGHT_RANGE = (1.0, 2.5)  # pixels


def _read_only(rows):
    array = np.array(rows, dtype=np.float64)
    array.setflags(write=False)
    return array


X = _read_only(
    [
        [-1, -1, -1, -1, -1, -1, -1, -1, -1],
        [-1, +1, -1, -1, -1, -1, -1, +1, -1],
        [-1, -1, +1, -1, -1, -1, +1, -1, -1],
        [-1, -1, -1, +1, -1, +1, -1, -1, -1],
        [-1, -1, -1, -1, +1, -1, -1, -1, -1],
        [-1, -1, -1, +1, -1, +1, -1, -1, -1],
        [-1, -1, +1, -1, -1, -1, +1, -1, -1],
        [-1, +1, -1, -1, -1, -1, -1, +1, -1],
        [-1, -1, -1, -1, -1, -1, -1, -1, -1],
    ]
)

# The lecture shows its O only as a drawing. Ours is a ring of radius 3 pixels about the centre.
O = _read_only(
    [
        [-1, -1, -1, -1, -1, -1, -1, -1, -1],
        [-1, -1, -1, +1, +1, +1, -1, -1, -1],
        [-1, -1, +1, -1, -1, -1, +1, -1, -1],
        [-1, +1, -1, -1, -1, -1, -1, +1, -1],
        [-1, +1, -1, -1, -1, -1, -1, +1, -1],
        [-1, +1, -1, -1, -1, -1, -1, +1, -1],
        [-1, -1, +1, -1, -1, -1, +1, -1, -1],
        [-1, -1, -1, +1, +1, +1, -1, -1, -1],
        [-1, -1, -1, -1, -1, -1, -1, -1, -1],
    ]
)

# Also an X, for a person: the lecture's second array, which agrees with `X` only here and there.
X_TRICKY = _read_only(
    [
        [-1, -1, -1, -1, -1, -1, -1, -1, -1],
        [-1, -1, -1, -1, -1, -1, +1, -1, -1],
        [-1, +1, -1, -1, -1, +1, -1, -1, -1],
        [-1, -1, +1, +1, -1, +1, -1, -1, -1],
        [-1, -1, -1, -1, +1, -1, -1, -1, -1],
        [-1, -1, -1, +1, -1, +1, +1, -1, -1],
        [-1, -1, -1, +1, -1, -1, -1, +1, -1],
        [-1, -1, +1, -1, -1, -1, -1, -1, -1],
        [-1, -1, -1, -1, -1, -1, -1, -1, -1],
    ]
)

# Pieces of an X: a stroke that falls, the crossing, a stroke that rises.
FEATURES = _read_only(
    [
        [[+1, -1, -1], [-1, +1, -1], [-1, -1, +1]],
        [[+1, -1, +1], [-1, +1, -1], [+1, -1, +1]],
        [[-1, -1, +1], [-1, +1, -1], [+1, -1, -1]],
    ]
)


def draw(shape, *, shift=None, scale=None, angle=None, weight=None, rng=None):
    """Draw an X or an O: moved, resized, turned, thickened.

    A pixel is ink where its centre is at most ``weight / 2`` pixels away from the shape's line. The
    X is two segments, from 3 pixels up and left of the centre to 3 down and right of it, and the
    other diagonal; the O is a circle of radius 3 pixels. What leaves the picture is cut off.

    Parameters
    ----------
    shape : {"X", "O"}
        What to draw.
    shift : (float, float), optional
        Rows down and columns to the right, in pixels; (0, 0) by default.
    scale : float, optional
        Size of the shape, not of its stroke; 1 by default.
    angle : float, optional
        Degrees, counterclockwise as seen on the screen; 0 by default.
    weight : float, optional
        Thickness of the stroke, in pixels; 1 by default.
    rng : numpy.random.Generator, optional
        With a generator, whatever is left out is drawn uniformly from `SHIFT_RANGE`,
        `SCALE_RANGE`, `ANGLE_RANGE` and `WEIGHT_RANGE` instead.

    Returns
    -------
    ndarray of shape (9, 9)
        Values -1 (paper) and 1 (ink), float64.

    Raises
    ------
    TypeError
        If a number is not a number, or `rng` not a generator.
    ValueError
        If the shape is unknown, `shift` is not a pair, a number is not finite, or `scale` or
        `weight` is not positive.

    Examples
    --------
    >>> for row in draw("O", shift=(0, 1)):
    ...     print("".join("#" if pixel == 1 else "-" for pixel in row))
    ---------
    ----###--
    ---#---#-
    --#-----#
    --#-----#
    --#-----#
    ---#---#-
    ----###--
    ---------
    """
    if not isinstance(shape, str) or shape not in ("X", "O"):
        raise ValueError(f"shape must be 'X' or 'O': got {shape!r}")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator: got {type(rng).__name__}")

    if shift is None:
        shift = (0, 0) if rng is None else rng.uniform(*SHIFT_RANGE, size=2)
    if scale is None:
        scale = 1 if rng is None else rng.uniform(*SCALE_RANGE)
    if angle is None:
        angle = 0 if rng is None else rng.uniform(*ANGLE_RANGE)
    if weight is None:
        weight = 1 if rng is None else rng.uniform(*WEIGHT_RANGE)

    down, right = _two_numbers("shift", shift)
    scale, weight = _positive("scale", scale), _positive("weight", weight)
    turn = np.deg2rad(_number("angle", angle))

    # Where each pixel's centre lies, seen from the shape's centre: to the right and upwards ...
    rows, cols = np.indices((SIZE, SIZE))
    x = cols - CENTRE - right
    y = CENTRE + down - rows
    # ... and seen by the shape itself: turning it one way turns what it sees the other way.
    x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)

    distance = _distance_to_cross(x, y, scale) if shape == "X" else _distance_to_circle(x, y, scale)
    # Many pixels are exactly half a stroke away (turn an X by 45 degrees). Sines and square roots
    # differ in their last digit from machine to machine, so without slack these would be ink on
    # one and paper on another. An error of 1e-15 cannot cross a margin of 1e-9.
    return np.where(distance <= weight / 2 + 1e-9, 1.0, -1.0)


def _distance_to_cross(x, y, scale):
    """Distance of each point from the nearer of the two diagonal segments, in pixels."""
    half = RADIUS * scale * np.sqrt(2)  # of a segment's length
    rising, falling = (x + y) / np.sqrt(2), (x - y) / np.sqrt(2)  # coordinates along the segments
    to_rising = np.hypot(np.maximum(np.abs(rising) - half, 0), falling)
    to_falling = np.hypot(np.maximum(np.abs(falling) - half, 0), rising)
    return np.minimum(to_rising, to_falling)


def _distance_to_circle(x, y, scale):
    """Distance of each point from the circle, in pixels."""
    return np.abs(np.hypot(x, y) - RADIUS * scale)


def _number(name, value):
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number: got {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite: got {value}")
    return float(value)


def _positive(name, value):
    if _number(name, value) <= 0:
        raise ValueError(f"{name} must be greater than 0: got {value}")
    return float(value)


def _two_numbers(name, value):
    try:
        first, second = value
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be two numbers (rows, cols): got {value!r}") from None
    return _number(name, first), _number(name, second)
