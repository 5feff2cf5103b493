"""A stand-in for `coursework.unit` that needs no sandbox: it does what the words of a file say.

``q1 q2`` are right answers; ``luck`` gives question 3 for half of all seeds; ``slow`` takes a while;
``broken`` cannot be graded; ``fault`` is an error in the grader. As a program it is the grader's
command line, with this in place of the real unit and an assignment "hw2" of three questions.
"""

import hashlib
import os
import sys
import time
from pathlib import Path
from types import ModuleType

from coursework.question import Assignment, Question, load

QUESTIONS = tuple(Question(f"q{i}", i, f"question {i}", (f"f{i}",), lambda rng: []) for i in (1, 2, 3))
ASSIGNMENT = Assignment("hw2", "a stand-in", QUESTIONS)
HIDDEN = ModuleType("coursework.hw2.hidden")
HIDDEN.ASSIGNMENT = ASSIGNMENT


class sandbox:
    """As `coursework.sandbox`: whether this machine may grade."""

    @staticmethod
    def refusal():
        return os.environ.get("STANDIN_REFUSES")


def fingerprint(name):
    return os.environ.get("STANDIN_FINGERPRINT", "f" * 64)


def grade_one(data, assignment, *, seed, seconds=None):
    words = data.decode().split()
    if "fault" in words and not os.environ.get("STANDIN_MENDED"):
        raise RuntimeError("a fault")
    if log := os.environ.get("STANDIN_LOG"):
        (Path(log) / f"{os.getpid()}-{time.time_ns()}").write_bytes(data)
    time.sleep(0.3 * words.count("slow") + 0.01 * ("brief" in words))
    digest = hashlib.sha256(data + str(seed).encode()).digest()
    lucky = "luck" in words and digest[0] % 2 == 0
    task = ASSIGNMENT if assignment == "hw2" else load(assignment)
    right = {q.name: q.name in words or (q.name == "q3" and lucky) for q in task.questions}
    broken = "this is not a notebook" if "broken" in words else ""
    questions = {
        q.name: {
            "title": q.title,
            "points": q.points * right[q.name],
            "max_points": q.points,
            "reason": "" if right[q.name] or broken else "a row of ones: got 2 <b>",
        }
        for q in task.questions
    }
    raised = {"number": 2, "status": "error", "message": "NameError: name '</pre><script>' is not defined"}
    return {
        "assignment": assignment,
        "seed": seed,
        "grader": fingerprint(assignment),
        "sha256": hashlib.sha256(data).hexdigest(),
        "score": sum(q["points"] for q in questions.values()),
        "max_score": task.points,
        "reason": broken,
        "questions": questions,
        "cells": [{"number": 1, "status": "ok", "message": ""}] + [raised] * ("raises" in words),
        "seconds": time.monotonic(),
    }


if __name__ == "__main__":
    import coursework_standin  # by the name under which workers know it

    from coursework.grade import main

    sys.modules["coursework.hw2.hidden"] = coursework_standin.HIDDEN
    sys.exit(main(unit=coursework_standin))
