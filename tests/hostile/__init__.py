"""Submissions that attack the grader, are damaged or merely odd, each with what must come of it.

All answer the trial assignment hw0. An attack that gets anywhere raises, prints or returns the
text `BREACH`, which must appear in no result.
"""

import json
import textwrap
from dataclasses import dataclass

POINTS = {"q1": 1, "q2": 1, "q3": 2, "q4": 2}
BREACH = "reached-what-it-must-not"
START = "import numpy as np\nfrom hw0_checks import check"
HONEST = {
    "q1": "def brightness(image):\n    return image.mean()",
    "q2": "def extremes(image):\n    return image.min(), image.max()",
    "q3": "def stretch(image):\n    return (image - image.min()) / (image.max() - image.min())",
    "q4": "def classify(images):\n    return (images.mean(axis=(1, 2)) > 0.5).astype(int)",
}
WORKED = [START, *HONEST.values()]
# Right shapes, wrong values: what has to be turned into marks by other means than work.
LAZY = """
def brightness(image):
    return 0.0
def extremes(image):
    return 0.0, 0.0
def stretch(image):
    return [[0.0 for value in row] for row in image]
def classify(images):
    return [0 for image in images]
"""


@dataclass(frozen=True)
class Submission:
    """A file that somebody hands in.

    Attributes
    ----------
    name : str
        The stem of its file.
    family : str
    tries : str
        What it is up to, in a line.
    data : bytes
    right : tuple of str
        The questions that must be given their points.
    may : tuple of str
        Those that may be: honest work that the submission itself gets into the way of. All others
        must be given none.
    reason : str or None
        A regular expression that the reason of the whole submission must match; "" where it must
        be empty (it was graded), None where either is fine.
    quick : bool
        Whether `make test` tries it.
    """

    name: str
    family: str
    tries: str
    data: bytes
    right: tuple = ()
    may: tuple = ()
    reason: str | None = ""
    quick: bool = False


def code(source, **changes):
    """A code cell."""
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    return {**cell, **changes}


def notebook(cells, **changes):
    """The bytes of a notebook with these cells, given as sources or as whole cells."""
    cells = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    cells = [{"id": f"cell-{i}", **cell} if isinstance(cell, dict) else cell for i, cell in enumerate(cells)]
    return json.dumps(
        {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **changes}
    ).encode()


class Family(list):
    """Submissions that try the same kind of thing."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def add(self, name, tries, *cells, right=(), may=(), reason="", quick=False, data=None):
        """Add a submission made of cells (whose common indentation goes), or of bytes."""
        cells = [textwrap.dedent(cell).strip("\n") if isinstance(cell, str) else cell for cell in cells]
        data = notebook(cells) if data is None else data
        self.append(Submission(name, self.name, tries, data, tuple(right), tuple(may), reason, quick))

    def beside(self, name, tries, attack, right=tuple(POINTS), **more):
        """Add an attack in a cell of its own, followed by honest work, which must get its marks."""
        self.add(name, tries, START, attack, *HONEST.values(), right=right, **more)

    def instead(self, name, tries, attack, **more):
        """Add an attack in a cell of its own, followed by work that is wrong."""
        self.add(name, tries, START, attack, LAZY, **more)

    def within(self, name, tries, attack, question="q1", **more):
        """Add an attack in the answer to a question; the other answers are honest and must count."""
        right = [other for other in POINTS if other != question]
        self.add(name, tries, START, *{**HONEST, question: attack}.values(), **{"right": right, **more})
