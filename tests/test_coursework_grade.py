"""Grading a class from the command line: one row a file, and the same grades however often it is killed."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import coursework_standin as standin
import pytest

from coursework import grade as command

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAM = [sys.executable, str(HERE / "coursework_standin.py")]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="submissions are graded on Linux")


@pytest.fixture(autouse=True)
def _assignment(monkeypatch):
    monkeypatch.setitem(sys.modules, "coursework.hw2.hidden", standin.HIDDEN)


@pytest.fixture
def handed_in(tmp_path):
    """A folder of submissions: five students, one with two files, one of them broken."""
    folder = tmp_path / "in"
    for file, words in {
        "anna/hw2.ipynb": "q1 q2",
        "bob/hw2.ipynb": "q1",
        "bob/better.ipynb": "q1 q2 raises",
        "carl/hw2.ipynb": "broken",
        "dora/hw2.ipynb": "luck",
        "emil/hw2.zip": "zip",
    }.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(words)
        os.utime(folder / file, (10**9, 10**9))
    return folder


def run(folder, out, *more):
    """The command in this process."""
    return command.main(["hw2", str(folder), "--out", str(out), "--jobs", "2", *map(str, more)], standin)


def start(folder, out, *more, **environment):
    """The command as a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}", **environment}
    return subprocess.Popen(
        [*PROGRAM, "hw2", str(folder), "--out", str(out), "--jobs", "2", *map(str, more)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def grades(out):
    with open(out / "grades.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_has_exactly_one_row_in_order(handed_in, tmp_path):
    assert run(handed_in, tmp_path / "out") == 0
    assert [
        (row["student_id"], row["file"], row["score"], row["counts"]) for row in grades(tmp_path / "out")
    ][:4] == [
        ("anna", "anna/hw2.ipynb", "3", "yes"),
        ("bob", "bob/better.ipynb", "3", "yes"),
        ("bob", "bob/hw2.ipynb", "1", "no"),
        ("carl", "carl/hw2.ipynb", "0", "yes"),
    ]
    files = sorted(str(path.relative_to(handed_in)) for path in handed_in.rglob("*.*"))
    assert sorted(row["file"] for row in grades(tmp_path / "out")) == files


def test_every_row_without_full_marks_has_a_reason(handed_in, tmp_path):
    run(handed_in, tmp_path / "out")
    for row in grades(tmp_path / "out"):
        assert row["reason"] or row["score"] == row["max_score"]


def test_every_file_has_its_feedback(handed_in, tmp_path):
    run(handed_in, tmp_path / "out")
    pages = [path.read_text("utf-8") for path in (tmp_path / "out" / "feedback").iterdir()]
    assert len(pages) == 6
    seed = json.loads((tmp_path / "out" / "run.json").read_text())["seed"]
    assert not any(str(seed) in page for page in pages)


def test_the_summary_names_the_middle_the_hardest_and_what_could_not_be_graded(handed_in, tmp_path, capsys):
    run(handed_in, tmp_path / "out", "--seed", 1)
    shown = capsys.readouterr().out
    assert "6 files of 5 students: 4 graded, 2 with a reason why not" in shown
    assert "carl/hw2.ipynb: this is not a notebook" in shown
    assert "emil/hw2.zip: an archive" in shown
    scores = sorted(float(row["score"]) for row in grades(tmp_path / "out") if row["counts"] == "yes")
    assert f"median {scores[2]:g}, from 0 to {scores[-1]:g}, of 6 points" in shown
    assert "q3 (" in shown


def test_the_same_seed_gives_the_same_table_and_another_may_not(handed_in, tmp_path):
    for seed in (1, 2, 3, 4):
        for number in range(8):
            (handed_in / f"s{number}.ipynb").write_text(f"luck {number}")
        run(handed_in, tmp_path / f"a{seed}", "--seed", seed)
        run(handed_in, tmp_path / f"b{seed}", "--seed", seed, "--jobs", 1)
        assert (tmp_path / f"a{seed}/grades.csv").read_bytes() == (
            tmp_path / f"b{seed}/grades.csv"
        ).read_bytes()
    assert len({(tmp_path / f"a{seed}/grades.csv").read_bytes() for seed in (1, 2, 3, 4)}) > 1


def test_a_fault_of_the_grader_is_said_and_repeated_by_resume(handed_in, tmp_path, monkeypatch, capsys):
    (handed_in / "fay.ipynb").write_text("q1 fault")
    assert run(handed_in, tmp_path / "out") == 1
    (row,) = [row for row in grades(tmp_path / "out") if row["student_id"] == "fay"]
    assert "not the student's fault; repeat with --resume (RuntimeError)" in row["reason"]
    assert "The grader failed with RuntimeError: a fault" in capsys.readouterr().err
    assert not any("a fault" in path.read_text("utf-8") for path in tmp_path.glob("out/feedback/*"))
    assert len(grades(tmp_path / "out")) == 7
    monkeypatch.setenv("STANDIN_MENDED", "1")
    assert run(handed_in, tmp_path / "out", "--resume") == 0
    (row,) = [row for row in grades(tmp_path / "out") if row["student_id"] == "fay"]
    assert row["score"] == "1"


def test_resuming_grades_only_what_is_new_or_changed(handed_in, tmp_path, monkeypatch):
    run(handed_in, tmp_path / "out")
    (handed_in / "anna/hw2.ipynb").write_text("q2")
    (handed_in / "gil.ipynb").write_text("q1 raises")
    (handed_in / "dora/hw2.ipynb").unlink()
    (handed_in / "dora").rmdir()
    log = tmp_path / "log"
    log.mkdir()
    monkeypatch.setenv("STANDIN_LOG", str(log))
    assert run(handed_in, tmp_path / "out", "--resume") == 0
    assert sorted(path.read_text() for path in log.iterdir()) == ["q1 raises", "q2"]
    assert {row["student_id"] for row in grades(tmp_path / "out")} == {"anna", "bob", "carl", "emil", "gil"}
    assert len(list((tmp_path / "out/feedback").iterdir())) == 6


def test_another_grader_grades_everything_again(handed_in, tmp_path, monkeypatch):
    run(handed_in, tmp_path / "out")
    log = tmp_path / "log"
    log.mkdir()
    monkeypatch.setenv("STANDIN_LOG", str(log))
    monkeypatch.setenv("STANDIN_FINGERPRINT", "e" * 64)
    run(handed_in, tmp_path / "out", "--resume")
    assert len(list(log.iterdir())) == 5


def test_it_refuses_where_it_must_not_grade_and_makes_nothing(handed_in, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STANDIN_REFUSES", "you are root")
    assert run(handed_in, tmp_path / "out") == 2
    assert "Not graded: you are root" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_existing_grades_are_not_overwritten(handed_in, tmp_path, capsys):
    run(handed_in, tmp_path / "out")
    before = (tmp_path / "out/grades.csv").read_bytes()
    assert run(handed_in, tmp_path / "out") == 2
    assert "--resume" in capsys.readouterr().err
    assert (tmp_path / "out/grades.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hw2", "nowhere"], "there is no folder nowhere"),
        (["hw9", "."], "invalid choice"),
        (["hw2", ".", "--out", "./a"], "lies among the submissions"),
        (["hw2", "."], "lies among the submissions"),
        (["hw2", ".", "--out", ".."], None),
        (["hw2", ".", "--jobs", "0"], "--jobs must be at least 1"),
        (["hw2", ".", "--timeout", "-1"], "--timeout must be more than 0"),
    ],
)
def test_a_wrong_command_line_is_told_so(tmp_path, monkeypatch, capsys, arguments, message):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    if message is None:  # a folder above is no folder among the submissions; but there is nothing to grade
        assert command.main(arguments, standin) == 2
        assert "holds no files" in capsys.readouterr().err
    else:
        with pytest.raises(SystemExit):
            command.main(arguments, standin)
        assert message in capsys.readouterr().err


def many(folder, number=40):
    """A class whose grades depend on the seed."""
    for student in range(number):
        place = folder / f"s{student:02}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"q{student % 3} luck brief {student}")
        os.utime(place, (10**9, 10**9))
    return folder


def wait_for_results(out, process, least):
    while process.poll() is None:
        if len(list((out / "results").glob("*.json"))) >= least:
            return
        time.sleep(0.005)


def test_killed_at_any_moment_and_resumed_the_grades_are_the_same(tmp_path):
    folder = many(tmp_path / "in")
    assert run(folder, tmp_path / "calm", "--seed", 7) == 0
    rng, out, killed = random.Random(), tmp_path / "killed", 0
    for least in sorted(rng.sample(range(30), 6)):
        process = start(folder, out, "--resume", "--seed", 7)
        wait_for_results(out, process, least)
        time.sleep(rng.random() * 0.02)
        process.kill()
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    assert killed > 1
    process = start(folder, out, "--resume")
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert (out / "grades.csv").read_bytes() == (tmp_path / "calm" / "grades.csv").read_bytes()
    pages = {path.name: path.read_bytes() for path in (out / "feedback").iterdir()}
    assert pages == {path.name: path.read_bytes() for path in (tmp_path / "calm/feedback").iterdir()}
    assert not list(out.rglob("*.part"))


def test_a_drawn_seed_survives_the_kill(tmp_path):
    folder, out = many(tmp_path / "in", 20), tmp_path / "out"
    process = start(folder, out)
    wait_for_results(out, process, 3)
    process.kill()
    process.communicate()
    seed = json.loads((out / "run.json").read_text())["seed"]
    process = start(folder, out, "--resume")
    assert process.communicate()[1] == ""
    assert run(folder, tmp_path / "calm", "--seed", seed) == 0
    assert (out / "grades.csv").read_bytes() == (tmp_path / "calm/grades.csv").read_bytes()


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_how_to_go_on(tmp_path, which):
    folder, out = many(tmp_path / "in"), tmp_path / "out"
    (folder / "a.ipynb").write_text("q1 " + 10_000 * "slow ")  # most of an hour: it is not waited for
    process = start(folder, out, "--seed", 7)
    wait_for_results(out, process, 5)
    process.send_signal(which)
    _, complaints = process.communicate()
    assert process.returncode == 130
    assert f"go on with --resume --out {out}" in complaints
    assert "Traceback" not in complaints
    assert 5 <= len(list((out / "results").glob("*.json"))) < 41
