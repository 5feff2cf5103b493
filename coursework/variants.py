"""Try right and wrong answers of an assignment on its tests, in this process.

``python -m coursework.variants hw2`` prints which mistakes its tests catch. This is for authors, who
trust the answers that they wrote; nothing here protects from the code that it runs. Students' work
goes through `coursework.grade`.
"""

import ast
import contextlib
import functools
import importlib
import io
import json
import re
import sys
import types
import warnings

import numpy as np

from coursework.check import checker, difference, evaluate
from coursework.question import load

SOLUTION = re.compile(r"([ \t]*)### BEGIN SOLUTION.*?### END SOLUTION[^\n]*", re.DOTALL)
SEEDS = (0, 1, 2)


@functools.cache
def notebook(name):
    """Read the source notebook of an assignment.

    Parameters
    ----------
    name : str
        "hw1" to "hw6".

    Returns
    -------
    dict
    """
    return json.loads(load(name).notebook.read_text(encoding="utf-8"))


def cells(name):
    """List the code cells of the source notebook as pairs of grade_id and source."""
    return [
        (cell["metadata"].get("nbgrader", {}).get("grade_id", ""), "".join(cell["source"]))
        for cell in notebook(name)["cells"]
        if cell["cell_type"] == "code"
    ]


def solutions(name):
    """Give the source of the solution cell of each question."""
    sources = dict(cells(name))
    return {question.name: sources[f"{question.name}-answer"] for question in load(name).questions}


def blank(source):
    """Take the solution out of a cell, as a release does.

    Examples
    --------
    >>> print(blank("def f():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION"))
    def f():
        # YOUR CODE HERE
        raise NotImplementedError()
    """
    return SOLUTION.sub(r"\1# YOUR CODE HERE\n\1raise NotImplementedError()", source)


def variants(name, kind):
    """Give the answers of an assignment's ``variants.py``, each as the source of a solution cell.

    Parameters
    ----------
    name : str
    kind : {"CORRECT", "WRONG"}

    Returns
    -------
    dict of (str, str) to str
        By question and name of the variant.

    Raises
    ------
    ValueError
        If the text that a variant replaces does not stand in the solution exactly once.
    """
    sources, given = {}, getattr(importlib.import_module(f"coursework.{name}.variants"), kind)
    for question, solution in solutions(name).items():
        for variant, change in given.get(question, {}).items():
            if isinstance(change, str):
                sources[question, variant] = change
                continue
            old, new = change
            if solution.count(old) != 1:
                raise ValueError(f"{question} {variant}: {old!r} must stand in the solution exactly once")
            sources[question, variant] = solution.replace(old, new)
    return sources


def names_after(name, answers=None, *, whole=False, only=None):
    """Run the cells of an assignment's notebook and give the names that they leave.

    A cell that raises stays without effect from there on and the next one runs, as in grading.

    Parameters
    ----------
    name : str
    answers : dict of str to str, optional
        Sources of solution cells, by question; a question that is not there has its own solution.
    whole : bool
        Whether those cells run, too, that bind no name, such as checks, and those whose grade_id ends
        in "-figure".
    only : collection of str, optional
        The questions whose answers run; all of them by default.

    Returns
    -------
    names : dict
    raised : dict of str to Exception
        By grade_id.
    """
    only = None if only is None else tuple(sorted(only))
    return _names_after(name, tuple(sorted((answers or {}).items())), whole, only)


@functools.lru_cache(maxsize=16)
def _names_after(name, answers, whole, only):
    answers = {f"{question}-answer": source for question, source in answers}
    checks = types.ModuleType(f"{name}_checks")
    given = vars(importlib.import_module(f"coursework.{name}.public"))
    vars(checks).update({key: value for key, value in given.items() if not key.startswith("__")})
    checks.check = checker(public(name))
    kept = sys.modules.get(checks.__name__)
    sys.modules[checks.__name__] = checks
    names, raised, first = {"__name__": "__main__"}, {}, True
    try:
        with _quiet():
            for number, (grade_id, source) in enumerate(cells(name)):
                needed = first or grade_id.endswith("-answer") or _binds(source)
                if not whole and (grade_id.endswith("-figure") or not needed):
                    continue
                if only is not None and grade_id.endswith("-answer") and grade_id[:-7] not in only:
                    continue
                first = False
                try:
                    exec(compile(answers.get(grade_id, source), f"<{name} {grade_id}>", "exec"), names)
                except Exception as error:
                    raised[grade_id or f"cell {number}"] = error
    finally:
        if kept is None:
            del sys.modules[checks.__name__]
        else:
            sys.modules[checks.__name__] = kept
    return names, raised


@functools.cache
def _binds(source):
    """Whether a cell leaves names behind, as a figure or a check does not."""
    kinds = (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return any(isinstance(node, kinds) for node in ast.parse(source).body)


@contextlib.contextmanager
def _quiet():
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def public(name):
    """Give the public tests of an assignment, by question."""
    return importlib.import_module(f"coursework.{name}.public").TESTS


@functools.lru_cache(maxsize=64)
def hidden(name, seed):
    """Draw the hidden tests of an assignment, by question."""
    return {question.name: question.drawn(seed) for question in load(name).questions}


def first_failure(cases, names, tell=False):
    """Say what the first case is that fails, and why; None if none does."""
    for case in cases:
        try:
            with _quiet():
                reason = difference(case, evaluate(case, names), tell)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        if reason is not None:
            return f"{case.says}: {reason}"
    return None


def lost(name, answers=None, seed=0):
    """Say which questions an assignment's hidden tests find wrong, and why.

    Parameters
    ----------
    name : str
    answers : dict of str to str, optional
        As for `names_after`.
    seed : int

    Returns
    -------
    dict of str to str
        The first failure of each question that is lost.
    """
    names, _ = names_after(name, answers)
    failures = {question: first_failure(cases, names) for question, cases in hidden(name, seed).items()}
    return {question: reason for question, reason in failures.items() if reason is not None}


def catches(name):
    """Find out which tests catch which wrong variant.

    Parameters
    ----------
    name : str

    Returns
    -------
    list of (str, str, str or None, list of str or None)
        Question, variant, the public test that catches it first, and what the hidden tests say for
        each of the `SEEDS`.
    """
    rows = []
    for (question, variant), source in variants(name, "WRONG").items():
        names, _ = names_after(name, {question: source})
        by_public = first_failure(public(name)[question], names, tell=True)
        by_hidden = [first_failure(hidden(name, seed)[question], names) for seed in SEEDS]
        rows.append((question, variant, by_public, by_hidden))
    return rows


def main(names):
    """Print a table for each assignment."""
    for name in names:
        rows = catches(name)
        print(f"| {name} | wrong answer | public test | hidden tests, of {len(SEEDS)} seeds |")
        print("|---|---|---|---|")
        for question, variant, by_public, by_hidden in rows:
            says = "-" if by_public is None else by_public.replace("\n", " ").replace("|", "/")[:100]
            print(f"| {question} | {variant} | {says} | {sum(r is not None for r in by_hidden)} |")
        only = sum(by_public is None for _, _, by_public, _ in rows)
        right = len(variants(name, "CORRECT"))
        print(
            f"\n{len(rows)} wrong answers, {only} of them caught by hidden tests only; {right} right ones.\n"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
