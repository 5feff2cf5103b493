"""Reading notebooks, marking results and what the checker does when the student's process lies."""

import json
import os
import time

import numpy as np
import pytest
from coursework_lab import blank, notebook_bytes, sources_of

from coursework import sandbox, student, unit
from coursework.check import Case
from coursework.checker import CELLS, CODE, RESTARTS, Marking, Unreadable, outcomes_of
from coursework.checker import sources_of as read
from coursework.marks import LONGEST, clean, mark
from coursework.messages import Malformed, encode, receive, send
from coursework.question import Assignment, Question, load
from coursework.sandbox import Refused
from coursework.student import Gone

CELL = {"cell_type": "code", "metadata": {}, "source": "x = 1"}


def notebook(cells, **changes):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, **changes}).encode()


@pytest.mark.parametrize("minor", range(6))
def test_notebooks_of_every_minor_format_are_read(minor):
    assert read(notebook([CELL], nbformat_minor=minor)) == ["x = 1"]


def test_a_source_may_be_a_text_or_lines():
    assert read(notebook([{**CELL, "source": ["a = 1\n", "b = 2"]}])) == ["a = 1\nb = 2"]


def test_a_byte_order_mark_does_no_harm():
    assert read(b"\xef\xbb\xbf" + notebook([CELL])) == ["x = 1"]


def test_only_the_sources_of_code_cells_count():
    cells = [
        {"cell_type": "markdown", "source": "x = 2"},
        {**CELL, "metadata": {"tags": ["skip-execution"]}, "outputs": [{"text": "6 of 6"}]},
        {"cell_type": "raw", "source": "x = 3"},
    ]
    assert read(notebook(cells, metadata={"kernelspec": {"name": "evil"}})) == ["x = 1"]


def test_odd_cells_count_as_empty_or_not_at_all():
    lines = {**CELL, "source": ["a", 1, None, "b"]}
    cells = [None, 1, [], {"cell_type": "code"}, {**CELL, "source": 5}, lines]
    assert read(notebook(cells)) == ["", "", "ab"]


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"{", b"null", b"[]", b"{}", b'{"cells": 3}', b"[" * 10**6, b"9" * 5000],
    ids=["empty", "UTF-16", "half", "null", "list", "no cells", "a number", "deep", "long"],
)
def test_what_is_no_notebook_is_refused_with_a_reason(data):
    with pytest.raises(Unreadable, match="not a notebook"):
        read(data)


def test_a_flood_of_cells_or_code_is_refused():
    with pytest.raises(Unreadable, match="more than"):
        read(notebook([CELL] * (CELLS + 1)))
    with pytest.raises(Unreadable, match="more than"):
        read(notebook([{**CELL, "source": "#" * (CODE + 1)}]))


CASES = [Case("a one", "f()", {}, 1.0, hint="It is one."), Case("a pair", "g()", {}, (1.0, 2.0))]
QUESTION = Question("q1", 2, "Ones", ("f", "g"), lambda rng: CASES, seconds=3)


def test_all_points_for_right_results_and_no_reason():
    assert mark(QUESTION, CASES, [{"value": 1}, {"value": [1, 2]}]) == (2.0, "")


@pytest.mark.parametrize(
    ("outcomes", "ended", "reason"),
    [
        ([{"value": 2.0}], "", "a one: got 2. Hint: It is one."),
        ([{"value": None}], "", "a one: got None: is a return missing? Hint: It is one."),
        ([{"value": 1}, {"value": np.ones(3)}], "", "a pair: expected 2 results, got 3"),
        ([{"error": "NotImplementedError", "text": ""}], "", "not written yet"),
        ([{"error": "NotImplementedError", "text": ""}], "late", "not written yet"),
        (
            [{"error": "NameError", "text": "name 'g' is not defined"}],
            "",
            "the name g is not defined: is its cell there and does it run?",
        ),
        (
            [{"error": "NameError", "text": "name 'other' is not defined"}],
            "",
            "a one: NameError: name 'other' is not defined",
        ),
        ([{"error": "ValueError", "text": "bad\x1b[31m\nvalue"}], "", "a one: ValueError: bad [31m value"),
        ([{"error": "KeyError", "text": ""}], "", "a one: KeyError"),
        ([{"value": 1}], "late", "a pair: took longer than 3 s"),
        ([], "gone", "a one: the code ended its process"),
        ([], "", "a one: the code ended its process"),
    ],
)
def test_no_points_otherwise_and_a_reason_in_words(outcomes, ended, reason):
    assert mark(QUESTION, CASES, outcomes, ended) == (0.0, reason)


def test_hidden_expectations_are_not_told():
    secret = Case("a case", "f()", {}, 123.456)
    assert "123" not in mark(QUESTION, [secret], [{"value": 1}])[1]


def test_a_judge_that_cannot_read_a_result_gives_no_points():
    case = Case("labels", "f()", {}, judge=lambda got: None if got["a"].sum() else "none")
    points, reason = mark(QUESTION, [case], [{"value": 3}])
    assert points == 0
    assert reason == "labels: the result is not what the question asks for: int"


def test_a_reason_is_one_line_without_control_or_bidi_characters_and_short():
    text = clean("a\x00b\nc\u202ed\ud800e\x9b" + "x" * 10000)
    assert text.startswith("a b c d e x")
    assert len(text) == LONGEST


class Fake:
    """A student's process that answers from a table; an exception in it is raised."""

    def __init__(self, **answers):
        self.answers = {"plan": {"q1": 2}, "run": ["ok", ""], "try": right(), **answers}
        self.asked = []

    def ask(self, message, seconds):
        self.asked.append(tuple(message[:2]) if message[0] == "run" else message[0])
        answer = self.answers[message[0]]
        answer = answer(*message[1:]) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return json.loads(json.dumps(answer))

    def close(self):
        self.asked.append("close")

    def watch(self, share):
        assert share < 1


def right():
    return [[{"value": encode(1.0)}, {"value": encode((1.0, 2.0))}], ""]


def attempt(monkeypatch, *fakes, sources=("f = 1", "g = 1")):
    """Mark with these processes, one after the other."""
    queue = iter(fakes)

    def start(*args):
        if isinstance(fake := next(queue), Exception):
            raise fake
        return fake

    monkeypatch.setattr("coursework.checker.Student", start)
    marking = Marking(Assignment("hw0", "t", (QUESTION,)), list(sources), 0, 60)
    marking.run()
    return marking


def test_cells_run_in_order_and_the_question_after_them(monkeypatch):
    fake = Fake()
    marking = attempt(monkeypatch, fake)
    assert fake.asked == ["plan", ("run", 0), ("run", 1), "try", "close"]
    assert marking.marks == {"q1": (2.0, "")}
    assert marking.cells == [("ok", ""), ("ok", "")]


PLANS = [None, [], {}, {"q2": 1}, {"q1": 1, "q2": 1}]


@pytest.mark.parametrize("plan", [*PLANS, *({"q1": ran} for ran in (3, -1, True, 1.0, "1"))], ids=str)
def test_a_plan_that_is_none_gives_no_points(monkeypatch, plan):
    marking = attempt(monkeypatch, *(Fake(plan=plan) for _ in range(RESTARTS + 1)))
    assert marking.marks == {"q1": (0.0, "not reached: what came from the notebook's process is no answer")}


OUTCOMES = [[1], [{}], [{"value": 1, "error": ""}], [{"error": "E"}], [{"error": 1, "text": ""}]]
OUTCOMES += [[{"value": ["x"]}], [{"value": 1.0}] * 3, {}]
ANSWERS = [None, 1, [], {}, [[]], [[], 1], [[], "", ""], *([outcomes, ""] for outcomes in OUTCOMES)]


@pytest.mark.parametrize("answer", ANSWERS, ids=str)
def test_results_that_are_none_give_no_points_and_the_rest_goes_on(monkeypatch, answer):
    with pytest.raises(Malformed):
        outcomes_of(answer, 2)
    marking = attempt(monkeypatch, Fake(**{"try": answer}))
    assert marking.marks == {"q1": (0.0, "the results cannot be read")}


@pytest.mark.parametrize("answer", [None, ["fine", ""], ["ok"], ["ok", 1], [["ok"], ""], Gone("x")], ids=str)
def test_a_cell_that_ends_the_process_is_skipped_and_the_rest_is_marked(monkeypatch, answer):
    second = Fake()
    marking = attempt(monkeypatch, Fake(run=lambda i, s: answer if i == 0 else ["ok", ""]), second)
    assert second.asked == ["plan", ("run", 1), "try", "close"]
    assert marking.cells[0][0] == "skipped"
    assert marking.marks == {"q1": (2.0, "")}


def test_a_cell_that_leaves_too_much_behind_is_skipped(monkeypatch):
    class Full(Fake):
        def watch(self, share):
            raise Gone("it used more than 2 GB of memory")

    marking = attempt(monkeypatch, Full(), Fake(run=["full", "it left too many files open"]), Fake())
    assert [told for _, told in marking.cells] == [
        "it used more than 2 GB of memory",
        "it left too many files open",
    ]
    assert {status for status, _ in marking.cells} == {"skipped"}


def test_a_question_that_ends_the_process_costs_its_own_points_and_is_not_tried_again(monkeypatch):
    second = Fake()
    marking = attempt(monkeypatch, Fake(**{"try": Gone("it took too long")}), second)
    assert marking.marks == {"q1": (0.0, "a one: it took too long")}
    assert "try" not in second.asked


def test_after_three_restarts_it_ends_with_a_reason(monkeypatch):
    gone = Gone("it ended the notebook's process")
    fakes = [Fake(plan={"q1": 9}, run=gone) for _ in range(RESTARTS + 1)]
    marking = attempt(monkeypatch, *fakes, sources=["f = 1"] * 9)
    assert marking.marks == {"q1": (0.0, "not reached: it ended the notebook's process")}
    assert [status for status, _ in marking.cells] == ["skipped"] * 4 + ["not run"] * 5


def test_a_sandbox_that_does_not_start_is_refused_but_only_at_first(monkeypatch):
    """At first it is this machine; later it may be what the submission does, which stops no class."""
    with pytest.raises(Refused):
        attempt(monkeypatch, Refused("no"))
    marking = attempt(monkeypatch, Fake(run=Gone("it took too long")), Refused("no"))
    assert marking.marks == {"q1": (0.0, "not reached: the notebook's process could not be started again")}


def test_a_missing_name_points_to_the_cell_that_failed(monkeypatch):
    missing = [[{"error": "NameError", "text": "name 'g' is not defined"}], ""]
    failed = ["error", "SyntaxError: invalid syntax, line 1"]
    fake = Fake(run=lambda i, s: failed if i else ["ok", ""], **{"try": missing})
    reason = "the name g is not defined: is its cell there and does it run? Cell 2: " + failed[1]
    assert attempt(monkeypatch, fake).marks == {"q1": (0.0, reason)}


def test_a_missing_name_whose_cell_was_left_as_it_came_is_not_written_yet(monkeypatch):
    missing = [[{"error": "NameError", "text": "name 'g' is not defined"}], ""]
    fake = Fake(run=["error", "NotImplementedError"], **{"try": missing})
    sources = ["f = 1", "# YOUR CODE HERE\nraise NotImplementedError()"]
    marks = attempt(monkeypatch, fake, sources=sources).marks
    assert marks == {"q1": (0.0, "not written yet")}


def test_hidden_tests_that_do_not_work_are_refused_and_cost_nobody_a_point():
    broken = Question("q1", 1, "t", ("f",), lambda rng: 1 / 0)
    with pytest.raises(Refused, match="hidden tests of hw9 do not work: ZeroDivisionError"):
        Marking(Assignment("hw9", "t", (broken,)), [], 0, 60)


@pytest.mark.parametrize(
    "reply", [["0" * 16, "answer"], "answer", ["answer"], [None, "answer"], ["", "answer", 1]], ids=str
)
def test_an_answer_from_before_the_question_is_none(reply, monkeypatch):
    process = object.__new__(student.Student)
    reading, process.commands = os.pipe()
    process.replies, writing = os.pipe()
    process.deadline = time.monotonic() + 30
    monkeypatch.setattr(student, "held", lambda: 0)
    send(writing, reply)
    with pytest.raises(Gone, match="is no answer"):
        process.ask(["plan"], 30)
    number, *_ = receive(reading)

    monkeypatch.setattr("secrets.token_hex", lambda size: number)
    send(writing, [number, "answer"])
    assert process.ask(["plan"], 30) == "answer"
    for pipe in (reading, writing, process.commands, process.replies):
        os.close(pipe)


def test_no_answer_is_waited_for_longer_than_the_notebook_has():
    process = object.__new__(student.Student)
    reading, process.commands = os.pipe()
    process.replies, writing = os.pipe()
    process.deadline = time.monotonic()
    with pytest.raises(Gone, match="the time of the notebook was over"):
        process.ask(["plan"], 30)
    for pipe in (reading, writing, process.commands, process.replies):
        os.close(pipe)


def test_too_much_memory_is_noticed(monkeypatch):
    monkeypatch.setattr(student, "held", lambda: 5 * 2**30)
    with pytest.raises(Gone, match="more than 4 GB"):
        student.Student.watch(None)
    monkeypatch.setattr(student, "held", lambda: 3 * 2**30)
    student.Student.watch(None)


def test_the_fingerprint_covers_grader_assignment_and_what_it_uses_of_cnnlib(monkeypatch, tmp_path):
    files = ("a.py", "hw0/hidden.py", *(f"cnnlib/{name}" for name in load("hw0").cnnlib))
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(unit, "HERE", tmp_path)
    monkeypatch.setattr(sandbox, "ROOT", tmp_path)
    prints = [unit.fingerprint.__wrapped__("hw0")]
    for name in files:
        (tmp_path / name).write_text("2")
        prints.append(unit.fingerprint.__wrapped__("hw0"))
    assert len(set(prints)) == 1 + len(files) > 3


def test_the_lab_reads_its_own_notebooks():
    for sources in (sources_of("hw0"), blank("hw0")):
        assert read(notebook_bytes(sources)) == sources


def test_there_is_no_other_assignment():
    with pytest.raises(ValueError, match="there is no assignment 'hw7'"):
        load("hw7")
