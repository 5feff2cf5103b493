"""Grades in nbgrader's gradebook: what its own tools then show, and what a person changed stays."""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import coursework_standin as standin
import nbformat
import pytest

from coursework import grade as command
from coursework import gradebook, records

pytest.importorskip("nbgrader", reason="nbgrader is not installed; make test installs it")
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="submissions are graded on Linux"),
    pytest.mark.filterwarnings("ignore:Object of type <"),  # SQLAlchemy's, about nbgrader's own code
]
ATTACK = "<script>alert(1)</script>"


def notebook(words, *cells):
    """A student's notebook; the words are for the stand-in."""
    code = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in cells]
    text = {"cell_type": "markdown", "source": ATTACK, "metadata": {}}
    return json.dumps({"words": f" {words} ", "cells": [text, *code], "nbformat": 4, "metadata": {}})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with what was handed in, its grades, and a course that has them."""
    place = tmp_path_factory.mktemp("class")
    folder, out = place / "in", place / "grades"
    for file, text in {
        "anna/hw0/hw0.ipynb": notebook(
            "q1 q2 q3 q4 ", "x = 1", "def brightness(image):\n    return 1", 'check("q1")'
        ),
        "anna/hw0/timestamp.txt": "2026-11-20 08:00:00.123456 UTC",
        "bob/hw0/better.ipynb": notebook("q1 q3 "),
        "bob/hw0/worse.ipynb": notebook("q1 "),
        "Zoë Müller_77_assignsubmission_file_/hw0.ipynb": notebook("q4 "),
        "=carl/hw0/hw0.ipynb": "no notebook, broken ",
    }.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
        os.utime(folder / file, (10**9, 10**9))
    arguments = ["hw0", str(folder), "--out", str(out), "--seed", "1"]
    assert command.main(arguments, standin) == 0
    said = gradebook.transfer(out, place / "course")
    assert said[-1] == f"4 students of hw0 are in {place / 'course' / 'gradebook.db'}"
    return place


@pytest.fixture
def class_of_four(made, tmp_path):
    """The folders of a finished run: what was handed in, and the grades."""
    for name in ("in", "grades"):
        shutil.copytree(made / name, tmp_path / name)
    return tmp_path / "in", tmp_path / "grades"


@pytest.fixture
def course(made, tmp_path):
    """A course with these grades in it."""
    return shutil.copytree(made / "course", tmp_path / "course")


@pytest.fixture
def book(course):
    """The gradebook, by nbgrader's own interface."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "cnn") as book:
        yield book


def nbgrader(course, *arguments):
    """nbgrader's command line, in the course."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env={**os.environ, "PATH": path, "JUPYTER_CONFIG_DIR": str(course.parent / ".jupyter")},
        capture_output=True,
        text=True,
        check=False,
    )


def exported(course):
    run = nbgrader(course, "export", "--to", "../out.csv")
    assert run.returncode == 0, run.stderr
    with open(course.parent / "out.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(course):
    return {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}


def test_the_assignment_is_there_with_its_questions(book):
    assignment = book.find_assignment("hw0")
    (notebook,) = assignment.notebooks
    assert {cell.name: cell.max_score for cell in notebook.grade_cells} == {
        "q1": 1,
        "q2": 1,
        "q3": 2,
        "q4": 2,
    }
    assert {cell.name for cell in notebook.solution_cells} == {f"q{i}-answer" for i in (1, 2, 3, 4)}
    assert assignment.max_score == 6


def test_each_student_has_the_points_of_the_best_file(book):
    scores = {s.student.id: s.score for s in book.assignment_submissions("hw0")}
    assert scores == {"anna": 6, "bob": 3, "77": 2, gradebook.safe_id("=carl"): 0}
    points = {q: book.find_grade(q, "hw0", "hw0", "bob").auto_score for q in ("q1", "q2", "q3", "q4")}
    assert points == {"q1": 1, "q2": 0, "q3": 2, "q4": 0}
    assert not any(s.needs_manual_grade for s in book.assignment_submissions("hw0"))


def test_names_come_with_them(book):
    student = book.find_student("77")
    assert (student.first_name, student.last_name) == ("Zoë", "Müller")


def test_it_says_which_file_counts_and_whose_id_changed(class_of_four, tmp_path):
    said = gradebook.transfer(class_of_four[1], tmp_path / "course")
    assert "bob/hw0/worse.ipynb: another file of bob counts" in said
    assert f"=carl is {gradebook.safe_id('=carl')} in the gradebook" in said


def test_nbgraders_own_export_has_the_same_scores_as_ours(class_of_four, course):
    rows = exported(course)
    theirs = {row["student_id"]: float(row["score"]) for row in rows}
    with open(class_of_four[1] / "grades.csv", encoding="utf-8", newline="") as file:
        ours = [row for row in csv.DictReader(file) if row["counts"] == "yes"]
    assert theirs == {gradebook.safe_id(r["student_id"].lstrip("'")): float(r["score"]) for r in ours}
    assert all(row["max_score"] == "6.0" for row in rows)
    assert {row["timestamp"][:19] for row in rows} == {
        "2026-11-20 08:00:00",
        "2001-09-09 01:46:40",
    }


def test_nbgraders_interface_lists_every_submission_as_graded(course, monkeypatch):
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    monkeypatch.chdir(course)
    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(course), "cnn"
    config.Exchange.root = str(course.parent)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    found = {each["student"]: each for each in api.get_submissions("hw0")}
    assert {student: each["score"] for student, each in found.items()} == {
        "anna": 6,
        "bob": 3,
        "77": 2,
        gradebook.safe_id("=carl"): 0,
    }
    assert all(each["autograded"] and not each["needs_manual_grade"] for each in found.values())
    assert api.get_autograded_students("hw0") == set(found)
    assert len(api.get_notebook_submissions("hw0", "hw0")) == 4  # their files are found, so they open
    (assignment,) = api.get_assignments()
    assert (assignment["name"], assignment["num_submissions"], assignment["max_score"]) == ("hw0", 4, 6)


def test_twice_is_the_same_as_once(class_of_four, course):
    before = files(course)
    gradebook.transfer(class_of_four[1], course)
    assert files(course) == before


def test_what_a_person_gave_stays_and_is_to_be_looked_at_if_ours_changed(class_of_four, course, book):
    for question in ("q1", "q2"):
        grade = book.find_grade(question, "hw0", "hw0", "bob")
        grade.manual_score, grade.needs_manual_grade = 0.5, False
    book.db.commit()
    (class_of_four[0] / "bob/hw0/better.ipynb").write_text(notebook("q1 q2 q3 "))
    arguments = ["hw0", str(class_of_four[0]), "--out", str(class_of_four[1]), "--resume"]
    assert command.main(arguments, standin) == 0
    gradebook.transfer(class_of_four[1], course)
    book.db.expire_all()
    one, two = (book.find_grade(question, "hw0", "hw0", "bob") for question in ("q1", "q2"))
    assert (one.manual_score, one.auto_score, one.needs_manual_grade) == (0.5, 1, False)
    assert (two.manual_score, two.auto_score, two.needs_manual_grade) == (0.5, 1, True)
    assert {row["student_id"]: row["score"] for row in exported(course)}["bob"] == "3.0"  # 0.5 + 0.5 + 2


def test_the_formgrader_shows_the_students_code_and_what_was_found(course):
    shown = nbformat.read(course / "autograded/anna/hw0/hw0.ipynb", as_version=4)
    assert [cell.source for cell in shown.cells][:3] == [
        "x = 1",
        "def brightness(image):\n    return 1",
        'check("q1")',
    ]
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in shown.cells]
    assert ids == [None, "q1-answer", "q1", "q2", "q3", "q4"]
    assert shown.cells[2].outputs[0].text == "1 of 1 points: right\n"
    nothing = nbformat.read(course / f"autograded/{gradebook.safe_id('=carl')}/hw0/hw0.ipynb", as_version=4)
    assert nothing.cells[0].outputs[0].text == "0 of 1 points: this is not a notebook\n"


def test_nothing_of_a_student_is_rendered_by_a_browser(course):
    for path in course.glob("autograded/*/*/*"):
        shown = nbformat.read(path, as_version=4)
        assert {cell.cell_type for cell in shown.cells} == {"code"}
        assert {o.output_type for cell in shown.cells for o in cell.outputs} <= {"stream"}
        assert ATTACK not in path.read_text("utf-8")


def test_nbgraders_feedback_can_be_made(course):
    run = nbgrader(course, "generate_feedback", "hw0", "--force")
    assert run.returncode == 0, run.stderr
    page = (course / "feedback/anna/hw0/hw0.html").read_text("utf-8")
    assert "Score: 6.0 / 6.0" in " ".join(page.split())


def test_nbgrader_does_not_run_students_code(course):
    before = files(course)
    run = nbgrader(course, "autograde", "hw0", "--force")
    assert run.returncode != 0
    assert "Submissions are graded by `make grade`" in run.stderr
    assert files(course) == before


def test_what_was_collected_stays_as_it_was(class_of_four, tmp_path):
    mine = tmp_path / "course/submitted/anna/hw0"
    mine.mkdir(parents=True)
    (mine / "hw0.ipynb").write_text("as collected")
    (mine / "timestamp.txt").write_text("2026-11-20 08:00:00.123456 UTC")
    (tmp_path / "course/nbgrader_config.py").write_text("# mine")
    gradebook.transfer(class_of_four[1], tmp_path / "course")
    assert (mine / "hw0.ipynb").read_text() == "as collected"
    assert (tmp_path / "course/nbgrader_config.py").read_text() == "# mine"


def test_a_run_that_was_not_finished_is_not_taken_over(class_of_four, tmp_path, capsys):
    (class_of_four[1] / "grades.csv").unlink()
    assert gradebook.main([str(class_of_four[1]), str(tmp_path / "course")]) == 2
    assert "was not finished; go on with --resume" in capsys.readouterr().err
    assert gradebook.main([str(tmp_path), str(tmp_path / "course")]) == 2
    assert "holds no grades" in capsys.readouterr().err
    assert not (tmp_path / "course").exists()


def test_other_questions_under_the_same_name_are_refused(class_of_four, course, book):
    book.add_grade_cell("q9", "hw0", "hw0", max_score=1, cell_type="code")
    with pytest.raises(
        records.Refused, match="questions q1, q2, q3, q4, q9, but the grades are for q1, q2, q3, q4"
    ):
        gradebook.transfer(class_of_four[1], course)


@pytest.mark.parametrize(
    "student", ["", ".", "..", "a/b", "a,b", "=1", "-rf", "+1", "@x", "a b", "é", "x" * 99, "a\nb"]
)
def test_every_id_is_safe_in_paths_addresses_and_tables(student):
    assert gradebook.SAFE_ID.fullmatch(gradebook.safe_id(student))
    assert gradebook.safe_id(student) != gradebook.safe_id(student + "\\")


@pytest.fixture
def formgrader(course):
    """Ask a Jupyter server, started in the course as a teacher does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--ServerApp.port={port}", "--ServerApp.token=secret", "--no-browser", "--allow-root"]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", *options],
        cwd=course,
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(course.parent / ".jupyter")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def ask(path, method="GET"):
        address = f"http://127.0.0.1:{port}/formgrader/{path}"
        request = urllib.request.Request(address, method=method, headers={"Authorization": "token secret"})
        with urllib.request.urlopen(request) as answer:
            return answer.read().decode()

    while server.poll() is None:
        try:
            ask("api/status")
        except urllib.error.URLError:
            time.sleep(0.2)
        else:
            break
    yield ask
    server.kill()
    server.wait()


@pytest.mark.slow_grading
def test_a_teacher_opens_each_submission_in_the_formgrader(formgrader):
    listed = {each["student"]: each["score"] for each in json.loads(formgrader("api/submissions/hw0"))}
    assert listed == {"anna": 6, "bob": 3, "77": 2, gradebook.safe_id("=carl"): 0}
    opened = json.loads(formgrader("api/submitted_notebooks/hw0/hw0"))
    pages = [formgrader(f"submissions/{each['id']}/") for each in opened]
    assert len(pages) == 4
    for page in pages:
        assert page.count('class="score tabbable"') == 4
        assert ATTACK not in page
    assert sum("1 of 1 points: right" in page for page in pages) == 2
    assert sum('id="q1-answer-comment"' in page for page in pages) == 1


@pytest.mark.slow_grading
def test_the_formgraders_button_for_grading_runs_no_code_and_says_why(formgrader, course):
    before = {path: data for path, data in files(course).items() if "autograded" in path.parts}
    answer = json.loads(formgrader("api/submission/hw0/bob/autograde", "POST"))
    assert not answer["success"]
    assert "Submissions are graded by `make grade`" in answer["error"]
    assert {path: data for path, data in files(course).items() if "autograded" in path.parts} == before
