"""No question of any assignment is satisfied by values that nobody worked for."""

import ast
import warnings

import numpy as np
import pytest

from coursework.check import difference
from coursework.messages import Foreign
from coursework.question import HERE, NAMES, TRIAL, load

FOUND = [name for name in (TRIAL, *NAMES) if (HERE / name / "hidden.py").is_file()]
PLAIN = (None, True, False, 0, 1, -1, float("nan"), float("inf"), 2**62, "", "x" * 1000, [], {}, (), [[]])
NESTED = (
    [[], [1]],
    ["a"],
    (None, None),
    [None] * 40,
    {"a": 1},
    {None: None},
    [float("nan")] * 3,
    [Foreign("x")] * 3,
)
FILLS = (0, 1, np.nan, np.inf, 1e300, -1)


def shapes(value):
    """The shapes of all arrays in a value."""
    if isinstance(value, np.ndarray):
        return {value.shape}
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return set().union(*map(shapes, entries))


def guesses(cases):
    """Values that take no work: nothing, numbers, constant arrays of every shape in sight, the inputs."""
    seen = set().union(*(shapes(case.expected) | shapes(case.inputs) for case in cases))
    arrays = [np.full(shape, fill) for shape in sorted(seen) for fill in FILLS]
    arrays += [np.zeros(shape, kind) for shape in sorted(seen) for kind in (bool, int)]
    singles = [*PLAIN, *NESTED, Foreign("x"), np.zeros(0), np.float64(0), *arrays]
    pairs = [(value,) * n for value in (*PLAIN, *arrays) for n in (2, 3)]
    return [*singles, *pairs, *(value for case in cases for value in case.inputs.values())]


def right(case, value):
    """Whether the grader would count a value as right; what its judge cannot read is not."""
    try:
        return difference(case, value, tell=False) is None
    except Exception:
        return False


@pytest.mark.parametrize("name", FOUND)
def test_what_took_no_work_earns_nothing(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for question in load(name).questions:
            cases = question.drawn(3)
            for value in guesses(cases):
                assert not all(right(case, value) for case in cases), (question.name, value)


@pytest.mark.parametrize("name", FOUND)
def test_hidden_cases_return_data_and_decide_nothing_where_students_could_change_it(name):
    for question in load(name).questions:
        for case in question.drawn(3):
            waiting = [ast.parse(case.code)]
            while waiting:
                node = waiting.pop()
                assert not isinstance(node, ast.Compare | ast.BoolOp | ast.If | ast.IfExp | ast.Assert), (
                    case.code
                )
                if not isinstance(node, ast.Lambda):  # handed to the student's code, which may call it
                    waiting.extend(ast.iter_child_nodes(node))
