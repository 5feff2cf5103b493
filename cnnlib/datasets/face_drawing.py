"""Draw schematic faces: shapes with soft edges, painted one over the other, many faces at a time.

`cnnlib.datasets.expressions` says what a face looks like; this module says which pixels that darkens. All
parameters come as arrays of shape (N, 1, 1), one value for each face. Lengths are in half images:
the picture reaches from -1 to 1, to the right and downwards.
"""

import numpy as np


def draw(units, person, view, size):
    """Draw N faces.

    Parameters
    ----------
    units, person, view : SimpleNamespace
        Action units, what a person looks like, and how the picture was taken, under the names of
        `cnnlib.datasets.expressions.UNITS`, ``PERSON`` and ``VIEW``: arrays of shape (N, 1, 1).
    size : int
        Rows and columns of a picture, in pixels.

    Returns
    -------
    ndarray of shape (N, size, size)
        Grey values, mostly in [0, 1], without noise.
    """
    pixel = 2 / size
    centres = (np.arange(size, dtype=np.float32) + 0.5) * pixel - 1
    col, row = centres[None, None, :], centres[None, :, None]
    # Seen from the head: the picture's shift, scale and turn undone.
    turn = np.deg2rad(view.roll)
    x, y = (col - view.shift_x) / view.scale, (row - view.shift_y) / view.scale
    x, y = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)

    canvas = view.background + view.tilt * col + np.zeros_like(row)
    face = _head(canvas, x, y, units, person, pixel)
    # The features lie in front of the axis that the head turns about, so they move with it.
    x_features, y_features = x - 0.05 * view.yaw, y - 0.03 * view.pitch
    _forehead(canvas, x_features, y_features, units, person)
    _nose(canvas, x_features, y_features, units, person)
    for side in (-1, 1):
        _eye(canvas, side * x_features, y_features, side, units, person, view, pixel)
    _mouth(canvas, x_features, y_features, units, person, pixel)
    canvas *= 1 + 1.4 * face * (view.light_x * x + view.light_y * y)
    canvas *= view.gain
    return canvas


def _head(canvas, x, y, u, p, pixel):
    """Hair, neck, shoulders, ears and the empty face; returns how much of each pixel is face."""
    beside, below = np.abs(x), y > 0
    hair = p.hair * (1 + 0.3 * (y + 0.5))
    sides = beside / (p.width + 0.1)
    behind = np.where((p.long > 0) & below, sides, np.hypot(sides, y / (p.height + 0.08)))
    _paint(canvas, _inside(0.6 * (behind - 1), pixel), hair)
    _paint(canvas, _inside(np.maximum(beside - 0.27, 0.4 - y), pixel), 0.75 * p.skin)
    _paint(canvas, _inside(0.35 * (np.hypot(x / 0.95, (y - 1.25) / 0.35) - 1), pixel), p.clothes)
    _paint(
        canvas,
        _inside(0.07 * (np.hypot((beside - p.width) / 0.07, (y + 0.02) / 0.13) - 1), pixel),
        0.85 * p.skin,
    )

    # Above the eyes the outline is half an ellipse, below them it is squarer.
    power = np.where(below, p.jaw, 2.0)
    height = np.where(below, p.height * (1 + 0.1 * u.jaw_drop), p.height)
    radius = ((beside / p.width) ** power + (np.abs(y) / height) ** power) ** (1 / power)
    face = _inside(0.6 * (radius - 1), pixel)
    _paint(canvas, face, p.skin * (1.06 - 0.2 * radius**2))
    beard = 0.6 * np.clip(p.beard, 0, 1) * np.clip((y - 0.3 + 0.25 * beside) / 0.15, 0, 1)
    _paint(canvas, face * beard, hair)
    hairline = -p.hairline + 0.6 * p.fringe * x + 0.45 * x**2
    _paint(canvas, _inside(np.maximum(0.6 * (radius - 1) - pixel, y - hairline), pixel), hair)
    return face * (y > hairline)


def _forehead(canvas, x, y, u, p):
    """Lines across the forehead of raised brows."""
    ends = np.maximum(np.abs(x) - 0.22, 0)
    for lift in (0.16, 0.23):
        line = p.eye_row - p.brow_height - lift + 0.15 * x**2
        _paint(canvas, 0.3 * _full(u.inner_brow_raiser) * _stroke(np.hypot(y - line, ends), 0.018), _ink(p))


def _nose(canvas, x, y, u, p):
    """Bridge, wings, wrinkles, and the folds from the nose to the corners of the mouth."""
    tip = p.eye_row + p.nose_length - 0.03 * u.nose_wrinkler
    _paint(canvas, 0.35 * _stroke(_segment(x, y, 0.035, p.eye_row + 0.04, 0.05, tip - 0.05), 0.03), _ink(p))
    x = np.abs(x)
    wing = _segment(x, y, 0.02, tip + 0.01, p.nose_width, tip - 0.015 - 0.02 * u.nose_wrinkler)
    _paint(canvas, 0.8 * _stroke(wing, 0.024), _ink(p))
    for drop in (0.0, 0.07):
        wrinkle = _segment(x, y, 0.0, p.eye_row + drop + 0.02, 0.06, p.eye_row + drop - 0.01)
        _paint(canvas, 0.5 * _full(u.nose_wrinkler) * _stroke(wrinkle, 0.018), _ink(p))
    fold = _segment(x, y, p.nose_width + 0.04, tip - 0.02, _mouth_width(u, p) + 0.07, p.mouth_row - 0.06)
    depth = _full(0.9 * u.lip_corner_puller + 0.7 * u.upper_lip_raiser + 0.5 * u.nose_wrinkler)
    _paint(canvas, 0.5 * depth * _stroke(fold, 0.022), _ink(p))


def _eye(canvas, x, y, side, u, p, v, pixel):
    """An eye and its brow; x grows outwards, from the nose to the ear."""
    dx, dy = x - p.eye_distance, y - p.eye_row
    bow = np.clip(1 - (dx / p.eye_width) ** 2, 0, 1)
    ends = np.maximum(np.abs(dx) - p.eye_width - 0.01, 0)
    open_up = p.eye_height * (1 + 0.5 * u.upper_lid_raiser - 0.25 * u.lid_tightener - 0.2 * u.cheek_raiser)
    open_down = p.eye_height * (
        0.75
        + 0.15 * u.upper_lid_raiser
        - 0.6 * u.lid_tightener
        - 0.75 * u.cheek_raiser
        - 0.35 * u.nose_wrinkler
    )
    hang = np.maximum(0.25 * (u.inner_brow_raiser - u.outer_brow_raiser) * dx, -0.2)
    upper, lower = hang - open_up * bow, open_down * bow

    white = _inside(np.maximum(np.maximum(upper - dy, dy - lower), np.abs(dx) - p.eye_width), pixel)
    _paint(canvas, white, 0.95)
    dx = dx - 0.03 * side * v.gaze_x
    ball = dy - 0.02 * v.gaze_y + 0.09 * (open_up - open_down)
    _paint(canvas, white * _inside(np.hypot(dx, ball) - 0.07, pixel), p.iris)
    _paint(canvas, white * _inside(np.hypot(dx, ball) - 0.035, pixel), 0.02)
    _paint(canvas, white * _inside(np.hypot(dx - 0.02 * side, ball + 0.025) - 0.016, pixel), 1.0)
    _paint(canvas, 0.95 * _stroke(np.hypot(dy - upper, ends), 0.022), 0.08)
    _paint(canvas, 0.35 * _stroke(np.hypot(dy - lower, ends), 0.018), _ink(p))
    bag = np.hypot(dy - lower - 0.05 - 0.02 * bow, 1.5 * ends)
    _paint(canvas, 0.4 * _full(u.cheek_raiser + 0.4 * u.lid_tightener) * _stroke(bag, 0.02), _ink(p))

    inner, outer = p.eye_distance - 0.16 - 0.04 * u.brow_lowerer, p.eye_distance + 0.18
    t = np.clip((x - inner) / (outer - inner), 0, 1)  # along the brow
    lift_inner = 0.1 * u.inner_brow_raiser - 0.1 * u.brow_lowerer - 0.05 * u.nose_wrinkler - p.brow_tilt
    lift_outer = 0.1 * u.outer_brow_raiser - 0.02 * u.brow_lowerer + p.brow_tilt
    arch = p.brow_arch + 0.03 + 0.03 * u.outer_brow_raiser
    brow_row = p.eye_row - p.brow_height + 0.02
    brow = brow_row - (1 - t) * lift_inner - t * lift_outer - 4 * arch * t * (1 - t)
    outside = np.maximum(np.maximum(inner - x, x - outer), 0)
    hairs = _inside(np.hypot(y - brow, outside) - p.brow_weight * (1.15 - 0.65 * t), pixel)
    _paint(canvas, 0.95 * hairs, 0.7 * np.minimum(p.hair, 0.6 * p.skin))
    furrow = _segment(x, y, 0.035, brow_row - 0.04, 0.03, p.eye_row - 0.07)
    _paint(canvas, 0.5 * _full(u.brow_lowerer) * _stroke(furrow, 0.016), _ink(p))


def _mouth(canvas, x, y, u, p, pixel):
    """Lips, what is between them, and the chin below."""
    width = _mouth_width(u, p)
    beside = np.maximum(np.abs(x) - width, 0)
    bow = 1 - np.clip(x / width, -1, 1) ** 2
    corner = (
        p.mouth_corner - 0.13 * u.lip_corner_puller + 0.11 * u.lip_corner_depressor + 0.02 * u.lip_stretcher
    )
    middle = p.mouth_row + 0.04 * u.lip_corner_puller - 0.03 * (u.lip_corner_depressor + u.chin_raiser)
    line = middle + 0.02 * u.jaw_drop + corner * (1 - bow)
    part = np.clip(u.lips_part, 0, 1.2)
    upper = line - (0.02 * part + 0.03 * u.jaw_drop + 0.05 * u.upper_lip_raiser) * bow
    lower = line + (0.06 + 0.08 * u.lip_corner_puller) * part * bow + 0.2 * u.jaw_drop * np.sqrt(bow)
    gap, between = lower - upper, np.maximum(upper - y, y - lower)

    lip = p.lip * (1 - 0.6 * _full(u.lip_tightener)) * (0.4 + 0.6 * bow)
    _paint(canvas, 0.9 * _inside(np.hypot(np.maximum(between, 0), beside) - lip, pixel), 0.62 * p.skin)
    opening = _inside(np.maximum(between, np.abs(x) - width), pixel) * np.clip(2 * gap / pixel, 0, 1)
    _paint(canvas, opening, 0.08)
    shown = _full(
        1.2 * u.lip_corner_puller + 0.8 * u.lip_stretcher + 0.3 * u.upper_lip_raiser + 0.3 * u.jaw_drop
    )
    _paint(canvas, shown * opening * _inside(y - upper - 0.4 * gap, pixel), 0.93)  # teeth
    closed = 1 - np.clip(gap / 0.05, 0, 1)
    _paint(canvas, 0.8 * closed * _stroke(np.hypot(y - line, beside), 0.016), 0.15 * p.skin)
    chin = np.hypot(y - lower - 0.2 + 0.1 * bow, np.maximum(np.abs(x) - 0.1, 0))
    _paint(canvas, (0.18 + 0.4 * _full(u.chin_raiser)) * _stroke(chin, 0.025), _ink(p))


def _mouth_width(u, p):
    """Half the width of the mouth."""
    wider = 0.3 * u.lip_corner_puller + 0.3 * u.lip_stretcher - 0.2 * u.lip_tightener - 0.2 * u.jaw_drop
    return p.mouth_width * (1 + wider)


def _ink(p):
    """The grey of lines in a face."""
    return 0.45 * p.skin


def _full(strength):
    """What cannot be more than fully there."""
    return np.clip(strength, 0, 1)


def _paint(canvas, cover, grey):
    """Lay a grey over the canvas: `cover` is 0 where nothing changes, 1 where nothing shines through."""
    canvas += cover * (grey - canvas)


def _inside(distance, pixel):
    """How much of a pixel a shape covers, from its distance to the edge (negative inside)."""
    return np.clip(0.5 - distance / pixel, 0, 1)


def _stroke(distance, width):
    """A soft line: 1 on it, about a third at a distance of its width."""
    return np.exp(-((distance / width) ** 2))


def _segment(x, y, x0, y0, x1, y1):
    """Distance from the segment between two points."""
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx**2 + dy**2), 0, 1)
    return np.hypot(x - x0 - along * dx, y - y0 - along * dy)
