"""The same grades from a cluster, also when one of its machines dies in the middle."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import coursework_standin as standin
import pytest

from coursework import grade as command

HERE = Path(__file__).resolve().parent
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="submissions are graded on Linux"),
    pytest.mark.slow_grading,
]
pytest.importorskip("distributed", reason="distributed is not installed; make test-grading installs it")
DASK = "import sys; from dask.__main__ import main; sys.argv[0] = 'dask'; main()"


@pytest.fixture
def dask(tmp_path):
    """Start parts of a cluster as processes of their own; end them afterwards."""
    started = []

    def start(*arguments, **environment):
        places = [str(HERE.parent), str(HERE)]
        process = subprocess.Popen(
            [sys.executable, "-c", DASK, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places), **environment},
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in reversed(started):
        process.kill()
        process.wait()


@pytest.fixture
def scheduler(dask, tmp_path):
    """A scheduler on this machine, by the file that says where it is."""
    place = tmp_path / "scheduler.json"
    dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place))
    while not place.exists():
        time.sleep(0.05)
    return str(place)


@pytest.fixture
def worker(dask, scheduler):
    """Start a worker with one thread."""

    def worker(**environment):
        where = ["--scheduler-file", scheduler, "--host", "127.0.0.1", "--no-dashboard"]
        return dask("worker", *where, "--nthreads", "1", "--no-nanny", **environment)

    return worker


@pytest.fixture
def class_of_thirty(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "coursework.hw2.hidden", standin.HIDDEN)
    folder = tmp_path / "in"
    folder.mkdir()
    for student in range(30):
        (folder / f"s{student:02}.ipynb").write_text(f"q{student % 3} luck slow {student}")
    (folder / "t.ipynb").write_text("broken")
    (folder / "u.zip").write_text("zip")
    return folder


def run(folder, out, *more):
    return command.main(["hw2", str(folder), "--out", str(out), "--seed", "7", *more], standin)


def graded(log):
    """How many submissions each process took on."""
    numbers = {}
    for path in log.iterdir():
        process = int(path.name.split("-")[0])
        numbers[process] = numbers.get(process, 0) + 1
    return numbers


@pytest.mark.timeout(300)
def test_a_worker_killed_in_the_middle_costs_no_grade(class_of_thirty, tmp_path, scheduler, worker):
    log, out = tmp_path / "log", tmp_path / "out"
    log.mkdir()
    workers = [worker(STANDIN_LOG=str(log)) for _ in range(2)]
    killer = subprocess.Popen([sys.executable, "-c", KILL, str(workers[0].pid), str(log)])
    assert run(class_of_thirty, out, "--scheduler", scheduler) == 0
    assert killer.wait() == 0
    assert workers[0].wait() == -signal.SIGKILL
    numbers = graded(log)
    assert set(numbers) == {process.pid for process in workers}
    assert numbers[workers[0].pid] < 16 < 31 < sum(numbers.values())  # what it had begun was done again
    assert run(class_of_thirty, tmp_path / "here", "--jobs", "8") == 0
    assert (out / "grades.csv").read_bytes() == (tmp_path / "here/grades.csv").read_bytes()


KILL = """
import os, signal, sys, time
from pathlib import Path
process, log = sys.argv[1:]
while sum(path.name.startswith(process + "-") for path in Path(log).iterdir()) < 4:
    time.sleep(0.02)
os.kill(int(process), signal.SIGKILL)
"""


@pytest.mark.timeout(300)
def test_a_worker_that_must_not_grade_is_named(class_of_thirty, tmp_path, scheduler, worker, capsys):
    worker(STANDIN_REFUSES="it is root there")
    assert run(class_of_thirty, tmp_path / "out", "--scheduler", scheduler) == 2
    assert "cannot grade: it is root there" in capsys.readouterr().err


@pytest.mark.timeout(300)
def test_a_worker_with_another_grader_is_named(class_of_thirty, tmp_path, scheduler, worker, capsys):
    worker(STANDIN_FINGERPRINT="e" * 64)
    assert run(class_of_thirty, tmp_path / "out", "--scheduler", scheduler) == 2
    assert "other files of the grader" in capsys.readouterr().err


@pytest.mark.timeout(300)
def test_a_fault_on_a_worker_is_a_row_like_any_other(class_of_thirty, tmp_path, scheduler, worker):
    worker()
    for path in class_of_thirty.iterdir():
        path.unlink()
    (class_of_thirty / "a.ipynb").write_text("q1 fault")
    (class_of_thirty / "b.ipynb").write_text("q1")
    assert run(class_of_thirty, tmp_path / "out", "--scheduler", scheduler) == 1
    assert "(RuntimeError)" in (tmp_path / "out/grades.csv").read_text()


@pytest.mark.timeout(300)
def test_a_cluster_that_is_not_there_is_said(class_of_thirty, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("coursework.cluster.WAIT", 1)
    assert run(class_of_thirty, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:9") == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.timeout(300)
def test_a_cluster_without_workers_is_said(class_of_thirty, tmp_path, monkeypatch, capsys, scheduler):
    monkeypatch.setattr("coursework.cluster.WAIT", 2)
    assert run(class_of_thirty, tmp_path / "out", "--scheduler", scheduler) == 2
    assert "has no workers" in capsys.readouterr().err
