"""Schematic faces that show the six basic expressions: a synthetic data set, drawn by this program.

A face is drawn from *action units*, the numbered muscle movements of the Facial Action Coding
System: AU 12 pulls the corners of the lips up, AU 4 lowers the brows, and joy is AU 6 + 12. Persons
differ in the shape of their faces, eyes, brows, noses, mouths and hair, and in how they look when they
show nothing. On top of that come pose, light and noise.

These are drawings: what works on them need not work on photographs of people.

References
----------
P. Ekman, W. Friesen: Facial Action Coding System. Consulting Psychologists Press, 1978.
"""

from types import SimpleNamespace

import numpy as np

from cnnlib.datasets import face_drawing

# The six basic expressions and neutral, in the order of their labels.
EXPRESSIONS = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")

# Action units, and how strongly each expression uses them when it is shown fully.
UNITS = {
    "inner_brow_raiser": (0.0, 0.0, 1.0, 0.0, 1.0, 1.0),  # AU 1
    "outer_brow_raiser": (0.0, 0.0, 0.5, 0.0, 0.0, 1.0),  # AU 2
    "brow_lowerer": (1.0, 0.4, 0.6, 0.0, 0.5, 0.0),  # AU 4
    "upper_lid_raiser": (0.5, 0.0, 0.9, 0.0, 0.0, 0.8),  # AU 5
    "cheek_raiser": (0.0, 0.2, 0.0, 0.9, 0.0, 0.0),  # AU 6
    "lid_tightener": (0.7, 0.5, 0.0, 0.0, 0.2, 0.0),  # AU 7
    "nose_wrinkler": (0.2, 1.0, 0.0, 0.0, 0.0, 0.0),  # AU 9
    "upper_lip_raiser": (0.0, 0.9, 0.0, 0.0, 0.0, 0.0),  # AU 10
    "lip_corner_puller": (0.0, 0.0, 0.0, 1.0, 0.0, 0.0),  # AU 12
    "lip_corner_depressor": (0.1, 0.3, 0.0, 0.0, 1.0, 0.0),  # AU 15
    "chin_raiser": (0.4, 0.4, 0.0, 0.0, 0.5, 0.0),  # AU 17
    "lip_stretcher": (0.0, 0.0, 1.0, 0.0, 0.0, 0.0),  # AU 20
    "lip_tightener": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0),  # AU 23
    "lips_part": (0.0, 0.2, 0.6, 0.6, 0.0, 0.7),  # AU 25
    "jaw_drop": (0.0, 0.0, 0.3, 0.1, 0.0, 1.0),  # AU 26
}

# What differs from person to person: uniform between two values. Lengths are in half images.
PERSON = {
    "width": (0.56, 0.68),
    "height": (0.74, 0.84),
    "jaw": (1.9, 2.9),  # exponent of the face's outline: the larger, the squarer
    "skin": (0.55, 0.88),
    "hair": (0.1, 0.7),  # as a part of the skin's grey
    "clothes": (0.2, 0.5),
    "hairline": (0.42, 0.66),
    "fringe": (-0.5, 0.5),
    "long": (-1.0, 1.0),  # hair falls beside the face where positive
    "eye_distance": (0.23, 0.3),
    "eye_width": (0.125, 0.165),
    "eye_height": (0.055, 0.085),
    "eye_row": (-0.14, -0.06),
    "iris": (0.08, 0.35),
    "brow_height": (0.15, 0.2),
    "brow_tilt": (-0.03, 0.03),
    "brow_weight": (0.018, 0.042),
    "brow_arch": (0.0, 0.035),
    "nose_length": (0.24, 0.34),
    "nose_width": (0.07, 0.12),
    "mouth_row": (0.4, 0.48),
    "mouth_width": (0.19, 0.26),
    "mouth_corner": (-0.025, 0.025),
    "lip": (0.022, 0.045),
    "beard": (-1.5, 1.0),  # darkness of the lower face, where positive
}

# What differs from picture to picture.
VIEW = {
    "shift_x": (-0.04, 0.04),
    "shift_y": (-0.04, 0.04),
    "scale": (0.95, 1.05),
    "roll": (-5.0, 5.0),  # degrees in the picture plane
    "yaw": (-1.0, 1.0),  # to the side
    "pitch": (-1.0, 1.0),  # up and down
    "gaze_x": (-1.0, 1.0),
    "gaze_y": (-0.5, 0.5),
    "light_x": (-0.2, 0.2),
    "light_y": (-0.1, 0.1),
    "gain": (0.8, 1.12),
    "background": (0.15, 0.85),
    "tilt": (-0.15, 0.15),  # of the background's grey
    "noise": (0.01, 0.04),  # standard deviation, in grey values
}

# How the data set is shown and felt: fully shown is 1.
STRENGTH = (0.5, 1.0)  # of an expression in a picture
UNEVEN = (0.75, 1.25)  # factor for each action unit
MISSING = 0.05  # probability that somebody leaves an action unit out
RESTING = 0.06  # standard deviation of the action units of a face that shows nothing
BATCH = 32  # faces drawn at a time: few enough for the cache


def draw(expression, *, strength=1.0, size=48, rng=None):
    """Draw one schematic face.

    Parameters
    ----------
    expression : str or dict
        One of `EXPRESSIONS`, or action units by the names of `UNITS` with their strengths.
    strength : float, optional
        Factor for all action units: 0 shows nothing, 1 the full expression.
    size : int, optional
        Rows and columns, in pixels.
    rng : numpy.random.Generator, optional
        Draws the person, the pose, the light and the noise. Without it: an average person, from the
        front, in even light.

    Returns
    -------
    ndarray of shape (size, size)
        Grey values in [0, 1], float32.

    Raises
    ------
    ValueError
        If there is no such expression or action unit.

    Examples
    --------
    >>> smile, sulk = draw("joy"), draw({"lip_corner_depressor": 1.0})
    >>> smile.shape
    (48, 48)
    """
    if isinstance(expression, str):
        units = prototypes()[_label(expression)]
    else:
        unknown = set(expression) - set(UNITS)
        if unknown:
            raise ValueError(
                f"action units are {', '.join(UNITS)}: got {', '.join(sorted(map(str, unknown)))}"
            )
        units = np.array([expression.get(name, 0.0) for name in UNITS])
    if rng is None:
        person = np.mean(list(PERSON.values()), axis=1)
        view = np.mean(list(VIEW.values()), axis=1)
        view[list(VIEW).index("noise")] = 0
    else:
        person, view = _uniform(rng, PERSON, 1)[0], _uniform(rng, VIEW, 1)[0]
    return _render(strength * units[None], person[None], view[None], size, rng)[0, 0]


def sample(*, rng, persons=24, variants=5, size=48):
    """Draw a data set of schematic faces: each person shows each expression several times.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything; ``np.random.Generator(np.random.PCG64(0))`` draws the set of
        ``cnnlib.datasets.load("expressions")``.
    persons, variants : int, optional
        How many persons, and how many pictures of each expression of each person.
    size : int, optional
        Rows and columns, in pixels.

    Returns
    -------
    images : ndarray of shape (N, 1, size, size)
        Grey values in [0, 1], float32; N is ``persons * 7 * variants``.
    labels : ndarray of shape (N,)
        Indices into `EXPRESSIONS`, int64.
    person : ndarray of shape (N,)
        Who is shown, from 0, int64, in order: person after person.
    """
    shown, resting, person, view, labels, who = _cast(rng, persons, variants)
    return _render(shown + resting, person, view, size, rng), labels, who


def films(*, rng, persons=24, variants=5, frames=4, size=48):
    """Draw short films of schematic faces: from a resting face on, the expression rises evenly.

    Parameters
    ----------
    rng : numpy.random.Generator
        As for `sample`. With the same one the last pictures of the films show what `sample` shows, up to
        the noise.
    persons, variants, size : int, optional
        As for `sample`.
    frames : int, optional
        How many pictures a film has. Picture k of n, from 1, shows k/n of the expression.

    Returns
    -------
    pictures : ndarray of shape (N, frames, 1, size, size)
        Grey values in [0, 1], float32; N is ``persons * 7 * variants``.
    labels, person : ndarray of shape (N,)
        As for `sample`.
    """
    shown, resting, person, view, labels, who = _cast(rng, persons, variants)
    rising = np.arange(1, frames + 1) / frames
    pictures = [_render(share * shown + resting, person, view, size, rng) for share in rising]
    return np.stack(pictures, axis=1), labels, who


def _cast(rng, persons, variants):
    """Draw who shows what, how strongly and seen how; a row for each picture or film."""
    per_person = len(EXPRESSIONS) * variants
    labels = np.tile(np.repeat(np.arange(len(EXPRESSIONS)), variants), persons)
    n = len(labels)
    person = _uniform(rng, PERSON, persons)
    resting = np.abs(rng.normal(0, RESTING, (persons, len(UNITS))))
    strength = rng.uniform(*STRENGTH, (n, 1)) * rng.uniform(*UNEVEN, (n, len(UNITS)))
    shown = strength * (rng.random((n, len(UNITS))) >= MISSING)
    view = _uniform(rng, VIEW, n)
    who = np.repeat(np.arange(persons), per_person)
    return prototypes()[labels] * shown, resting[who], person[who], view, labels, who


def prototypes():
    """The action units of each expression, fully shown: float64 of shape (7, 15)."""
    return np.vstack([np.array(list(UNITS.values())).T, np.zeros(len(UNITS))])


def _label(expression):
    if expression not in EXPRESSIONS:
        raise ValueError(f"expression must be one of {', '.join(EXPRESSIONS)}: got {expression!r}")
    return EXPRESSIONS.index(expression)


def _uniform(rng, ranges, n):
    """Draw n rows, each column between the two values of its name."""
    low, high = np.array(list(ranges.values())).T
    return rng.uniform(low, high, (n, len(low)))


def _render(units, person, view, size, rng):
    """Draw batch by batch, then add noise: float32 of shape (N, 1, size, size) in [0, 1]."""
    images = np.empty((len(units), size, size), dtype=np.float32)
    for start in range(0, len(units), BATCH):
        part = slice(start, start + BATCH)
        u, p, v = _columns(UNITS, units[part]), _columns(PERSON, person[part]), _columns(VIEW, view[part])
        p.hair = p.hair * p.skin
        images[part] = face_drawing.draw(u, p, v, size)
    if rng is not None:
        noise = view[:, list(VIEW).index("noise"), None, None].astype(np.float32)
        images += noise * rng.standard_normal(images.shape, dtype=np.float32)
    return np.clip(images, 0, 1)[:, None]


def _columns(names, values):
    """Columns of a table under their names, each of shape (N, 1, 1)."""
    values = values.astype(np.float32)
    return SimpleNamespace(**{name: values[:, i, None, None] for i, name in enumerate(names)})
