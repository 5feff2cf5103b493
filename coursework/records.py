"""What a grading run leaves behind, written so that it may be killed at any moment.

A folder of grades holds ``run.json`` (the assignment and the secret seed), ``results/`` (a JSON file
for each submission), ``notebooks/`` (what was graded, byte for byte), ``grades.csv`` and ``feedback/``.
A file is written beside its place and then renamed into it, so what is there is whole. The last two
follow from the others.
"""

import csv
import hashlib
import io
import json
import os
import secrets
from dataclasses import asdict
from pathlib import Path

from coursework.submissions import Submission, plain

try:
    import fcntl
except ImportError:  # Windows, where nothing is graded
    fcntl = None

FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # what a spreadsheet would evaluate


class Refused(Exception):
    """A folder of grades that must not be touched; the message says why and what to do."""


def write(path, data, mode=0o600):
    """Write a file so that it is there whole or not at all, even if the machine stops.

    Parameters
    ----------
    path : Path
    data : bytes
    mode : int
        Permissions; the owner alone, as it is.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    if os.name != "nt":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Records:
    """The folder of one grading run.

    Parameters
    ----------
    out : Path
    assignment : str
    seed : int or None
        The seed of the hidden tests; drawn and kept secret if None.
    seconds : float or None
        Wall time for a submission, if it is not the assignment's own.
    resume : bool
        Whether to go on with what is there.

    Attributes
    ----------
    seed : int
    seconds : float or None

    Raises
    ------
    Refused
        If the folder holds something else, or grades that would be lost.
    """

    def __init__(self, out, assignment, *, seed=None, seconds=None, resume=False):
        self.out = Path(out)
        self.results = self.out / "results"
        self.notebooks = self.out / "notebooks"
        self.feedback = self.out / "feedback"
        run = self.out / "run.json"
        if self.out.exists() and not self.out.is_dir():
            raise Refused(f"{out} is a file; name a folder with --out")
        ours = {"run.json", "run.json.part", ".lock"}  # one of them is what a run writes first
        if self.out.exists() and (names := {path.name for path in self.out.iterdir()}) and not names & ours:
            raise Refused(f"{out} holds other files; name an empty or a new folder with --out")
        self.out.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock()
        if run.is_file():
            old = _load(run) or {}
            self._check(old, assignment, seed, seconds, resume)
            self.seed, self.seconds = old["seed"], old["seconds"]
        else:
            self.seed, self.seconds = secrets.randbits(62) if seed is None else seed, seconds
            text = {"assignment": assignment, "seed": self.seed, "seconds": self.seconds}
            write(run, json.dumps(text, indent=1).encode())
        for folder in (self.results, self.notebooks, self.feedback):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _check(self, old, assignment, seed, seconds, resume):
        wrong = None
        if not {"assignment", "seed", "seconds"} <= set(old):
            wrong = "has a run.json that cannot be read"
        elif old["assignment"] != assignment:
            wrong = f"holds grades of {old['assignment']}, not {assignment}"
        elif not resume:
            wrong = "holds grades already; go on with --resume"
        elif seed not in (None, old["seed"]):
            wrong = "was begun with another seed; leave --seed out"
        elif seconds not in (None, old["seconds"]):
            wrong = "was begun with another --timeout; leave it out"
        if wrong:
            self.close()
            raise Refused(f"{self.out} {wrong}, or name another folder with --out")

    def _lock(self):
        """Hold the folder until this process ends, however it ends."""
        self._held = os.open(self.out / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        if fcntl is not None:
            try:
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Refused(f"another run is writing to {self.out}; wait for it or stop it") from None

    def close(self):
        """Let others have the folder."""
        os.close(self._held)

    def load(self, submission):
        """The stored record of a submission, or None."""
        return _load(self.results / f"{submission.key}.json")

    def store(self, submission, result, data=None):
        """Keep the result of a submission, and what was read of it, if anything was.

        Parameters
        ----------
        submission : coursework.submissions.Submission
        result : dict
        data : bytes or None
        """
        if data is not None:
            write(self.notebooks / f"{submission.key}.ipynb", data)
        record = {"submission": described(submission), "result": result}
        write(self.results / f"{submission.key}.json", json.dumps(record, indent=1).encode())

    def is_current(self, record, data, grader):
        """Whether a record is of these bytes, graded by this grader with this run's seed.

        Parameters
        ----------
        record : dict or None
        data : bytes
        grader : str
            The fingerprint of the grader's files.

        Returns
        -------
        bool
        """
        if record is None:
            return False
        result = record["result"]
        same = {"sha256": hashlib.sha256(data).hexdigest(), "grader": grader, "seed": self.seed}
        return not result.get("failed") and all(result.get(key) == same[key] for key in same)

    def prune(self, submissions):
        """Delete the records of files that are no longer there."""
        keys = {submission.key for submission in submissions}
        for folder in (self.results, self.notebooks, self.feedback):
            for path in folder.iterdir():
                if path.name.split(".")[0] not in keys or path.suffix == ".part":
                    path.unlink()

    def write_grades(self, rows):
        """Write grades.csv.

        Parameters
        ----------
        rows : list of (Submission, dict)
            Each file with its result, in the order in which they are to stand.
        """
        write(self.out / "grades.csv", grades(rows).encode())


def described(submission):
    """What is kept of a submission: all but where it lay."""
    kept = asdict(submission)
    del kept["path"]
    return kept


def read_run(out):
    """Read what a finished run left.

    Parameters
    ----------
    out : Path

    Returns
    -------
    assignment : str
    rows : list of (Submission, dict)
        Each file with its result, in the order of grades.csv. The path is that of the kept notebook.

    Raises
    ------
    Refused
        If there is no such run, or it was not finished.
    """
    run = _load(out / "run.json")
    if run is None:
        raise Refused(f"{out} holds no grades; make some with: make grade")
    if not (out / "grades.csv").is_file():
        raise Refused(f"the grading in {out} was not finished; go on with --resume")
    rows = []
    for path in (out / "results").glob("*.json"):
        record = json.loads(path.read_bytes())
        kept = (out / "notebooks" / path.name).with_suffix(".ipynb")
        rows.append((Submission(path=kept, **record["submission"]), record["result"]))
    return run["assignment"], sorted(rows, key=lambda row: row[0].order)


def _load(path):
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def best(rows):
    """The key of the file that counts for each student: the best one, of equals the latest.

    Parameters
    ----------
    rows : list of (Submission, dict)

    Returns
    -------
    dict of str to str
        Student's id to key.
    """
    worst_first = sorted(
        rows, key=lambda row: (row[1]["score"], not row[0].reason, row[0].timestamp, row[0].key)
    )
    return {submission.student: submission.key for submission, _ in worst_first}


def grades(rows):
    """The table of grades as CSV text.

    Parameters
    ----------
    rows : list of (Submission, dict)

    Returns
    -------
    str
        A row for each file. ``counts`` is "yes" for exactly one file of each student.
    """
    counts = best(rows)
    questions = list(rows[0][1]["questions"]) if rows else []
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        ["assignment", "student_id", "name", "file", "timestamp", "score", "max_score", "counts"]
        + [column for q in questions for column in (q, f"{q}_max")]
        + ["reason"]
    )
    for submission, result in rows:
        who = [submission.student, submission.name, submission.file, submission.timestamp]
        each = [result["questions"][q][what] for q in questions for what in ("points", "max_points")]
        table.writerow(
            [
                result["assignment"],
                *map(cell, who),
                *map(number, [result["score"], result["max_score"]]),
                "yes" if counts[submission.student] == submission.key else "no",
                *map(number, each),
                cell(why(result)),
            ]
        )
    return text.getvalue()


def why(result):
    """Why points are missing, in a line; empty if none are."""
    lost = [f"{name}: {q['reason']}" for name, q in result["questions"].items() if q["reason"]]
    return " ".join((result["reason"] or "; ".join(lost)).split())


def cell(text):
    """Make a text safe in a spreadsheet: no formula, no line break, no broken Unicode.

    Examples
    --------
    >>> cell("=1+1"), cell("1+1")
    ("'=1+1", '1+1')
    """
    text = plain(text)
    return "'" + text if text.lstrip().startswith(FORMULAS) else text


def number(value):
    """A number without a needless point: 2, 2.5."""
    return f"{value:g}"
