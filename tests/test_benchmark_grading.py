"""The benchmark of the grader grades what it says, and notices if a submission gets other points."""

import json
from pathlib import Path

import pytest
from coursework_lab import sandbox_or_skip

from benchmarks import grading

PAGE = Path(__file__).resolve().parent.parent / "instructors.md"


def test_the_instructors_page_says_what_was_measured():
    table, page = json.loads(grading.RESULTS.read_text()), " ".join(PAGE.read_text().split())
    seconds = {row["what"]: row["seconds"] for row in table["rows"]}
    solved = [f"{value:.1f}" for what, value in seconds.items() if what.endswith("solved")]
    assert f"between {min(solved)} and {max(solved)} seconds" in page
    assert f"{1000 * seconds['both sandboxes alone']:.0f} milliseconds" in page
    assert table["class"]["size"] == 100
    assert f"with two jobs took {table['class']['seconds']:.0f} seconds" in page
    assert table["jobs"] == 2
    assert all(0.75 < value < 1.25 for what, value in seconds.items() if what.endswith("blank"))


def test_a_solved_and_a_blank_notebook_differ_in_their_answers():
    solved, blank = grading.submissions("hw2")
    assert b"BEGIN SOLUTION" in solved
    assert b"YOUR CODE HERE" in blank
    assert b"BEGIN SOLUTION" not in blank


def test_points_that_are_not_expected_stop_the_benchmark(monkeypatch):
    monkeypatch.setattr(grading, "grade_one", lambda data, name, seed: {"score": 3})
    grading.grade(b"", "hw2", 3)
    with pytest.raises(AssertionError, match="hw2 got 3 instead of 4"):
        grading.grade(b"", "hw2", 4)


@pytest.mark.slow_grading
def test_a_run_measures_the_sandboxes_each_notebook_and_a_class():
    sandbox_or_skip()
    table = grading.measure(1, 2, 2, names=("hw2",), say=lambda text: None)
    assert [row["what"] for row in table["rows"]] == ["both sandboxes alone", "hw2 solved", "hw2 blank"]
    assert all(0 < row["seconds"] <= row["slowest"] for row in table["rows"])
    assert table["class"]["size"] == 2
