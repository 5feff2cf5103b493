"""Each chapter opens with a question, and closes with exercises, an answer and the way on."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PATHS = sorted((ROOT / "chapters").glob("*.ipynb"))
CHAPTERS = [json.loads(path.read_text(encoding="utf-8"))["cells"] for path in PATHS]
GRADES = ("Easy", "Medium", "Stretch")

each_chapter = pytest.mark.parametrize("cells", CHAPTERS, ids=[path.stem for path in PATHS])


def source(cell):
    return "".join(cell["source"])


def exercises(cells):
    """(label, text) of each exercise, in order."""
    pattern = r"```\{exercise\} [^\n]+\n:nonumber:\n:label: ([\w-]+)\n\n(.*?)```"
    return re.findall(pattern, "\n".join(map(source, cells)), re.DOTALL)


def solutions(cells):
    """Label of the exercise -> the cells from the solution's start to its end."""
    found, label = {}, None
    for cell in cells:
        text = source(cell)
        if label:
            found[label].append(cell)
            if "```{solution-end}" in text:
                label = None
        if start := re.search(r"```\{solution-start\} ([\w-]+)\n:class: dropdown\n```", text):
            label = start.group(1)
            found[label] = [cell]
    assert label is None, f"the solution of {label} has no end"
    return found


@each_chapter
def test_a_chapter_opens_with_a_question(cells):
    number = r"\(chapter-\d\d\)=\n# \d+\. [^\n]+"
    assert re.match(number + r"\n\n\*[^*]*\?[^*]*\*\n\n\S", source(cells[0]))


@each_chapter
def test_a_chapter_says_what_it_takes(cells):
    box = re.search(r":::\{admonition\} Before you start\n(.*?):::", source(cells[0]), re.DOTALL).group(1)
    needs, time, able = (
        box.find(words) for words in ("**You need**", "**It takes**", "**Afterwards you can**")
    )
    assert -1 < needs < time < able
    assert re.search(r"\*\*It takes\*\* about \d+ minutes", box)
    assert len(re.findall(r"^- ", box[able:], re.MULTILINE)) >= 3


@each_chapter
def test_a_chapter_has_four_exercises_from_easy_to_hard(cells):
    grades = [re.match(r"\*(\w+)\.\*", text).group(1) for _, text in exercises(cells)]
    assert len(grades) >= 4
    assert {"Easy", "Medium", "Stretch"} == set(grades)
    assert grades == sorted(grades, key=GRADES.index)


@each_chapter
def test_each_exercise_has_a_folded_solution_whose_code_nbval_runs(cells):
    """Code of a solution is a code cell, which nbval runs; code quoted in the text would run nowhere."""
    found = solutions(cells)
    assert list(found) == [label for label, _ in exercises(cells)]
    for label, inside in found.items():
        assert any(cell["cell_type"] == "code" for cell in inside), label
        for cell in inside:
            if cell["cell_type"] == "markdown":
                assert not re.search(r"^```(python|ipython|py)\b", source(cell), re.MULTILINE), label


@each_chapter
def test_a_chapter_closes_with_what_it_answered_and_what_comes_next(cells):
    last = source(cells[-1])
    assert last.startswith("## What you take with you\n\n- ")
    assert len(re.findall(r"^- ", last, re.MULTILINE)) >= 3
    assert re.search(r"\*\*(Next[.:]|Back to)", last.split("\n\n")[-1])
    assert "{doc}`" in last.split("\n\n")[-1]


# The canary: what each test looks for, taken away.


def without(cells, pattern, instead=""):
    return [{**cell, "source": re.sub(pattern, instead, source(cell), flags=re.DOTALL)} for cell in cells]


@pytest.mark.parametrize(
    ("test", "pattern", "instead"),
    [
        (test_a_chapter_opens_with_a_question, r"\?", "."),
        (test_a_chapter_says_what_it_takes, r"\*\*It takes\*\*", "Time:"),
        (test_a_chapter_has_four_exercises_from_easy_to_hard, r"\*Easy\.\*", "*Stretch.*"),
        (test_each_exercise_has_a_folded_solution_whose_code_nbval_runs, r":class: dropdown\n", ""),
        (test_a_chapter_closes_with_what_it_answered_and_what_comes_next, r"\*\*Next", "Then"),
    ],
)
def test_a_chapter_that_lacks_it_goes_red(test, pattern, instead):
    test(CHAPTERS[2])
    with pytest.raises((AssertionError, AttributeError)):
        test(without(CHAPTERS[2], pattern, instead))
