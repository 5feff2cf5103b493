"""The commands: what they say where they cannot work, and that the documents agree with them."""

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import make

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def empty(monkeypatch, tmp_path):
    """make.py in a folder where nothing is set up; the commands it would run are recorded."""
    (tmp_path / "coursework").mkdir()
    for name in ("requirements.txt", "constraints.txt", "pyproject.toml", "coursework/requirements.txt"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(make, "ROOT", tmp_path)
    monkeypatch.setattr(make, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(make, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(make, "STAMP", tmp_path / ".venv" / "installed")
    monkeypatch.setattr(make, "GRADING_STAMP", tmp_path / ".venv" / "installed-for-grading")
    ran = []

    def run(*command, **environment):
        ran.append(" ".join(map(str, command)))
        make.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        make.PYTHON.touch()

    monkeypatch.setattr(make, "run", run)
    return ran


@pytest.fixture
def args():
    return type("Args", (), {"task": "book", "rest": []})


def test_an_old_python_is_told_what_to_do(empty, args, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer.*3\.9(.|\n)*PYTHON=python3\.11"):
        make.setup(args)
    assert empty == []


def test_a_missing_venv_module_is_named(empty, args, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match=r"venv module is missing(.|\n)*python3-venv"):
        make.setup(args)
    assert empty == []


@pytest.mark.parametrize("task", [make.test, make.refresh])
def test_a_data_set_chosen_for_reading_changes_neither_tests_nor_stored_outputs(
    empty, args, monkeypatch, task
):
    seen = {}
    monkeypatch.setattr(make, "run", lambda *command, **environment: seen.update(environment))
    monkeypatch.setattr(make, "setup", lambda args: None)
    task(args)
    assert seen["CNNLIB_DATASET"] == ""


def test_printing_without_a_browser_says_what_to_install_before_it_builds(empty, args, monkeypatch):
    monkeypatch.setattr(make, "chromium", lambda: None)
    with pytest.raises(SystemExit, match=r"Chromium or Chrome(.|\n)*apt install chromium(.|\n)*CHROMIUM"):
        make.pdf(args)
    assert empty == []


def test_the_browser_that_prints_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CHROMIUM", "/opt/a browser")
    assert make.chromium() == "/opt/a browser"


def test_setting_up_happens_once(empty, args):
    make.setup(args)
    assert [bool(re.search("venv|requirements|editable", line)) for line in empty] == [True] * 3
    make.setup(args)
    assert len(empty) == 3


def test_changed_requirements_are_installed(empty, args):
    make.setup(args)
    (make.ROOT / "requirements.txt").write_text("something else")
    make.setup(args)
    assert sum("requirements.txt" in line for line in empty) == 2
    assert sum("-m venv" in line for line in empty) == 1  # into the same environment


def test_readers_get_the_course_without_the_grader(empty, args):
    for task in sorted(set(make.TASKS) - set(make.GRADING) - {"clean"}):
        args.task = task
        make.setup(args)
    assert len(empty) == 3
    assert not any("coursework" in line for line in empty)


@pytest.mark.parametrize("task", make.GRADING)
def test_tasks_that_grade_install_the_grader_once(empty, args, task):
    make.setup(args)
    args.task = task
    make.setup(args)
    make.setup(args)
    assert [line.split(" install --quiet ")[1] for line in empty[3:]] == [
        "-r coursework/requirements.txt -c constraints.txt"
    ]


@pytest.mark.parametrize("name", make.COURSEWORK)
def test_changed_requirements_of_the_grader_are_installed(empty, args, name):
    args.task = "grade"
    make.setup(args)
    (make.ROOT / name).write_text("something else")
    make.setup(args)
    assert sum("-r coursework/requirements.txt" in line for line in empty) == 2


def test_an_installation_of_the_grader_that_was_cut_short_is_repeated(empty, args, monkeypatch):
    ran = make.run
    args.task = "grade"

    def cut_short(*command):
        ran(*command)
        if "coursework/requirements.txt" in command:
            raise KeyboardInterrupt

    make.setup(args)
    (make.ROOT / "coursework/requirements.txt").write_text("something else")
    monkeypatch.setattr(make, "run", cut_short)
    with pytest.raises(KeyboardInterrupt):
        make.setup(args)
    (make.ROOT / "coursework/requirements.txt").write_text("coursework/requirements.txt")  # as before
    monkeypatch.setattr(make, "run", ran)
    make.setup(args)
    assert sum("coursework/requirements.txt" in line for line in empty) == 3


def test_every_test_of_the_grader_runs_with_the_slow_ones(empty, args, monkeypatch):
    (make.ROOT / "tests").mkdir()
    for name in ("test_coursework_b.py", "test_coursework_a.py", "test_layers.py"):
        (make.ROOT / "tests" / name).touch()
    monkeypatch.setattr(
        make, "run", lambda *command, **environment: empty.append(" ".join(map(str, command)))
    )
    monkeypatch.setattr(make, "setup", lambda args: None)
    make.test_grading(args)
    files = " ".join(str(Path("tests", f"test_coursework_{name}.py")) for name in "ab")
    assert empty[-1].endswith(f"-m slow_grading or not slow_grading {files}")


@pytest.mark.parametrize(
    ("rest", "opened"),
    [
        ([], "chapters"),
        (["--port", "8890"], "chapters --port 8890"),
        (["mine"], "mine"),
        (["mine", "--no-browser"], "mine --no-browser"),
        (["nowhere"], "chapters nowhere"),
    ],
)
def test_lab_opens_the_chapters_or_the_folder_that_is_named(empty, args, rest, opened):
    (make.ROOT / "mine").mkdir()
    args.rest = rest
    make.lab(args)
    assert empty[-1] == f"{make.BIN / 'jupyter-lab'} {opened}"


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["lab", "ARGS=../hw2"], "make.py lab ../hw2"),
        (["release"], "make.py release"),
        (["release", "HW=hw2"], "make.py release hw2"),
        (["grade", "HW=hw2", "SUBMISSIONS=a b"], 'make.py grade hw2 "a b"'),
        (
            ["grade", "HW=hw2", "SUBMISSIONS=in", "OUT=x y", "ARGS=--resume"],
            'make.py grade hw2 "in" --out "x y" --resume',
        ),
        (["grade", "SUBMISSIONS=in"], "Name the assignment: HW=hw2"),
        (["grade", "HW=hw2"], "Name the folder of what was handed in: SUBMISSIONS=folder"),
        (["gradebook", "HW=hw2"], 'make.py gradebook "grades/hw2" "course"'),
        (["gradebook", "HW=hw2", "OUT=g", "COURSE=c"], 'make.py gradebook "g" "c"'),
        (["gradebook"], "Name the assignment: HW=hw2"),
    ],
)
def test_the_makefile_passes_on_what_it_was_told(arguments, expected):
    shown = subprocess.run(["make", "-n", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert expected in " ".join((shown.stdout + shown.stderr).replace("\\\n", " ").split())


def test_an_installation_that_was_cut_short_is_repeated(empty, args, monkeypatch):
    ran = make.run

    def cut_short(*command):
        ran(*command)
        if "requirements.txt" in command:
            raise KeyboardInterrupt

    monkeypatch.setattr(make, "run", cut_short)
    with pytest.raises(KeyboardInterrupt):
        make.setup(args)
    monkeypatch.setattr(make, "run", ran)
    make.setup(args)
    assert sum("requirements.txt" in line for line in empty) == 2


def test_no_pinned_package_asks_for_a_newer_python_than_the_course_does():
    oldest = "{}.{}.0".format(*make.OLDEST)  # Debian 12 has 3.11.2, some packages ask for 3.11.5
    pins = re.findall(r"^[\w.-]+==\S+", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    asked = {
        f"{package.metadata['Name']}=={package.version}": package.metadata.get("Requires-Python", "")
        for package in metadata.distributions()
    }
    assert len(asked.keys() & set(pins)) > 100
    assert [pin for pin in pins if oldest not in SpecifierSet(asked.get(pin, ""))] == []


def test_a_command_that_fails_ends_the_task_with_its_status():
    with pytest.raises(SystemExit) as stopped:
        make.run(sys.executable, "-c", "raise SystemExit(3)")
    assert stopped.value.code == 3


def test_every_task_has_a_make_target_and_a_line_of_help():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in make.TASKS:
        assert re.search(rf"^[^\n:#]*\b{target}\b[^\n]*:", makefile, re.MULTILINE), target
    shown = subprocess.run(
        [sys.executable, ROOT / "make.py", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert all(task.__doc__ in shown for task in make.TASKS.values())


def test_readme_names_every_chapter_and_only_files_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", readme)
    assert all((ROOT / link).exists() for link in links)
    chapters = {f"chapters/{path.name}" for path in (ROOT / "chapters").glob("*.ipynb")}
    assert chapters <= set(links)


def test_binder_installs_what_the_course_needs_and_the_package_itself():
    lines = (ROOT / "binder/requirements.txt").read_text(encoding="utf-8").split("\n")
    named = [line.split()[1] for line in lines if line.startswith(("-r ", "-c "))]
    assert [(ROOT / "binder" / name).resolve() for name in named] == [
        ROOT / "requirements.txt",
        ROOT / "constraints.txt",
    ]
    assert (ROOT / "binder/runtime.txt").read_text(encoding="utf-8") == "python-{}.{}\n".format(*make.OLDEST)
    assert "pip install --no-deps --editable ." in (ROOT / "binder/postBuild").read_text(encoding="utf-8")
