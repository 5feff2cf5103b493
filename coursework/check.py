"""Try a student's code, compare what it gives with what is expected, and say the difference in words.

The public tests of an assignment and the grader's hidden ones are lists of the same `Case`. This
file travels with every release (with the public tests behind it, as ``hwN_checks.py``), so it
needs nothing but NumPy and knows nothing of the grader.
"""

import copy
import linecache
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

NUMBERS = "biuf"  # the dtype kinds that count as numbers: bool, int, unsigned, float
UNWRITTEN = "not written yet"
SMALL = 300  # characters: an input that is written in no more is shown where it fails


@dataclass(frozen=True)
class Case:
    """One thing to try: a piece of code over the student's names, and what it should leave.

    Attributes
    ----------
    says : str
        What is tried, for a person: "a picture of 3x3 ones under a filter of 2x2 ones".
    code : str
        An expression, or statements that leave a variable ``result``. It sees the names of the
        student's notebook and, over them, `inputs`.
    inputs : dict
        Names and values (arrays, numbers, strings, lists, tuples, dicts, None) for the code.
    expected : object
        What it should give. Arrays, numbers and lists of numbers are compared as arrays; a tuple
        entry by entry; a dict key by key; a string or None exactly.
    judge : callable or None
        Instead of `expected`: takes the result, returns None if it is right, else a reason.
    hint : str
        One sentence that helps a student whose code fails here, and gives nothing away.
    rtol, atol : float
        Tolerances; as they are, float32 is precise enough.
    """

    says: str
    code: str
    inputs: dict = field(default_factory=dict)
    expected: object = None
    judge: Callable | None = None
    hint: str = ""
    rtol: float = 1e-4
    atol: float = 1e-5


def evaluate(case, names):
    """Run the code of a case over a notebook's names; the names and the inputs stay as they are.

    Parameters
    ----------
    case : Case
    names : dict
        The names of the student's notebook.

    Returns
    -------
    object
        The value of the expression, or what the statements left in ``result``.
    """
    space = {**names, **copy.deepcopy(case.inputs)}
    try:
        expression = compile(case.code, "<test>", "eval")
    except SyntaxError:
        exec(compile(case.code, "<test>", "exec"), space)
        return space["result"]
    return eval(expression, space)


def difference(case, got, tell=True):
    """Say how a result differs from what a case expects.

    Parameters
    ----------
    case : Case
    got : object
        What the student's code gave.
    tell : bool
        Whether the expected numbers may be named (public tests) or not (hidden tests).

    Returns
    -------
    str or None
        None where it is right.
    """
    if case.judge is not None:
        return case.judge(got)
    return _differs(case.expected, got, case, tell, "")


def _differs(expected, got, case, tell, place):
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return f"{place}expected a dict, got {_kind(got)}"
        if set(got) != set(expected):
            return f"{place}expected the keys {sorted(map(str, expected))}, got {sorted(map(str, got))[:20]}"
        pairs = [(f"{place}[{key!r}]: ", expected[key], got[key]) for key in expected]
    elif isinstance(expected, tuple):
        if not isinstance(got, list | tuple | np.ndarray) or getattr(got, "shape", None) == ():
            return f"{place}expected {len(expected)} results, got {_kind(got)}"
        if len(got) != len(expected):
            return f"{place}expected {len(expected)} results, got {len(got)}"
        pairs = [(f"{place}result {i + 1}: ", expected[i], got[i]) for i in range(len(got))]
    elif expected is None or isinstance(expected, str):
        if type(got) is type(expected) and got == expected:
            return None
        return f"{place}" + (f"expected {expected!r}, " if tell else "") + f"got {_kind(got)}"
    else:
        return _numbers_differ(np.asarray(expected), got, case, tell, place)
    return next(filter(None, (_differs(e, g, case, tell, where) for where, e, g in pairs)), None)


def _numbers_differ(expected, got, case, tell, place):
    if got is None:
        return f"{place}got None: is a return missing?"
    try:
        numbers = np.asarray(got)
    except Exception:
        return f"{place}expected numbers, got {_kind(got)}"
    if numbers.dtype.kind not in NUMBERS:
        return f"{place}expected numbers, got {_kind(got)}"
    if numbers.shape != expected.shape:
        return f"{place}expected shape {expected.shape}, got {numbers.shape}"
    right = np.isclose(numbers, expected, rtol=case.rtol, atol=case.atol, equal_nan=True)
    if right.all():
        return None
    where = tuple(int(i) for i in np.argwhere(~right)[0])
    found = f"{(~right).sum()} of {right.size} numbers differ, at {list(where)} " if where else ""
    should = f"expected {expected[where]:.6g}, " if tell else ""
    return f"{place}{found}{should}got {numbers[where]:.6g}"


def _kind(value):
    text = repr(value) if isinstance(value, str | int | float | type(None)) else ""
    return text if 0 < len(text) <= 60 else f"a {type(value).__name__}"


def run_checks(cases, names):
    """Try cases on a notebook's names and say in words what came.

    Parameters
    ----------
    cases : list of Case
    names : dict

    Returns
    -------
    passed : int
    report : str
        A line for each case; for one that fails, what was tried (small inputs too), what was
        expected, what came (an error with its line in the notebook) and a hint.
    """
    passed, lines = 0, []
    for case in cases:
        try:
            wrong = difference(case, evaluate(case, names))
        except NotImplementedError:
            wrong = UNWRITTEN
        except Exception as error:
            wrong = _raised(error, names)
        passed += wrong is None
        lines.append(f"  {'ok  ' if wrong is None else 'no  '} {case.says}")
        if wrong == UNWRITTEN:
            lines.append(f"       {wrong}")
        elif wrong is not None:
            tried = case.code.strip().replace("\n", "\n            ")
            lines += [f"       tried {tried}", *_small(case.inputs), f"       {wrong}"]
            lines += [f"       hint: {case.hint}"] if case.hint else []
    return passed, "\n".join(lines)


def _small(inputs):
    """A line for each input that is small enough to read."""
    written = {name: repr(value) for name, value in inputs.items()}
    starts = {name: f"       with {name} = " for name in inputs}
    return [
        starts[name] + text.replace("\n", "\n" + " " * len(starts[name]))
        for name, text in written.items()
        if len(text) <= SMALL
    ]


def _raised(error, names):
    """An error in words: what it says, and the last line of the student's own that led to it."""
    said, place, step = f"{type(error).__name__}: {error}", None, error.__traceback__
    while step is not None:
        place = step if step.tb_frame.f_globals is names else place
        step = step.tb_next
    if place is None:
        return said + (": has its cell been run, without an error?" if isinstance(error, NameError) else "")
    line = linecache.getline(place.tb_frame.f_code.co_filename, place.tb_lineno).strip()
    return f"{said}\n       in line {place.tb_lineno} of its cell: {line}"


def checker(tests):
    """Make the function ``check`` of an assignment.

    Parameters
    ----------
    tests : dict of str to list of Case
        The public tests of each question.

    Returns
    -------
    callable
        ``check("q1")`` prints how question 1 does; ``check()`` prints a line for each question.
    """

    def check(question=None):
        """Try the tests of a question on this notebook (or, without a name, of all of them)."""
        names = sys._getframe(1).f_globals
        if question is not None and question not in tests:
            print(f"There is no question {question!r}. The questions are {', '.join(tests)}.")
            return
        for name in [question] if question else tests:
            passed, report = run_checks(tests[name], names)
            print(f"{name}: {passed} of {len(tests[name])} tests pass")
            if question:
                print(report)

    return check
