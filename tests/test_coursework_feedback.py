"""The page a student gets back: what was found, nothing secret, nothing that runs."""

import re
from html.parser import HTMLParser
from pathlib import Path

import coursework_standin as standin
import pytest

from coursework.feedback import LONGEST, page, safe
from coursework.submissions import Submission

ATTACK = "</pre></td><script>alert(1)</script><img src=x onerror=alert(1)>\"'&<!--"


def submission(text="anna"):
    return Submission(Path("x"), f"{text}.ipynb", "key", text, "", "", "")


def result(words="q1 raises", seed=987654321):
    return standin.grade_one(words.encode(), "hw2", seed=seed)


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.names, self.attributes, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, name, attributes):
        self.names.append(name)
        self.attributes += attributes

    def handle_data(self, data):
        self.text.append(data)


def test_points_reasons_and_cells_are_there():
    text = " ".join(" ".join(Tags(page(submission(), result(), "Matching")).text).split())
    for part in (
        "hw2: Matching",
        "1 of 6 points",
        "q1 question 1 1 of 1 , right",
        "q2 question 2 0 of 2 a row of ones",
    ):
        assert part in text, part
    assert "2 error NameError: name '</pre><script>' is not defined" in text


def test_cells_are_not_mentioned_where_all_ran():
    assert "Cells that" not in page(submission(), result("q1"))


def test_a_file_that_could_not_be_graded_says_why():
    assert "Nothing could be graded: this is not a notebook" in page(submission(), result("broken"))


def test_no_text_of_a_student_becomes_markup():
    hostile = result("q1 raises") | {"reason": ATTACK}
    hostile["questions"]["q2"]["reason"] = ATTACK * 2
    hostile["cells"][1]["message"] = ATTACK
    honest = Tags(page(submission(), result("q1 raises") | {"reason": "x"}))
    attacked = Tags(page(submission(ATTACK), hostile))
    assert attacked.names == honest.names
    assert attacked.attributes == honest.attributes
    assert "script" not in attacked.names


def test_nothing_runs_and_nothing_is_loaded():
    tags = Tags(page(submission(), result()))
    attributes = dict(tags.attributes)
    assert {"script", "img", "link", "iframe", "a"}.isdisjoint(tags.names)
    assert {"src", "href", "style", "onload"}.isdisjoint(attributes)
    policies = [value for name, value in tags.attributes if name == "content" and "default-src" in value]
    assert policies
    assert "default-src 'none'" in policies[0]
    assert "unsafe" not in policies[0]


def test_neither_the_seed_nor_the_grader_are_told():
    text = page(submission(), result(seed=987654321))
    assert "987654321" not in text
    assert "ffff" not in text


def test_texts_are_cut_and_control_characters_shown():
    assert len(safe("x" * 10**6)) < LONGEST + 10
    assert safe("a\x1b[31mred\x1b[0m\x00\u202e\ud800\nb") == "ared\\x00\\u202e\\ud800\nb"


def test_every_table_can_be_read_aloud():
    text = page(submission(), result())
    assert text.count("<table>") == text.count("<caption>") == 2
    assert set(re.findall(r"<th\b[^>]*>", text)) == {'<th scope="col">', '<th scope="row">'}
    assert '<html lang="en">' in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_style_is_applied_and_readable(new_page, tmp_path, scheme):
    """The policy lets our own style through, at the width of a telephone as well, in both schemes."""
    path = tmp_path / "feedback.html"
    path.write_text(page(submission("x" * 200), result("q1 raises")), "utf-8")
    shown = new_page(color_scheme=scheme, viewport={"width": 360, "height": 800})
    shown.goto(path.as_uri())
    ink, ground = shown.evaluate(
        "() => ['color', 'backgroundColor'].map((k) => getComputedStyle(document.body)[k])"
    )
    light = [sum(map(int, re.findall(r"\d+", c)[:3])) for c in (ink, ground)]
    assert (light[0] < light[1]) == (scheme == "light")
    assert abs(light[0] - light[1]) > 500
    assert shown.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
