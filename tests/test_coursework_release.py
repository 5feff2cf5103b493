"""What students get: the questions and the public tests, which work alone; and nothing that is hidden."""

import json
import linecache
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path

import nbformat
import numpy as np
import pytest

from coursework import release
from coursework.check import Case, run_checks
from coursework.hw0 import public
from coursework.question import HERE, NAMES, load

pytest.importorskip("nbgrader", reason="nbgrader is not installed; make test installs it")
ASSIGNMENTS = ["hw0", *(name for name in NAMES if (HERE / name).is_dir())]


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def made(request, tmp_path_factory):
    """A release: the assignment and its folder."""
    out = tmp_path_factory.mktemp(request.param)
    release.write(request.param, out)
    return load(request.param), out / request.param


def cells(assignment, folder):
    return nbformat.read(folder / f"{assignment.name}.ipynb", as_version=4).cells


def test_the_released_notebook_has_every_question_and_no_output(made):
    assignment, folder = made
    found = cells(assignment, folder)
    checks = [cell for cell in found if cell.metadata.nbgrader.get("grade")]
    assert [cell.metadata.nbgrader.grade_id for cell in checks] == [q.name for q in assignment.questions]
    assert [cell.source for cell in checks] == [f'check("{q.name}")' for q in assignment.questions]
    assert [cell.metadata.nbgrader.points for cell in checks] == [q.points for q in assignment.questions]
    code = [cell for cell in found if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_each_answer_is_left_to_the_student(made):
    assignment, folder = made
    found = cells(assignment, folder)
    answers = [cell for cell in found if cell.metadata.nbgrader.get("solution")]
    assert len(answers) >= len(assignment.questions)
    assert all("# YOUR CODE HERE" in cell.source and "NotImplementedError" in cell.source for cell in answers)
    text = "\n".join(cell.source for cell in found)  # the names to define are told in it
    for question in assignment.questions:
        assert all(re.search(rf"\b{name}\b", text) for name in question.defines), question.name


def test_only_answers_can_be_changed(made):
    assignment, folder = made
    for cell in cells(assignment, folder):
        marks = cell.metadata.get("nbgrader", {})
        assert cell.metadata.get("editable", True) == (not marks.get("locked", False))
        assert not (marks and cell.metadata.get("deletable", True))


def test_outputs_are_cleared():
    notebook = nbformat.read(HERE / "hw0" / "hw0.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="42")], 7
    made = next(cell for cell in release.student_version(notebook).cells if cell.cell_type == "code")
    assert (made.outputs, made.execution_count) == ([], None)


def test_nothing_hidden_is_in_any_byte(made):
    assignment, folder = made
    sentinel = import_module(f"coursework.{assignment.name}.hidden").SENTINEL
    with zipfile.ZipFile(folder.with_suffix(".zip")) as archive:
        assert sorted(archive.namelist()) == sorted(f"{assignment.name}/{p.name}" for p in folder.iterdir())
        packed = [archive.read(name) for name in archive.namelist()]
    for data in [*packed, *(path.read_bytes() for path in folder.iterdir())]:
        assert sentinel.encode() not in data
        assert not re.search(rb"(BEGIN|END) (SOLUTION|HIDDEN)", data)
        assert b"from coursework" not in data


def test_the_same_sources_give_the_same_bytes(made, tmp_path):
    assignment, folder = made
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-m", "coursework.release", assignment.name, "--out", tmp_path]
    subprocess.run(command, check=True, env=environment, cwd=HERE.parent, capture_output=True)
    first = {path.relative_to(folder.parent): path.read_bytes() for path in folder.parent.rglob("*.*")}
    assert first == {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert len(first) == 3


def alone(assignment, folder, place, program):
    """Run a program with the released checks and numpy, and of cnnlib at most what the assignment names."""
    for name in ("numpy", "numpy.libs"):
        package = Path(np.__file__).parent.parent / name
        if package.exists():
            (place / name).symlink_to(package)
    shutil.copy(folder / f"{assignment.name}_checks.py", place)
    if "from cnnlib" in (place / f"{assignment.name}_checks.py").read_text("utf-8"):
        for name in assignment.cnnlib:  # what the assignment says that it needs, and no more of it
            (place / "cnnlib" / name).parent.mkdir(parents=True, exist_ok=True)
            (place / "cnnlib" / name).symlink_to(HERE.parent / "cnnlib" / name)
    program = (
        f"import sys; sys.path.insert(0, {str(place)!r})\nfrom {assignment.name}_checks import check\n"
        + program
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, cwd=place, check=False
    )
    assert run.stderr == ""
    return run.stdout


@pytest.mark.skipif(os.name == "nt", reason="makes links")
def test_the_checks_need_numpy_and_what_the_assignment_names(made, tmp_path):
    assignment, folder = made
    shown = alone(assignment, folder, tmp_path, "check()\ncheck('q1')\ncheck('q99')")
    for question in assignment.questions:
        assert re.search(rf"^{question.name}: 0 of [1-9]\d* tests pass$", shown, re.MULTILINE), shown
    assert "hint: " in shown
    assert "There is no question 'q99'" in shown


@pytest.mark.skipif(os.name == "nt", reason="makes links")
def test_an_answer_passes_its_checks(tmp_path):
    release.write("hw0", tmp_path)
    (tmp_path / "alone").mkdir()
    program = "def brightness(image):\n    return image.mean()\ncheck('q1')"
    shown = alone(load("hw0"), tmp_path / "hw0", tmp_path / "alone", program)
    assert "q1: 1 of 1 tests pass" in shown
    assert "  ok   a picture of 2x2 pixels" in shown


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("", "NameError: name 'brightness' is not defined: has its cell been run, without an error?"),
        (
            "def brightness(image):\n    image = image + 1\n    return image[5]",
            "IndexError: index 5 is out of bounds for axis 0 with size 2\n"
            "       in line 3 of its cell: return image[5]",
        ),
        (
            "def brightness(image):\n    return imag",
            "NameError: name 'imag' is not defined\n       in line 2 of its cell: return imag",
        ),
        ("def brightness(image):\n    return image.sum()", None),
    ],
)
def test_a_check_says_what_went_in_and_which_line_failed(answer, says):
    names = {"__name__": "notebook"}
    linecache.cache["<answer>"] = (len(answer), None, answer.splitlines(keepends=True), "<answer>")
    exec(compile(answer, "<answer>", "exec"), names)
    passed, report = run_checks(public.TESTS["q1"], names)
    assert passed == 0
    assert says is None or f"       {says}\n" in report
    assert "       with image = array([[0., 1.],\n                           [2., 5.]])\n" in report


def test_a_check_of_what_is_not_written_says_only_that():
    def brightness(image):
        raise NotImplementedError

    passed, report = run_checks(public.TESTS["q1"], {"brightness": brightness})
    assert (passed, report.splitlines()) == (0, ["  no   a picture of 2x2 pixels", "       not written yet"])


def test_a_check_shows_no_large_input():
    case = Case("a large one", "int(x.sum()) + n", {"x": np.ones((30, 30)), "n": 2}, expected=1)
    _, report = run_checks([case], {})
    assert report.splitlines()[2:] == ["       with n = 2", "       expected 1, got 902"]


LEAKS = {
    "a mark of a solution": lambda h: "# ### begin  solution",
    "a mark of hidden tests": lambda h: "# END HIDDEN TESTS",
    "the sentinel": lambda h: h["sentinel"],
    "a reference": lambda h: h["hidden"],
    "a variant": lambda h: h["variant"],
    "a solution": lambda h: h["solution"],
}


@pytest.mark.parametrize("what", LEAKS)
@pytest.mark.parametrize("where", ["hw0_checks.py", "hw0.ipynb", "metadata"])
def test_it_refuses_to_release(what, where):
    lines = (HERE / "hw0" / "hidden.py").read_text("utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if "total = 0" in line)
    source = nbformat.read(HERE / "hw0" / "hw0.ipynb", as_version=4)
    variants = (HERE / "hw0" / "variants.py").read_text("utf-8").splitlines()
    secret = LEAKS[what](
        {
            "sentinel": import_module("coursework.hw0.hidden").SENTINEL,
            "hidden": "\n".join(lines[start : start + 3]),
            "variant": "\n".join(variants[3:8]),
            "solution": "\n".join(
                next(s for s in release.solutions(source) if sum(map(len, s)) >= release.SHORT)
            ),
        }
    )
    files = release.build("hw0")
    release.find_leaks("hw0", files)
    if where == "hw0_checks.py":
        files[where] += secret.encode()
    else:
        notebook = json.loads(files["hw0.ipynb"])
        cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        if where == "metadata":
            cell["metadata"]["note"] = secret
        else:
            cell["source"] = ["    " + line for line in secret.splitlines(keepends=True)]
        files["hw0.ipynb"] = json.dumps(notebook).encode()
    with pytest.raises(release.Leak, match="hw0"):
        release.find_leaks("hw0", files)


def test_a_leak_leaves_the_last_release_as_it_was(tmp_path, monkeypatch, capsys):
    release.write("hw0", tmp_path)
    before = (tmp_path / "hw0" / "hw0.ipynb").read_bytes()
    monkeypatch.setattr(
        release, "build", lambda name: {"hw0.ipynb": b"{}", "hw0_checks.py": b"### BEGIN SOLUTION"}
    )
    monkeypatch.setattr(release, "readable", lambda file, data: data.decode())
    monkeypatch.setattr(release, "NAMES", ("hw0",))
    assert release.main(["hw0", "--out", str(tmp_path)]) == 1
    assert "Not released: hw0_checks.py of hw0 holds 'BEGIN SOLUTION'" in capsys.readouterr().err
    assert (tmp_path / "hw0" / "hw0.ipynb").read_bytes() == before


def test_an_unknown_assignment_is_named(capsys):
    with pytest.raises(SystemExit):
        release.main(["hw7"])
    assert "there is no assignment hw7; there are hw1" in capsys.readouterr().err


def test_a_notebook_whose_solution_has_no_end_is_refused():
    notebook = nbformat.read(HERE / "hw0" / "hw0.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("### END SOLUTION", "")
    with pytest.raises(RuntimeError, match="no end solution"):
        release.student_version(notebook)
