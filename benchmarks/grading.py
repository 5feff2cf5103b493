"""How long does grading take? A submission of each assignment, the sandboxes alone, and a class.

    python -m benchmarks.grading                    some minutes, as an ordinary user with bubblewrap
    python -m benchmarks.grading --class-size 10    a first impression

Wall time, because the work is done in other processes. Each assignment's solution and its blank are
graded by turns, one at a time; then a class (four solved notebooks to a blank one), a job for each core.
"""

import argparse
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np

from benchmarks.timing import interleaved, machine, save
from coursework import sandbox
from coursework.question import NAMES, load
from coursework.release import student_version
from coursework.unit import grade_one

RESULTS = Path(__file__).parent / "results" / "grading.json"


def submissions(name):
    """Two notebooks of an assignment as bytes: solved, and as students get it."""
    notebook = nbformat.read(load(name).notebook, 4)
    return nbformat.writes(notebook).encode(), nbformat.writes(student_version(notebook)).encode()


def grade(data, name, expected):
    """Grade a submission, and check what it got."""
    result = grade_one(data, name, seed=0)
    if result["score"] != expected:
        raise AssertionError(f"{name} got {result['score']} instead of {expected}: {result}")


def measure(repeats, class_size, jobs, names=NAMES, say=print):
    """Time everything; return a table for `save`."""
    table = {"machine": machine(), "repeats": repeats, "jobs": jobs, "rows": []}
    functions = {"both sandboxes alone": lambda: subprocess.run(sandbox.empty(), check=True)}
    for name in names:
        solved, blank = submissions(name)
        points = load(name).points
        functions[f"{name} solved"] = lambda data=solved, name=name, points=points: grade(data, name, points)
        functions[f"{name} blank"] = lambda data=blank, name=name: grade(data, name, 0)
    for what, times in interleaved(functions, repeats, at_least=0, clock=time.perf_counter).items():
        row = {"what": what, "seconds": float(np.median(times)), "slowest": float(np.max(times))}
        table["rows"].append(row)
        say(f"{what:22} {row['seconds']:8.3f} s, at most {row['slowest']:.3f} s")
    solved, blank = submissions("hw2")
    work = [(blank, 0) if k % 5 == 4 else (solved, load("hw2").points) for k in range(class_size)]
    begin = time.perf_counter()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda pair: grade(pair[0], "hw2", pair[1]), work))
    table["class"] = {"size": class_size, "assignment": "hw2", "seconds": time.perf_counter() - begin}
    say(f"{class_size} of hw2 with {jobs} jobs: {table['class']['seconds']:.0f} s")
    return table


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--class-size", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    sandbox.require()
    save(measure(options.repeats, options.class_size, options.jobs), options.output)


if __name__ == "__main__":
    main()
