"""Every number that the lecture prints comes out of a cell of the chapters, as stored.

What is compared with is typed from the lecture (deck.py), not computed.
"""

import json
import re
from pathlib import Path

import deck
import numpy as np
import pytest

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"


def printed(chapter, cell_id):
    """The text that a cell of a stored chapter printed."""
    notebook = json.loads((CHAPTERS / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    (cell,) = [cell for cell in notebook["cells"] if cell["id"] == cell_id]
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


def numbers(text):
    return np.array([float(match) for match in re.findall(r"-?\d+\.?\d*", text)])


@pytest.mark.parametrize(
    ("chapter", "cell", "lecture"),
    [
        ("03_matching_pieces", "draw-x", deck.X_DECK),
        ("03_matching_pieces", "map-printed", deck.FILTERED[0]),
        ("03_matching_pieces", "maps", deck.FILTERED[1:]),
        ("04_a_toy_convnet", "pooling-printed", deck.POOLED),
        ("04_a_toy_convnet", "relu", deck.RECTIFIED),
        ("04_a_toy_convnet", "deep", deck.DEEP),
    ],
)
def test_cell_prints_the_lectures_array(chapter, cell, lecture):
    np.testing.assert_array_equal(numbers(printed(chapter, cell)), np.ravel(lecture))


def test_worked_matches_are_one_and_five_ninths():
    assert printed("03_matching_pieces", "filter-first").endswith("sum: 9  match: 1.0\n")
    assert "sum: 5  match: 0.55" in printed("03_matching_pieces", "filter-second")
    assert "5/9 cut off: 0.55" in printed("03_matching_pieces", "cut")


def test_votes_come_from_the_lectures_twelve_values():
    source = (CHAPTERS / "04_a_toy_convnet.ipynb").read_text(encoding="utf-8")
    assert re.search(r"values = np.array\(.*?\[0\.9, 0\.65", source, re.DOTALL)
    assert all(f"{value:g}" in source for value in deck.VOTES)
    # by hand: (.9 + .87 + .96 + .89 + .94) / 5 and (.65 + .45 + .44 + .53) / 4
    assert "[0.912  0.5175]" in printed("04_a_toy_convnet", "vote-matrix")
