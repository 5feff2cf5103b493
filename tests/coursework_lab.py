"""What tests of the coursework share: notebooks from cells, answers put in and taken out, marks."""

import contextlib
import io
import json
import os
import re
import sys
import types
import warnings

import pytest

from coursework.check import evaluate
from coursework.marks import mark
from coursework.plan import evaluation_points, python_of
from coursework.question import load

SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION.*?### END SOLUTION[^\n]*", re.DOTALL | re.MULTILINE)
STUB = r"\1# YOUR CODE HERE\n\1raise NotImplementedError()"


def sandbox_or_skip():
    """Skip where submissions cannot be graded (root, no bwrap); fail if that was promised here."""
    from coursework import sandbox

    reason = sandbox.refusal()
    if reason and os.environ.get("REQUIRE_SANDBOX"):
        pytest.fail(f"REQUIRE_SANDBOX is set, but {reason}")
    if reason:
        pytest.skip(reason)


def cells_of(assignment):
    """The cells of its source notebook, solutions included."""
    return json.loads(load(assignment).notebook.read_text(encoding="utf-8"))["cells"]


def sources_of(assignment):
    """The sources of the code cells of its source notebook, solutions included."""
    return ["".join(cell["source"]) for cell in cells_of(assignment) if cell["cell_type"] == "code"]


def _answer(assignment, question):
    """Which code cell holds the solution of a question."""
    code = [cell for cell in cells_of(assignment) if cell["cell_type"] == "code"]
    ids = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in code]
    return ids.index(f"{question}-answer")


def with_answer(assignment, question, source):
    """The sources with another answer to one question.

    Parameters
    ----------
    assignment, question : str
    source : str or (str, str)
        The whole cell, or a text of the solution cell and what stands there instead.
    """
    sources = sources_of(assignment)
    where = _answer(assignment, question)
    if not isinstance(source, str):
        old, new = source
        assert old in sources[where], f"{assignment} {question}: the solution has no {old!r}"
        source = sources[where].replace(old, new)
    sources[where] = source
    return sources


def blank(assignment):
    """The sources as students get them: solutions cut out as nbgrader does."""
    return [SOLUTION.sub(STUB, source) for source in sources_of(assignment)]


def notebook_bytes(sources, **changes):
    """A notebook file with these code cells, as bytes; `changes` replace entries of the notebook."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(sources)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **changes}
    return json.dumps(notebook).encode()


@contextlib.contextmanager
def _as_a_notebook(assignment):
    """Provide hwN_checks and a drawing library without a screen; swallow prints and warnings."""
    checks = types.ModuleType(f"{assignment.name}_checks")
    before, backend = sys.modules.get(checks.__name__), os.environ.get("MPLBACKEND")
    sys.modules[checks.__name__] = checks
    os.environ["MPLBACKEND"] = "Agg"
    try:
        exec(compile(assignment.checks(), f"{checks.__name__}.py", "exec"), checks.__dict__)
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.modules.pop(checks.__name__)
        if before is not None:
            sys.modules[checks.__name__] = before
        os.environ.pop("MPLBACKEND") if backend is None else os.environ.update(MPLBACKEND=backend)


def _outcomes(cases, names):
    outcomes = []
    for case in cases:
        try:
            outcomes.append({"value": evaluate(case, names)})
        except Exception as error:
            outcomes.append({"error": type(error).__name__, "text": str(error)})
    return outcomes


def grade_here(assignment, sources, seed=0):
    """Mark cells of our own in this process, without a sandbox, by the grader's own rules.

    Parameters
    ----------
    assignment : str
    sources : list of str
        The code cells.
    seed : int

    Returns
    -------
    dict of str to (float, str)
        Points and reason ("" where all is right) of each question.
    """
    task = load(assignment)
    points = evaluation_points(sources, [(q.name, q.defines) for q in task.questions])
    names = {"__name__": "__main__", "display": print, "get_ipython": _Shell}
    marks = {}
    with _as_a_notebook(task):
        for ran in range(len(sources) + 1):
            for question in task.questions:
                if points[question.name] == ran:
                    cases = question.drawn(seed)
                    marks[question.name] = mark(question, cases, _outcomes(cases, names))
            if ran < len(sources):
                with contextlib.suppress(Exception):
                    exec(compile(python_of(sources[ran]), f"<cell {ran + 1}>", "exec"), names)
    return {question.name: marks[question.name] for question in task.questions}


class _Shell:
    """Magics and shell commands do nothing here."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: None
