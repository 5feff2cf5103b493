"""One unit of grading: the bytes of a notebook go in, a result comes out, whatever the notebook does."""

import functools
import hashlib
import json
import logging
import subprocess
import time

from coursework import sandbox
from coursework.question import HERE, load

LOG = logging.getLogger("coursework")
SLACK = 90.0  # seconds beyond a submission's own for starting and ending sandboxes
CODE = "import sys; sys.path.insert(0, {!r}); from coursework.checker import main; main()"


@functools.cache
def fingerprint(assignment):
    """SHA-256 of the files that decide the points of an assignment."""
    digest = hashlib.sha256()
    ours = [*HERE.glob("*.py"), *(HERE / assignment).glob("*.py")]
    theirs = [sandbox.ROOT / "cnnlib" / name for name in load(assignment).cnnlib]
    for path in sorted(ours) + sorted(theirs):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def grade_one(data, assignment, *, seed, seconds=None):
    """Grade a submission in sandboxes of its own.

    Parameters
    ----------
    data : bytes
        The notebook file.
    assignment : str
        "hw1" ...
    seed : int
        The secret seed of the grading run.
    seconds : float, optional
        Wall time for it; the assignment's own by default.

    Returns
    -------
    dict
        "assignment", "seed", "grader" (`fingerprint`), "sha256" (of `data`), "score", "max_score",
        "reason" (why nothing could be graded, or ""), "questions" (for each name "title", "points",
        "max_points", "reason"), "cells" (for each code cell "number", "status", "message") and
        "seconds".

    Raises
    ------
    Refused
        If this machine cannot grade, with what to do about it; never for what a submission does.
    """
    sandbox.require()
    begin = time.monotonic()
    task = load(assignment)
    answer = _check(data, task, seed, task.seconds if seconds is None else seconds)
    reason = answer["reason"]
    questions = {}
    for question in task.questions:
        points, why = answer["marks"].get(question.name, (0.0, reason))
        questions[question.name] = {
            "title": question.title,
            "points": points,
            "max_points": float(question.points),
            "reason": why,
        }
    cells = [{"number": i, "status": s, "message": m} for i, (s, m) in enumerate(answer["cells"], 1)]
    return {
        "assignment": assignment,
        "seed": seed,
        "grader": fingerprint(assignment),
        "sha256": hashlib.sha256(data).hexdigest(),
        "score": sum(question["points"] for question in questions.values()),
        "max_score": float(task.points),
        "reason": reason,
        "questions": questions,
        "cells": cells,
        "seconds": round(time.monotonic() - begin, 2),
    }


def _check(data, task, seed, seconds):
    """Let the checker mark a notebook in the outer sandbox."""
    order = {"name": task.name, "seed": seed, "seconds": seconds, "bytes": len(data)}
    command = sandbox.outer() + sandbox.python(CODE.format(str(sandbox.ROOT)))
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, said = process.communicate(json.dumps(order).encode() + b"\n" + data, seconds + SLACK)
    except subprocess.TimeoutExpired:
        return _nothing("the grader itself took too long over this notebook; look at it by hand")
    finally:
        process.kill()
        process.wait()
    if not out and b"bwrap:" in said:
        raise sandbox.Refused(f"The outer sandbox does not start: {said.decode(errors='replace')}")
    try:
        answer = json.loads(out)
    except ValueError:
        LOG.error("%s stopped over a notebook: %s", task.name, said.decode(errors="replace")[-2000:])
        return _nothing("the grader itself stopped over this notebook; look at it by hand")
    if "refused" in answer:
        raise sandbox.Refused(answer["refused"])
    return answer


def _nothing(reason):
    return {"reason": reason, "marks": {}, "cells": []}
