"""What holds for every assignment: who gets the points, who does not, and what a notebook may hold.

In ``tests/test_coursework_hw2.py``::

    class TestHw2(Promises):
        name = "hw2"
"""

import ast
import builtins
import importlib
import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
from coursework_lab import blank, grade_here, sources_of
from numpy.testing import assert_equal

from coursework import check, variants
from coursework.question import load

ROOT = Path(__file__).resolve().parent.parent
PLAIN = (int, float, str, bool, type(None))
SEEDS = variants.SEEDS


def is_plain(value):
    """Whether a value can travel between processes: numbers, text, and lists, tuples and dicts of them."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in check.NUMBERS and value.dtype.itemsize <= 8
    return isinstance(value, PLAIN)


def imported(source):
    """Full names of the modules that a source imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def cnnlib_files(modules):
    """Files of cnnlib that such names stand for."""
    for module in modules:
        parts = module.split(".")
        for end in range(2, len(parts) + 1):
            path = Path(*parts[1:end])
            for file in (path.with_suffix(".py"), path / "__init__.py"):
                if parts[0] == "cnnlib" and (ROOT / "cnnlib" / file).is_file():
                    yield file.as_posix()


def without(name, questions):
    """Blanked answers of these questions."""
    solutions = variants.solutions(name)
    return {question: variants.blank(solutions[question]) for question in questions}


class Promises:
    """Tests of one assignment; a test class derives from this and says which."""

    name = ""
    needs = {}  # noqa: RUF012  question -> earlier questions that it calls for, as its text says
    caught_in_public = 0.5  # the share of wrong answers that a public test catches, at least
    fresh_may_raise = ()  # grade_ids of cells that show a student's own result

    def pytest_generate_tests(self, metafunc):
        if "seed" in metafunc.fixturenames:
            metafunc.parametrize("seed", SEEDS)
        if "question" in metafunc.fixturenames:
            metafunc.parametrize("question", load(self.name).questions, ids=lambda question: question.name)
        for kind in ("right", "wrong"):
            if kind in metafunc.fixturenames:
                answers = variants.variants(self.name, {"right": "CORRECT", "wrong": "WRONG"}[kind])
                values = [(question, variant, source) for (question, variant), source in answers.items()]
                metafunc.parametrize(
                    kind, values, ids=lambda value: f"{value[0]}-{value[1]}".replace(" ", "_")
                )

    # Points

    def test_the_solution_gets_all_points(self, seed):
        _, raised = variants.names_after(self.name)
        assert not raised
        assert variants.lost(self.name, seed=seed) == {}

    def test_nothing_written_gets_nothing(self, seed):
        questions = [question.name for question in load(self.name).questions]
        assert list(variants.lost(self.name, without(self.name, questions), seed)) == questions

    def test_the_grader_says_so_too(self):
        """The same with the grader's own marks and evaluation points."""
        full = {question.name: (question.points, "") for question in load(self.name).questions}
        assert grade_here(self.name, sources_of(self.name)) == full
        assert {mark[0] for mark in grade_here(self.name, blank(self.name)).values()} == {0.0}

    def test_right_answer_gets_full_marks(self, right):
        question, _, source = right
        names, _ = variants.names_after(self.name, {question: source})
        assert variants.first_failure(variants.public(self.name)[question], names, tell=True) is None
        assert variants.lost(self.name, {question: source}) == {}
        for seed in SEEDS:
            assert variants.first_failure(variants.hidden(self.name, seed)[question], names) is None

    def test_wrong_answer_loses_its_question_and_no_other(self, wrong):
        question, _, source = wrong
        calling = {later for later, earlier in self.needs.items() if question in earlier}
        assert set(variants.lost(self.name, {question: source})) <= {question} | calling
        names, _ = variants.names_after(self.name, {question: source})
        for seed in SEEDS:
            cases = variants.hidden(self.name, seed)[question]
            assert variants.first_failure(cases, names) is not None, f"seed {seed}"

    def test_a_question_needs_no_other(self, question, seed):
        """Nothing of later questions is needed, and nothing of earlier ones unless the text says so."""
        kept = {question.name, *self.needs.get(question.name, ())}
        others = [other.name for other in load(self.name).questions if other.name not in kept]
        assert question.name not in variants.lost(self.name, without(self.name, others), seed)

    # Public tests

    def test_public_tests_pass_on_the_solution(self, question):
        names, _ = variants.names_after(self.name)
        tests = variants.public(self.name)[question.name]
        assert check.run_checks(tests, names)[0] == len(tests), check.run_checks(tests, names)[1]

    def test_public_tests_catch_most_wrong_answers(self):
        caught = []
        for (question, _), source in variants.variants(self.name, "WRONG").items():
            only = {question, *self.needs.get(question, ())}
            names, _ = variants.names_after(self.name, {question: source}, only=only)
            caught.append(variants.first_failure(variants.public(self.name)[question], names, tell=True))
        assert np.mean([reason is not None for reason in caught]) >= self.caught_in_public

    def test_public_tests_help(self, question):
        tests = variants.public(self.name)
        assert list(tests) == [question.name for question in load(self.name).questions]
        assert 2 <= len(tests[question.name]) <= 4
        for case in tests[question.name]:
            assert case.says
            assert case.hint.endswith((".", "?"))

    # Hidden tests

    def test_hidden_tests_follow_the_seed(self, question):
        tests, again, other = (question.drawn(seed) for seed in (7, 7, 8))
        for case, same in zip(tests, again, strict=True):
            assert (case.says, case.code) == (same.says, same.code)
            assert_equal((case.inputs, case.expected), (same.inputs, same.expected))
        pairs = zip(tests, other, strict=True)
        assert any(case.judge or _differ(case.inputs, fresh.inputs) for case, fresh in pairs)

    def test_hidden_tests_can_travel(self, question, seed):
        """Inputs and results are plain data; every case says what it is, and has a hint."""
        names, _ = variants.names_after(self.name)
        for case in variants.hidden(self.name, seed)[question.name]:
            assert case.says
            assert case.hint
            assert is_plain(case.inputs)
            assert is_plain(check.evaluate(case, names)), case.says

    def test_hidden_tests_judge_nothing_in_the_students_process(self, question):
        """Their code calls the student's names and hands back data: a builtin could be redefined there.

        A function that they hand to the student's code may compare; what it gives is not the result.
        """
        decides = ast.Compare | ast.BoolOp | ast.IfExp | ast.If | ast.Assert
        for case in variants.hidden(self.name, 0)[question.name]:
            nodes = list(ast.walk(ast.parse(case.code)))
            handed = {inside for node in nodes if isinstance(node, ast.Lambda) for inside in ast.walk(node)}
            for node in nodes:
                assert node in handed or not isinstance(node, decides), case.code
                assert not (isinstance(node, ast.Name) and hasattr(builtins, node.id)), case.code

    def test_hidden_tests_stay_hidden(self):
        module = importlib.import_module(f"coursework.{self.name}.hidden")
        assert re.fullmatch(rf"hidden-{self.name}-[0-9a-f]{{16}}", module.SENTINEL)
        assert Path(module.__file__).read_text(encoding="utf-8").count(module.SENTINEL) > 1
        folder = load(self.name).folder
        for path in (load(self.name).notebook, folder / "public.py", folder / "__init__.py"):
            text = path.read_text(encoding="utf-8")
            assert module.SENTINEL not in text

    def test_references_need_numpy_only(self):
        module = importlib.import_module(f"coursework.{self.name}.hidden")
        source = Path(module.__file__).read_text(encoding="utf-8")
        roots = {name.split(".")[0] for name in imported(source)}
        assert roots <= {"numpy", "cnnlib", "coursework", "math", "itertools", "functools"}

    # Answers to try

    def test_there_are_enough_answers_to_try(self, question):
        counts = {
            kind: sum(of == question.name for of, _ in variants.variants(self.name, kind))
            for kind in ("CORRECT", "WRONG")
        }
        assert counts["CORRECT"] >= 3
        assert counts["WRONG"] >= 6

    # The notebook

    def test_notebook_keeps_nbgraders_rules(self):
        nbformat.validate(nbformat.from_dict(variants.notebook(self.name)))
        assert variants.notebook(self.name)["nbformat_minor"] >= 5
        ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in variants.notebook(self.name)["cells"]]
        assert len(set(ids)) == len(ids)
        points = {question.name: question.points for question in load(self.name).questions}
        for cell in variants.notebook(self.name)["cells"]:
            grader, source = cell["metadata"]["nbgrader"], "".join(cell["source"])
            grade_id = grader["grade_id"]
            solution = grade_id.endswith("-answer")
            expected = {"grade": grade_id in points, "grade_id": grade_id, "locked": not solution}
            expected |= {"schema_version": 3, "solution": solution, "task": False}
            if grade_id in points:
                expected["points"] = points.pop(grade_id)
                assert source == f'check("{grade_id}")'
            assert grader == expected
            assert cell["cell_type"] == "code" or not (solution or expected["grade"])
            assert ("### BEGIN SOLUTION" in source) == ("### END SOLUTION" in source) == solution
        assert not points

    def test_notebook_has_no_outputs(self):
        for cell in variants.notebook(self.name)["cells"]:
            if cell["cell_type"] == "code":
                assert cell["outputs"] == []
                assert cell["execution_count"] is None

    def test_answer_binds_its_names(self, question):
        source = variants.solutions(self.name)[question.name]
        bound = set()
        for node in ast.parse(source).body:
            bound |= {node.name} if hasattr(node, "name") else set()
            bound |= {
                n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
        assert set(question.defines) <= bound
        others = {n for q in load(self.name).questions if q.name != question.name for n in q.defines}
        assert not others & bound

    def test_notebook_uses_what_exists_where_it_is_graded(self):
        source = "\n".join(source for _, source in variants.cells(self.name))
        modules = set(imported(source))
        roots = {module.split(".")[0] for module in modules} - {f"{self.name}_checks"}
        assignment = load(self.name)
        packages = roots - sys.stdlib_module_names
        assert packages <= {"numpy", "matplotlib", "cnnlib", "torch"} - set(assignment.hides)
        files = set(cnnlib_files(modules))
        for file in assignment.cnnlib:
            files |= set(cnnlib_files(imported((ROOT / "cnnlib" / file).read_text(encoding="utf-8"))))
        assert files <= set(assignment.cnnlib)

    def test_whole_notebook_runs(self):
        _run_whole(self.name, {}, ())

    def test_fresh_notebook_runs(self):
        questions = [question.name for question in load(self.name).questions]
        allowed = {*self.fresh_may_raise}
        _run_whole(self.name, without(self.name, questions), allowed)

    def test_check_prints_a_line_for_each_question(self):
        names, _ = variants.names_after(self.name)
        with redirect_stdout(io.StringIO()) as printed:
            exec("check()", names)
        tests = variants.public(self.name)
        assert printed.getvalue().splitlines() == [
            f"{question}: {len(cases)} of {len(cases)} tests pass" for question, cases in tests.items()
        ]


def _run_whole(name, answers, allowed):
    matplotlib.use("Agg")
    _, raised = variants.names_after(name, answers, whole=True)
    plt.close("all")
    for grade_id, error in raised.items():
        unwritten = grade_id.endswith("-answer") and isinstance(error, NotImplementedError)
        assert unwritten or grade_id in allowed, f"{grade_id}: {error!r}"


def _differ(a, b):
    try:
        assert_equal(a, b)
    except AssertionError:
        return True
    return False
