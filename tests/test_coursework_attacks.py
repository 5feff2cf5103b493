"""Hostile, damaged and odd submissions: no unearned mark, nothing leaks, nobody else is touched.

The submissions are data, in the package ``hostile``. A few are tried one by one; ``make test-grading``
grades all of them as a class, among honest neighbours, with the command that teachers use.
"""

import csv
import ctypes
import html.parser
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from pathlib import Path

import pytest
from coursework_lab import sandbox_or_skip
from hostile import BREACH, POINTS, WORKED, Family, files, notebook

from coursework.hw0.hidden import SENTINEL

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    *("fooling", "spying", "forging", "stopping", "exhausting"),
    *("escaping", "altering", "damaged", "honest"),
)
ALL = [
    submission
    for module in MODULES
    for family in vars(importlib.import_module(f"hostile.{module}")).values()
    if isinstance(family, Family)
    for submission in family
]
SEED = 20_240_229
NEIGHBOURS = 20  # honest submissions, spread among the others
TRACES = ("/tmp", "/var/tmp", "/dev/shm", str(Path.home()), str(ROOT))
pytestmark = pytest.mark.skipif(os.name == "nt", reason="submissions are graded on Linux")


def descendants():
    """Command lines of all processes that this one has started, and theirs."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            names[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            parents.setdefault(int(parent), []).append(int(folder.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return [names[pid] for pid in found]


def wait_for_the_end(before):
    """Give processes that are being killed a moment; what else is left is returned."""
    for _ in range(50):
        left = [name for name in descendants() if name not in before]
        if not left:
            break
        time.sleep(0.1)
    return left


@pytest.fixture(scope="module")
def adopting():
    """Let orphans of this process become its own children, so that none can hide."""
    sandbox_or_skip()
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    yield descendants()
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)


def shared_memory():
    """What System V's shared memory, semaphores and queues hold on this machine."""
    return {
        kind: Path(f"/proc/sysvipc/{kind}").read_text().count("\n 77120") for kind in ("shm", "sem", "msg")
    }


def assert_deserved(submission, result):
    """A result gives what the submission must get, no more and no less, and says nothing it may not."""
    given = {name for name, question in result["questions"].items() if question["points"]}
    assert set(submission.right) <= given, f"lost: {result}"
    assert given <= {*submission.right, *submission.may}, f"unearned: {result}"
    assert result["score"] == sum(POINTS[question] for question in given)
    for name, question in result["questions"].items():
        assert question["points"] in (0, question["max_points"])
        assert name in given or question["reason"] or result["reason"]
    if submission.reason is not None:
        assert bool(result["reason"]) == bool(submission.reason)
        assert re.search(submission.reason, result["reason"])
    text = json.dumps(result)
    assert SENTINEL not in text
    assert BREACH not in text
    assert "Traceback" not in text


def test_there_are_many_attacks_and_none_twice():
    assert len({submission.name for submission in ALL}) == len(ALL) > 200
    assert len({submission.data for submission in ALL}) == len(ALL)
    assert len({submission.family for submission in ALL}) >= 12


@pytest.mark.parametrize("submission", [s for s in ALL if s.quick], ids=lambda s: s.name)
def test_an_attack_gets_what_it_deserves_and_leaves_nothing(submission, adopting):
    from coursework.unit import grade_one

    assert_deserved(submission, grade_one(submission.data, "hw0", seed=SEED, seconds=16))
    assert wait_for_the_end(adopting) == []


@pytest.fixture(scope="module")
def graded(adopting, tmp_path_factory):
    """All submissions, honest neighbours and odd files, graded two at a time by the command."""
    folder, out = tmp_path_factory.mktemp("class") / "in", tmp_path_factory.mktemp("graded") / "out"
    folder.mkdir()
    for number, submission in enumerate(ALL):
        (folder / f"{number:03}-{submission.name}.ipynb").write_bytes(submission.data)
        if number % (len(ALL) // NEIGHBOURS) == 0:
            (folder / f"{number:03}-neighbour.ipynb").write_bytes(notebook(WORKED))
    odd = files.hand_in(folder, ROOT / "coursework" / "hw0" / "hidden.py")
    before = shared_memory(), {path: path.stat().st_mtime_ns for path in ROOT.glob("coursework/**/*.py")}
    command = [sys.executable, "-m", "coursework.grade", "hw0", folder, "--out", out, "--jobs", "2"]
    command += ["--seed", SEED, "--timeout", "24"]
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, capture_output=True, text=True, errors="replace", check=False
    )
    left = wait_for_the_end(adopting)
    after = shared_memory(), {path: path.stat().st_mtime_ns for path in ROOT.glob("coursework/**/*.py")}
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    results = [json.loads(path.read_bytes()) for path in (out / "results").iterdir()]
    by_file = {record["submission"]["file"]: record["result"] for record in results}
    yield {
        "folder": folder,
        "out": out,
        "done": done,
        "left": left,
        "changed": before != after,
        "rows": rows,
        "results": by_file,
        "odd": odd,
    }
    (folder / "unreadable.ipynb").chmod(0o600)


def find(graded, name):
    """The result of a submission."""
    return next(r for file, r in graded["results"].items() if re.fullmatch(rf"\d\d\d-{name}\.ipynb", file))


slow = [pytest.mark.slow_grading, pytest.mark.timeout(3600)]


def slowly(test):
    """Mark a test that needs the whole class graded."""
    for mark in slow:
        test = mark(test)
    return test


@slowly
@pytest.mark.parametrize("submission", ALL, ids=lambda s: s.name)
def test_in_a_class_each_gets_what_it_deserves(submission, graded):
    assert_deserved(submission, find(graded, submission.name))


@slowly
def test_neighbours_get_their_marks_and_all_the_same_words(graded):
    results = [r for file, r in graded["results"].items() if file.endswith("-neighbour.ipynb")]
    assert len(results) >= NEIGHBOURS
    for result in results:
        result.pop("seconds")
        assert result == results[0]
    assert results[0]["score"] == sum(POINTS.values())


@slowly
def test_every_file_has_exactly_one_row_and_a_reason_where_points_are_missing(graded):
    assert graded["done"].returncode == 0, graded["done"].stderr[-2000:]
    entries = [
        path for path in graded["folder"].rglob("*") if path.is_symlink() or not path.is_dir()
    ]  # and the empty folder
    assert len(graded["rows"]) == len(entries) + 1 == len({row["file"] for row in graded["rows"]})
    for row in graded["rows"]:
        assert row["reason"] or row["score"] == row["max_score"]
        assert row["assignment"] == "hw0"


@slowly
def test_odd_files_are_graded_or_refused_by_kind_not_by_name(graded):
    from coursework.submissions import plain

    full, refused = graded["odd"]
    for name in full:
        assert graded["results"][plain(name)]["score"] == sum(POINTS.values()), name
    for name, reason in refused.items():
        result = graded["results"][plain(name)]
        assert result["score"] == 0
        assert re.search(reason, result["reason"]), (name, result["reason"])


@slowly
def test_no_process_file_or_shared_memory_is_left(graded):
    assert graded["left"] == []
    assert not graded["changed"]
    assert [path for path in TRACES if (Path(path) / "hostile-was-here").exists()] == []
    assert not list(Path(tempfile.gettempdir()).glob("fill-*"))


class Page(html.parser.HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update((tag, name) for name, _ in attrs)

    def handle_data(self, data):
        self.text.append(data)


@slowly
def test_feedback_holds_nothing_that_acts_or_hides(graded):
    pages = list((graded["out"] / "feedback").iterdir())
    assert len(pages) == len(graded["rows"])
    for path in pages:
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        assert not page.tags & {
            "script",
            "img",
            "iframe",
            "object",
            "embed",
            "link",
            "form",
            "a",
            "svg",
            "base",
        }
        assert not [name for _, name in page.attributes if name.startswith("on") or name in ("src", "href")]
        odd = {c for c in "".join(page.text) if unicodedata.category(c) in ("Cc", "Cf", "Cs")} - set("\n")
        assert odd == set(), path
        assert SENTINEL not in text
        assert BREACH not in text
        assert str(SEED) not in text


@slowly
def test_the_table_holds_no_formula_no_secret_and_no_control_character(graded):
    text = (graded["out"] / "grades.csv").read_text(encoding="utf-8")
    assert SENTINEL not in text
    assert BREACH not in text
    assert str(SEED) not in text
    for row in graded["rows"]:
        for value in row.values():
            assert not value.lstrip().startswith(("=", "+", "-", "@"))
            assert not {c for c in value if unicodedata.category(c)[0] == "C"}, value


@slowly
def test_what_is_printed_holds_no_control_character(graded):
    shown = graded["done"].stdout
    assert not {c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs")} - set("\n")
