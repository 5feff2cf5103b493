"""A class in real sandboxes: killed, the grader leaves no process, and resumed, it gives the same grades."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from coursework_lab import blank, notebook_bytes, sandbox_or_skip, sources_of

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _sandbox():
    sandbox_or_skip()


@pytest.fixture
def handed_in(tmp_path):
    """Solved, blank, half and odd notebooks of the trial."""
    solved, empty = sources_of("hw0"), blank("hw0")
    for name, data in {
        "solved": notebook_bytes(solved),
        "blank": notebook_bytes(empty),
        "half": notebook_bytes(solved[:-2] + empty[-2:]),
        "hangs": notebook_bytes([*solved, "while True: pass"]),
        "leaves": notebook_bytes([*solved, "import os; os._exit(0)"]),
        "none": b"{",
    }.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "hw0.ipynb").write_bytes(data)
    return tmp_path / "in"


def start(folder, out, *more):
    """The grader's command line as a process of its own."""
    options = ["hw0", str(folder), "--out", str(out), "--jobs", "2", "--seed", "5", "--timeout", "6", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "coursework.grade", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    """Wait for it; it must have no complaint."""
    out, complaints = process.communicate()
    assert (process.returncode, complaints) == (0, ""), complaints
    return out


def processes():
    """Parent and start time of each process, by its number."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        found[int(path.parent.name)] = int(fields[1]), fields[19]
    return found


def below(ancestor):
    """All processes that a process started, and that these started: number and start time."""
    known, family = processes(), {ancestor}
    while grown := {pid for pid, (parent, _) in known.items() if parent in family} - family:
        family |= grown
    return {(pid, known[pid][1]) for pid in family - {ancestor}}


def test_everyone_gets_what_is_due(handed_in, tmp_path):
    finish(start(handed_in, tmp_path / "out"))
    with open(tmp_path / "out" / "grades.csv", encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    scores = {student: float(row["score"]) for student, row in rows.items()}
    assert (scores["solved"], scores["blank"], scores["none"]) == (6, 0, 0)
    assert 0 < scores["half"] < 6
    assert scores["hangs"] == scores["leaves"] == 6  # what comes after the answers costs nothing
    assert "not a notebook" in rows["none"]["reason"]
    assert "not written yet" in rows["blank"]["reason"]
    seed = json.loads((tmp_path / "out" / "run.json").read_text())["seed"]
    assert all(
        json.loads(p.read_text())["result"]["seed"] == seed for p in tmp_path.glob("out/results/*.json")
    )


@pytest.mark.slow_grading
@pytest.mark.timeout(600)
def test_killed_it_leaves_no_process_and_resumed_the_same_grades(handed_in, tmp_path):
    finish(start(handed_in, tmp_path / "calm"))
    rng, seen = random.Random(), 0
    for _ in range(4):
        process = start(handed_in, tmp_path / "killed", "--resume")
        while process.poll() is None and not (family := below(process.pid)):
            time.sleep(0.01)
        time.sleep(rng.random() * 2)
        family = below(process.pid)
        seen += len(family)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        while family & {(pid, started) for pid, (_, started) in processes().items()}:
            time.sleep(0.05)
    assert seen > 4
    finish(start(handed_in, tmp_path / "killed", "--resume"))
    one, two = (tmp_path / name / "grades.csv" for name in ("calm", "killed"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_interrupted_at_the_keyboard_it_keeps_no_spoilt_grade(handed_in, tmp_path):
    """Ctrl-C reaches the sandboxes, too; what they say as they die is no result."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "coursework.grade",
            "hw0",
            handed_in,
            "--out",
            tmp_path / "out",
            "--seed",
            "5",
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and len(below(process.pid)) < 3:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, complaints = process.communicate()
    assert process.returncode == 130
    assert "--resume" in complaints
    for path in tmp_path.glob("out/results/*.json"):
        assert "grader itself" not in path.read_text()
