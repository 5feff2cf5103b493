"""Six optimisers on a surface of two weights: a start, a rate for each, and where they go, step by step."""

from typing import NamedTuple

import numpy as np
import traitlets

from cnnlib.explorers.explorer import Explorer, Numbers, bundle, shaped, stylesheet
from cnnlib.optimizers import SGD, Adagrad, Adam, RMSprop

STEPS = 300
NEAR, FAR = 0.05, 1000  # a walk has arrived within NEAR of a lowest place, and ends where it is beyond FAR
EXPONENTS = np.arange(-32, 13) / 8  # a search tries ten to these powers
MAKE = {
    "SGD": SGD,
    "momentum": lambda lr: SGD(lr, momentum=0.9),
    "Adagrad": Adagrad,
    "RMSprop": lambda lr: RMSprop(lr, alpha=0.9),
    "Adam": Adam,
    "Nesterov": lambda lr: SGD(lr, momentum=0.9, nesterov=True),
}


class Surface(NamedTuple):
    """Heights and slopes of places (a, b); what the page shows of it and begins with."""

    height: callable
    slope: callable
    limits: tuple  # of a, and of b
    start: tuple
    lowest: tuple
    exponents: tuple  # eighths of powers of ten: the best rates of that start


def _turned_height(a, b):
    return (21 * (a * a + b * b) + 38 * a * b) / 4


def _turned_slope(a, b):
    return (21 * a + 19 * b) / 2, (19 * a + 21 * b) / 2


def _bowl(height, slope, start, exponents):
    return Surface(height, slope, ((-1.5, 1.5), (-1.5, 1.5)), start, ((0, 0),), exponents)


SURFACES = {
    "valley": _bowl(
        lambda a, b: (20 * a * a + b * b) / 2,
        lambda a, b: (20 * a, b),
        (-0.9, 1.2),
        (-9, -19, 0, -14, -8, -10),
    ),
    "valley, turned": _bowl(_turned_height, _turned_slope, (0.2, 1.45), (-9, -19, 1, -12, -2, -10)),
    "ravine": Surface(
        lambda a, b: (1 - a) ** 2 + 100 * (b - a * a) ** 2,
        lambda a, b: (-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)),
        ((-2, 2), (-1, 3)),
        (-1.2, 1.0),
        ((1, 1),),
        (-19, -20, 2, 1, 1, -23),
    ),
    "saddle": Surface(
        lambda a, b: a * a / 2 + 0.02 * (1 - b * b) ** 2 / 4,
        lambda a, b: (a, 0.02 * (b * b * b - b)),
        ((-1.5, 1.5), (-1.5, 1.5)),
        (1.2, 0.01),
        ((0, 1), (0, -1)),
        (2, 2, -1, -14, -12, 0),
    ),
}


def walk(surface, name, start, rate, steps=STEPS):
    """Walk with one of the optimisers of `cnnlib.optimizers`.

    Parameters
    ----------
    surface, name : str
        Keys of `SURFACES` and `MAKE`.
    start : sequence of two floats
    rate : float
    steps : int

    Returns
    -------
    ndarray of shape (steps + 1, 2)
        All places, the start first. Beyond `FAR` a walk stays where it is.

    Examples
    --------
    >>> walk("valley", "SGD", (1, 1), 0.05, steps=2)  # 1 - 20 * .05 is 0, and 1 - .05 is .95
    array([[1.    , 1.    ],
           [0.    , 0.95  ],
           [0.    , 0.9025]])
    """
    place, optimizer = np.array(start, dtype=float), MAKE[name](rate)
    places = [place.copy()]
    for _ in range(steps):
        if np.abs(place).max() <= FAR:
            optimizer.step([place], [np.array(SURFACES[surface].slope(*place), dtype=float)])
        places.append(place.copy())
    return np.array(places)


def arrival(surface, places):
    """After how many steps a walk is near a lowest place for good; None if it is not at its end."""
    lowest = np.array(SURFACES[surface].lowest, dtype=float)
    away = np.linalg.norm(places[:, None] - lowest, axis=-1).min(axis=-1)
    outside = np.flatnonzero(away > NEAR)
    if len(outside) == 0:
        return 0
    return None if outside[-1] == len(places) - 1 else int(outside[-1]) + 1


def best_rates(surface, start):
    """Search a rate for each optimiser: the one that arrives first, else the one that ends nearest.

    Returns
    -------
    list of float
        In the order of `MAKE`; each ten to one of the powers in `EXPONENTS`, the lowest of equals.
    """
    lowest = np.array(SURFACES[surface].lowest, dtype=float)

    def score(name, rate):
        places = walk(surface, name, start, rate)
        arrived = arrival(surface, places)
        away = np.linalg.norm(places[-1] - lowest, axis=-1).min()
        return STEPS + away if arrived is None else arrived

    rates = [float(10**exponent) for exponent in EXPONENTS]
    return [min(rates, key=lambda rate: score(name, rate)) for name in MAKE]


def check_start(name, array):
    shaped(2)(name, array)
    if np.abs(array).max() > FAR:
        raise ValueError(f"{name} must be from {-FAR} to {FAR}: got {array[np.abs(array).argmax()]:g}")


def check_rates(name, array):
    shaped(len(MAKE))(name, array)
    if not (array > 0).all():
        raise ValueError(f"{name} must be above 0: got {array.min():g}")


class OptimizerRace(Explorer):
    """Race six optimisers over a surface: choose a start and rates, play, step, and look back.

    Parameters
    ----------
    surface : str
        "valley" (curvatures 20 and 1), "valley, turned" (by 45 degrees), "ravine" (Rosenbrock's), "saddle".
    start : sequence of two floats, optional
        The two weights at the start; the surface's own unless given.
    rates : sequence of six floats, optional
        Learning rates of SGD, momentum, Adagrad, RMSprop, Adam and Nesterov; unless given, the best ones
        that a search finds for the surface's own start.
    shown : sequence of str, optional
        Which of them are drawn; all unless given.
    step : int
        Which step is shown first, 0 to 300.

    Raises
    ------
    ValueError
        If there is no such surface or optimiser, or a number is out of its range.

    Examples
    --------
    >>> explorer = OptimizerRace("valley", start=(1, 1), rates=[0.05] * 6)
    >>> explorer.paths().shape
    (6, 301, 2)
    """

    name = "optimizer_race"
    fallback = (
        "This explorer needs JavaScript (in JupyterLab: run the cell). It races six optimisers over a map "
        "of a surface: you choose the start and the learning rates, and play or step through the race."
    )
    _esm = bundle("optimizer_race")
    _css = stylesheet("optimizer_race")

    surface = traitlets.Unicode().tag(sync=True)
    start = Numbers(check_start).tag(sync=True)
    rates = Numbers(check_rates).tag(sync=True)
    shown = traitlets.List(traitlets.Unicode()).tag(sync=True)
    step = traitlets.Int().tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)

    def __init__(self, surface="valley", start=None, rates=None, shown=None, step=0, **kwargs):
        presets = {name: _preset(one) for name, one in SURFACES.items()}
        if surface not in presets:
            raise ValueError(f"surface must be one of {_listed(presets)}: got {surface!r}")
        super().__init__(
            presets=presets,
            surface=surface,
            start=presets[surface]["start"] if start is None else start,
            rates=presets[surface]["rates"] if rates is None else rates,
            shown=list(MAKE) if shown is None else list(shown),
            step=step,
            **{"title": "Race six optimisers"} | kwargs,
        )

    @traitlets.validate("surface")
    def _check_surface(self, proposal):
        if proposal.value not in SURFACES:
            raise ValueError(f"surface must be one of {_listed(SURFACES)}: got {proposal.value!r}")
        return proposal.value

    @traitlets.validate("shown")
    def _check_shown(self, proposal):
        others = [name for name in proposal.value if name not in MAKE]
        if others:
            raise ValueError(f"shown must be some of {_listed(MAKE)}: got {others[0]!r}")
        return proposal.value

    @traitlets.validate("step")
    def _check_step(self, proposal):
        if not 0 <= proposal.value <= STEPS:
            raise ValueError(f"step must be from 0 to {STEPS}: got {proposal.value}")
        return proposal.value

    def paths(self):
        """Where all six are after each step: an ndarray of shape (6, 301, 2)."""
        walks = zip(MAKE, self.rates, strict=True)
        return np.array([walk(self.surface, name, self.start, rate) for name, rate in walks])


def _preset(surface):
    return {
        "limits": [list(ends) for ends in surface.limits],
        "start": list(surface.start),
        "lowest": [list(place) for place in surface.lowest],
        "rates": [float(10 ** (eighths / 8)) for eighths in surface.exponents],
    }


def _listed(names):
    return ", ".join(names)
