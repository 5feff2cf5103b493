"""The helper that marks our own variants without a sandbox."""

import pytest
from coursework_lab import blank, grade_here, sources_of, with_answer

from coursework.hw0.variants import CORRECT, WRONG
from coursework.question import load


def points(marks):
    return [value for value, _ in marks.values()]


def test_the_solutions_of_the_trial_get_all_points():
    assert grade_here("hw0", sources_of("hw0")) == {
        "q1": (1, ""),
        "q2": (1, ""),
        "q3": (2, ""),
        "q4": (2, ""),
    }


def test_a_blank_notebook_gets_none_and_says_so():
    assert set(grade_here("hw0", blank("hw0")).values()) == {(0.0, "not written yet")}


@pytest.mark.parametrize(("question", "name"), [(q, n) for q in CORRECT for n in CORRECT[q]])
def test_a_right_answer_gets_all_points(question, name):
    marks = grade_here("hw0", with_answer("hw0", question, CORRECT[question][name]))
    assert sum(points(marks)) == load("hw0").points, marks


@pytest.mark.parametrize(("question", "name"), [(q, n) for q in WRONG for n in WRONG[q]])
def test_a_wrong_answer_costs_its_own_points_and_no_other(question, name):
    marks = grade_here("hw0", with_answer("hw0", question, WRONG[question][name]))
    assert {q for q, (value, _) in marks.items() if not value} == {question}, marks


def test_the_same_seed_draws_the_same_cases_and_another_seed_others():
    question = load("hw0").questions[0]
    one, same, other = (question.drawn(seed)[1].expected for seed in (7, 7, 8))
    assert one == same != other
