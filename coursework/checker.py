"""Mark a notebook: hidden cases, references and the comparison, in a process of our own.

It runs in the outer sandbox, reads a notebook from its input and writes one result. The student's
code runs in the inner sandbox, which gets cells and inputs and gives back data.
"""

import json
import re
import sys
import time

from coursework.marks import clean, mark
from coursework.messages import Malformed, decode, encode
from coursework.question import load
from coursework.sandbox import Refused
from coursework.student import NO_ANSWER, Gone, Student

CELLS = 1000  # code cells of a notebook
CODE = 2_000_000  # characters in them
RESTARTS = 3  # how often a notebook's process is started again without the cell that ended it
GRACE = 3.0  # seconds for the runner to stop by itself what is late


class Unreadable(Exception):
    """The file is no notebook that can be marked."""


def sources_of(data):
    """The sources of the code cells of a notebook file, and nothing else of it.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    list of str

    Raises
    ------
    Unreadable
        With a reason for a person.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("the file is not a notebook: it holds no JSON in UTF-8") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise Unreadable("the file is not a notebook of format 4: it has no list of cells")
    sources = []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            if isinstance(source, list):
                source = "".join(line for line in source if isinstance(line, str))
            sources.append(source if isinstance(source, str) else "")
    if len(sources) > CELLS or sum(map(len, sources)) > CODE:
        raise Unreadable(f"the notebook has more than {CELLS} code cells or {CODE} characters of code")
    return sources


class Marking:
    """The marking of one notebook: what has been found out about its questions and cells.

    Parameters
    ----------
    assignment : Assignment
    sources : list of str
        The code cells.
    seed : int
    seconds : float
        Wall time for all of it; a cell may take a quarter, all cells three quarters.
    """

    def __init__(self, assignment, sources, seed, seconds):
        self.assignment, self.sources, self.seconds = assignment, sources, seconds
        self.marks = {}
        self.cells = [("not run", "") for _ in sources]
        try:
            self.cases = {question.name: question.drawn(seed) for question in assignment.questions}
            self.inputs = {
                name: [[case.code, encode(case.inputs)] for case in cases]
                for name, cases in self.cases.items()
            }
        except Exception as error:
            raise Refused(f"The hidden tests of {assignment.name} do not work: {error!r}") from error
        begin = time.monotonic()
        self.deadline = begin + seconds
        self.late = begin + 0.75 * seconds  # from here on, only questions

    def run(self):
        """Mark the questions; where the student's process ends, start it again without that cell."""
        left = ""
        for start in range(RESTARTS + 1):
            try:
                student = Student(self.assignment, self.deadline)
            except Refused:
                if not start:
                    raise
                left = "the notebook's process could not be started again"
                break
            try:
                self.attempt(student)
                return
            except Gone as gone:
                left = str(gone)
            finally:
                student.close()
            if time.monotonic() > self.deadline:
                left = self.over()
                break
        for question in self.assignment.questions:
            self.marks.setdefault(question.name, (0.0, f"not reached: {left}"))

    def over(self):
        """Say that there is no more time."""
        return f"the {self.seconds:g} s for the whole notebook were over"

    def attempt(self, student):
        """Run the cells in their order and mark each question when its time has come."""
        points = self.plan(student)
        for ran in range(len(self.sources) + 1):
            for question in self.assignment.questions:
                if points[question.name] == ran and question.name not in self.marks:
                    self.mark(student, question)
            if ran < len(self.sources) and self.cells[ran][0] != "skipped":
                if self.cells[ran][0] == "not run" and time.monotonic() > self.late:
                    break
                self.run_cell(student, ran)
        for question in self.assignment.questions:  # there was no time for all cells
            if question.name not in self.marks:
                self.mark(student, question)
                if self.marks[question.name][1].startswith("the name"):
                    self.marks[question.name] = (0.0, f"not reached: {self.over()}")

    def plan(self, student):
        """Ask after how many cells each question is marked."""
        questions = [[question.name, question.defines] for question in self.assignment.questions]
        points = student.ask(["plan", self.sources, questions], self.seconds)
        names = {name for name, _ in questions}
        right = isinstance(points, dict) and set(points) == names
        if not right or not all(type(n) is int and 0 <= n <= len(self.sources) for n in points.values()):
            raise Gone(NO_ANSWER)
        return points

    def run_cell(self, student, number):
        """Run a cell; if it ends the process, it will be skipped."""
        seconds = min(self.seconds / 4, max(1.0, self.late - time.monotonic()))
        try:
            match student.ask(["run", number, seconds], seconds + self.seconds / 20):
                case ["ok" | "error" as status, str(message)]:
                    self.cells[number] = (status, clean(message))
                    student.watch(1 / 3)  # marking needs as much again, for a copy of the process
                case ["full", str(message)]:
                    raise Gone(clean(message))
                case _:
                    raise Gone(NO_ANSWER)
        except Gone as gone:
            self.cells[number] = ("skipped", str(gone))
            raise

    def mark(self, student, question):
        """Try the cases of a question and mark what comes."""
        cases = self.cases[question.name]
        wall = 3 * question.seconds + 5  # for what waits and for a machine that is busy
        message = ["try", self.inputs[question.name], question.seconds, wall]
        try:
            answer = student.ask(message, wall + GRACE)
            points, reason = mark(question, cases, *outcomes_of(answer, len(cases)))
        except Malformed:
            points, reason = 0.0, "the results cannot be read"
        except Gone as gone:
            self.marks[question.name] = (0.0, f"{cases[0].says}: {gone}")
            raise
        if found := re.match(r"the name (\w+) is not defined", reason):
            reason = self.explain(reason, found[1])
        self.marks[question.name] = (points, reason)

    def explain(self, reason, name):
        """Say more about a missing name: which cell that speaks of it failed, or that none was written."""
        failed = [(i, told) for i, (status, told) in enumerate(self.cells) if status in ("error", "skipped")]
        for i, told in failed:
            if re.search(rf"\b{name}\b", self.sources[i]):
                return clean(f"{reason} Cell {i + 1}: {told}")
        unwritten = any(told == "NotImplementedError" for _, told in failed)
        return "not written yet" if unwritten else reason


def outcomes_of(answer, most):
    """Read what came of cases.

    Returns
    -------
    outcomes : list of dict
    ended : str

    Raises
    ------
    Malformed
        If it is no such answer.
    """
    match answer:
        case [list(outcomes), str(ended)] if len(outcomes) <= most:
            return [outcome_of(outcome) for outcome in outcomes], ended
    raise Malformed("no outcomes")


def outcome_of(outcome):
    """Read what came of a case."""
    match outcome:
        case {"value": data, **rest} if not rest:
            return {"value": decode(data)}
        case {"error": str(error), "text": str(text), **rest} if not rest:
            return {"error": error, "text": text}
    raise Malformed("no outcome")


def check(data, name, seed, seconds):
    """Mark a notebook.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        The assignment.
    seed : int
    seconds : float

    Returns
    -------
    dict
        "reason" (why nothing could be marked, or ""), "marks" and "cells".
    """
    assignment = load(name)
    try:
        sources = sources_of(data)
    except Unreadable as error:
        return {"reason": str(error), "marks": {}, "cells": []}
    marking = Marking(assignment, sources, seed, seconds)
    marking.run()
    return {"reason": "", "marks": marking.marks, "cells": marking.cells}


def main():
    """Read a line with what to do and then the file; write one line with the result."""
    order = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    try:
        if len(data) != order.pop("bytes"):
            return  # whoever asked is gone
        result = check(data, **order)
    except Refused as refused:
        result = {"refused": str(refused)}
    sys.stdout.write(json.dumps(result))
