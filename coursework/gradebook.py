"""Put grades into a course of nbgrader's: ``python -m coursework.gradebook grades/hw2 course/``.

Afterwards ``nbgrader export`` and the formgrader in JupyterLab show them, and a person can change points
and comment. Doing it twice is the same as doing it once; what a person changed stays.
"""

import argparse
import os
import re
import shutil
import sys
import warnings
from pathlib import Path

import nbformat

from coursework import feedback, records, release, submissions
from coursework.checker import Unreadable, sources_of
from coursework.question import load

SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,79}")  # in paths, web addresses and tables
CONFIG = '''"""The course, for nbgrader. Change what you like, but leave students' code to the grader."""

import os

from nbconvert.exporters import NotebookExporter

c = get_config()  # noqa: F821
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.course_id = "cnn"
c.HTMLExporter.sanitize_html = True


class GradedElsewhere(NotebookExporter):
    """nbgrader would run students' code on this machine, unprotected: it is graded in sandboxes only."""

    def __init__(self, **kwargs):
        raise RuntimeError("Submissions are graded by `make grade`, then `make gradebook` brings them here.")


c.Autograde.exporter_class = GradedElsewhere
'''


def main(arguments=None):
    """Import the grades that the command line names.

    Returns
    -------
    int
        The exit status: 0, or 2 if it refused.
    """
    parser = argparse.ArgumentParser(prog="python -m coursework.gradebook", description=__doc__)
    parser.add_argument("grades", type=Path, help="the folder that `make grade` made")
    parser.add_argument("course", type=Path, help="nbgrader's course folder; made if there is none")
    options = parser.parse_args(arguments)
    try:
        print("\n".join(transfer(options.grades, options.course)))
    except records.Refused as refused:
        print(f"Nothing changed: {refused}", file=sys.stderr)
        return 2
    return 0


def transfer(grades, course):
    """Put the grades of a finished run into a course.

    Parameters
    ----------
    grades : Path
        The folder of the run.
    course : Path

    Returns
    -------
    list of str
        What is to be said about it.

    Raises
    ------
    records.Refused
        If the run was not finished, or the course has other questions under this assignment's name.
    """
    name, rows = records.read_run(grades)
    assignment, source = load(name), nbformat.read(load(name).notebook, as_version=4)
    course.mkdir(parents=True, exist_ok=True)
    if not (course / "nbgrader_config.py").exists():
        (course / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
    with warnings.catch_warnings(), _open(course / "gradebook.db") as book:
        warnings.filterwarnings("ignore", "Object of type <")  # of SQLAlchemy, about nbgrader's own code
        _add_assignment(book, assignment, source, course)
        counts, said = records.best(rows), []
        for submission, result in rows:
            if counts[submission.student] != submission.key:
                said.append(f"{submission.file}: another file of {submission.student} counts")
                continue
            student = safe_id(submission.student)
            if student != submission.student:
                said.append(f"{submission.student} is {student} in the gradebook")
            stamp = _hand_in(course / "submitted" / student / name, submission, name)
            _add_grades(book, assignment, student, submission, result, stamp)
            _show(course, assignment, source, student, submission, result)
    return [*said, f"{len(counts)} students of {name} are in {course / 'gradebook.db'}"]


def _open(place):
    """nbgrader's gradebook; it calls the program alembic, which lies beside this Python."""
    from nbgrader.api import Gradebook

    path = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{path}"
    try:
        return Gradebook(f"sqlite:///{place.resolve()}", "cnn")
    finally:
        os.environ["PATH"] = path


def safe_id(student):
    """A student's id as nbgrader can use it everywhere: in paths, in addresses, in an unquoted table.

    Examples
    --------
    >>> safe_id("12345"), safe_id("../=Zoë")
    ('12345', 'Zoe-2916bd')
    """
    if SAFE_ID.fullmatch(student):
        return student
    return f"{submissions.slug(student)}-{submissions.digest(student)[:6]}"


def _add_assignment(book, assignment, source, course):
    """The assignment with its cells, as ``nbgrader generate_assignment`` would enter it, and its files."""
    name = assignment.name
    book.update_or_create_assignment(name)
    notebook = book.update_or_create_notebook(name, name)
    known = {cell.name for cell in notebook.grade_cells}
    asked = {question.name for question in assignment.questions}
    if known and known != asked:
        raise records.Refused(
            f"the course has {name} with the questions {', '.join(sorted(known))}, but the grades are for "
            f"{', '.join(sorted(asked))}; name a new folder"
        )
    for question in assignment.questions:
        points = {"max_score": float(question.points), "cell_type": "code"}
        book.update_or_create_grade_cell(question.name, name, name, **points)
    released = release.build(name)
    for cell in nbformat.reads(released[f"{name}.ipynb"].decode(), as_version=4).cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution"):
            book.update_or_create_solution_cell(marks["grade_id"], name, name)
        if marks:
            book.update_or_create_source_cell(
                marks["grade_id"],
                name,
                name,
                cell_type=cell.cell_type,
                locked=marks["locked"],
                source=cell.source,
                checksum=marks["checksum"],
            )
    (course / "source" / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(assignment.notebook, course / "source" / name)
    (course / "release" / name).mkdir(parents=True, exist_ok=True)
    for file, data in released.items():
        (course / "release" / name / file).write_bytes(data)


def _hand_in(folder, submission, name):
    """Lay the notebook where nbgrader looks for it, unless one is there; return its time."""
    if not folder.exists():
        folder.mkdir(parents=True)
        if submission.path.is_file():
            records.write(folder / f"{name}.ipynb", submission.path.read_bytes())
        (folder / "timestamp.txt").write_text(f"{submission.timestamp or '1970-01-01 00:00:00'} UTC")
    try:
        return submissions.read(folder / "timestamp.txt", 1000).decode().strip()
    except (submissions.Unreadable, UnicodeDecodeError):
        return None


def _add_grades(book, assignment, student, submission, result, stamp):
    """The points of a student; those that a person gave stay, and are to be looked at if ours changed."""
    names = re.sub(r"[^\w .'-]", " ", submission.name).strip(" .'-").rpartition(" ")
    known = {"first_name": names[0], "last_name": names[2]} if submission.name else {}
    book.update_or_create_student(student, **known)
    book.update_or_create_submission(assignment.name, student, timestamp=stamp)
    for question in assignment.questions:
        grade = book.find_grade(question.name, assignment.name, assignment.name, student)
        points = float(result["questions"][question.name]["points"])
        changed = grade.auto_score != points
        grade.auto_score = points
        if grade.manual_score is None:
            grade.needs_manual_grade = False
        elif changed:
            grade.needs_manual_grade = True
    book.db.commit()


def _show(course, assignment, source, student, submission, result):
    """What the formgrader opens, and the page of feedback, in nbgrader's places."""
    name = assignment.name
    for place, file, text in (
        ("autograded", f"{name}.ipynb", nbformat.writes(graded(assignment, source, submission, result))),
        ("feedback", f"{name}.html", feedback.page(submission, result, assignment.title)),
    ):
        folder = course / place / student / name
        folder.mkdir(parents=True, exist_ok=True)
        records.write(folder / file, text.encode())


def graded(assignment, source, submission, result):
    """A notebook for the formgrader: the student's code, and under each question what was found.

    Nothing else of the student's file is in it, neither outputs nor text that a browser would render.

    Parameters
    ----------
    assignment : coursework.question.Assignment
    source : nbformat.NotebookNode
        The assignment's source notebook.
    submission : coursework.submissions.Submission
        Its path is that of the kept notebook.
    result : dict

    Returns
    -------
    nbformat.NotebookNode
    """
    try:
        sources = sources_of(submissions.read(submission.path))
    except (Unreadable, submissions.Unreadable):
        sources = []
    marks = {cell.metadata.nbgrader.grade_id: cell for cell in source.cells if "nbgrader" in cell.metadata}
    cells = [_code(f"student-{i}", text) for i, text in enumerate(sources, 1)]
    for question in assignment.questions:
        found = result["questions"][question.name]
        cell = _code(question.name, marks[question.name].source, marks[question.name].metadata.nbgrader)
        said = found["reason"] or result["reason"] or "right"
        said = f"{records.number(found['points'])} of {records.number(question.points)} points: {said}\n"
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=said)]
        _place(cells, cell, question, marks.get(f"{question.name}-answer"))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=source.metadata)
    nbformat.validate(notebook)
    return notebook


def _code(cell_id, text, marks=None):
    metadata = {} if marks is None else {"nbgrader": {**marks, "cell_type": "code", "checksum": ""}}
    return nbformat.v4.new_code_cell(text, id=cell_id, metadata=metadata)


def _place(cells, check, question, answer):
    """Put a question's verdict where its check was, or at the end; give the answer's cell a comment box."""
    binds = re.compile(rf"^(?:def|class)?[ ]*(?:{'|'.join(question.defines)})\b[ ]*[(:=]", re.MULTILINE)
    own = next((cell for cell in cells if not cell.metadata and binds.search(cell.source)), None)
    if own is not None and answer is not None:
        own.metadata["nbgrader"] = {**answer.metadata.nbgrader, "cell_type": "code", "checksum": ""}
    same = next((i for i, c in enumerate(cells) if c.source.strip() == check.source and not c.metadata), None)
    if same is None:
        cells.append(check)
    else:
        cells[same] = check


if __name__ == "__main__":
    sys.exit(main())
