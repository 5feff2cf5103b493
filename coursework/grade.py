"""Grade a folder of submissions from the command line: ``python -m coursework.grade hw2 submissions/``."""

import argparse
import os
import signal
import statistics
import sys
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from coursework import feedback, records, submissions
from coursework.question import NAMES, TRIAL, load

INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended


def main(arguments=None, unit=None):
    """Grade, and say what came of it.

    Parameters
    ----------
    arguments : list of str or None
        The command line.
    unit : module or None
        What does the grading, if not `coursework.unit`: something with its ``grade_one``,
        ``fingerprint`` and ``sandbox.refusal``.

    Returns
    -------
    int
        0 if every file has its final grade, 1 if the grader itself failed on some, 2 if it refused
        to work, 130 if it was interrupted.
    """
    options = _options(arguments)
    if unit is None:
        from coursework import unit
    try:
        rows, aside = grade(options, unit)
    except records.Refused as refused:
        print(f"Not graded: {refused}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nStopped. What is graded is kept; go on with --resume --out {options.out}", file=sys.stderr)
        sys.stderr.flush()
        os._exit(INTERRUPTED)  # do not wait for what is being graded; its sandboxes end with this process
    print(summary(rows, aside, options.out))
    return int(any(result.get("failed") for _, result in rows))


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m coursework.grade", description=__doc__)
    parser.add_argument("assignment", choices=(*NAMES, TRIAL))
    parser.add_argument("submissions", type=Path, help="the folder with what students handed in")
    parser.add_argument("--out", type=Path, help="where grades go (grades/hwN)")
    parser.add_argument("--jobs", type=int, default=cores(), help="how many at once (one a core)")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was interrupted")
    parser.add_argument("--seed", type=int, help="of the hidden tests; drawn at random if you name none")
    parser.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="for a submission, instead of the usual"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that does the work")
    options = parser.parse_args(arguments)
    options.out = options.out or Path("grades", options.assignment)
    if not options.submissions.is_dir():
        parser.error(f"there is no folder {options.submissions}")
    if options.jobs < 1:
        parser.error(f"--jobs must be at least 1, got {options.jobs}")
    if options.timeout is not None and not options.timeout > 0:
        parser.error(f"--timeout must be more than 0 seconds, got {options.timeout:g}")
    if options.out.resolve().is_relative_to(options.submissions.resolve()):
        parser.error(f"--out {options.out} lies among the submissions; name a folder elsewhere")
    return options


def cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def grade(options, unit):
    """Grade every file of a folder that has no current grade yet.

    Parameters
    ----------
    options : argparse.Namespace
        The command line.
    unit : module

    Returns
    -------
    rows : list of (Submission, dict)
        Each file with its result, in the order of grades.csv.
    aside : int
        How many files belong to other assignments.
    """
    assignment = load(options.assignment)
    if not options.scheduler and (why := unit.sandbox.refusal()):
        raise records.Refused(why)
    found, aside = submissions.find(options.submissions, options.assignment)
    if not found:
        raise records.Refused(f"{options.submissions} holds no files for {options.assignment}")
    kept = records.Records(
        options.out, options.assignment, seed=options.seed, seconds=options.timeout, resume=options.resume
    )
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        results = _grade_all(found, assignment, kept, options, unit)
        rows = [(submission, results[submission.key]) for submission in found]
        kept.prune(found)
        for submission, result in rows:
            text = feedback.page(submission, result, assignment.title)
            records.write(kept.feedback / f"{submission.key}.html", text.encode())
        kept.write_grades(rows)
    finally:
        signal.signal(signal.SIGTERM, before)
        kept.close()
    return rows, aside


def _grade_all(found, assignment, kept, options, unit):
    """Results by key: kept ones, refused ones, and the rest from the executor, a few at a time."""
    results, running = {}, {}
    grader = unit.fingerprint(assignment.name)
    with (
        _executor(options, unit, grader) as (executor, slots),
        tqdm(total=len(found), unit="file", disable=None) as bar,
    ):

        def finish(atmost):
            while len(running) > atmost:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    submission, data = running.pop(future)
                    keep(submission, _outcome(future, assignment, kept), data)

        def keep(submission, result, data=None):
            kept.store(submission, result, data)
            results[submission.key] = result
            bar.update()

        for submission in found:
            try:
                if submission.reason:
                    raise submissions.Unreadable(submission.reason)
                data = submissions.read(submission.path)
            except submissions.Unreadable as reason:
                keep(submission, nothing(assignment, kept.seed, str(reason)))
                continue
            record = kept.load(submission)
            if kept.is_current(record, data, grader):
                keep(submission, record["result"])
                continue
            finish(slots - 1)
            future = executor.submit(
                unit.grade_one, data, assignment.name, seed=kept.seed, seconds=kept.seconds
            )
            running[future] = submission, data
        finish(0)
    return results


@contextmanager
def _executor(options, unit, grader):
    """What grades, and how many submissions it should have at hand at a time."""
    if options.scheduler:
        from coursework import cluster

        with cluster.executor(options.scheduler, unit, options.assignment, grader) as found:
            yield found
        return
    executor = ThreadPoolExecutor(options.jobs)  # threads, because the work is done in sandboxes
    try:
        yield executor, options.jobs
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _outcome(future, assignment, kept):
    """The result of a submission; if the grader failed on it, one that says so and is not final."""
    try:
        return future.result()
    except Exception as error:
        if type(error).__name__ == "Refused":  # this machine, or a worker's, must not grade at all
            raise records.Refused(str(error)) from None
        what = type(error).__name__  # no more: students read this
        tqdm.write(f"The grader failed with {what}: {error}", file=sys.stderr)
        reason = f"the grader failed, which is not the student's fault; repeat with --resume ({what})"
        return nothing(assignment, kept.seed, reason) | {"failed": True}


def nothing(assignment, seed, reason):
    """The result of a file that cannot be graded.

    Parameters
    ----------
    assignment : coursework.question.Assignment
    seed : int
    reason : str

    Returns
    -------
    dict
        As from `coursework.unit.grade_one`, with no points.
    """
    return {
        "assignment": assignment.name,
        "seed": seed,
        "grader": "",
        "sha256": "",
        "score": 0,
        "max_score": assignment.points,
        "reason": reason,
        "questions": {
            q.name: {"title": q.title, "points": 0, "max_points": q.points, "reason": ""}
            for q in assignment.questions
        },
        "cells": [],
        "seconds": 0.0,
    }


def summary(rows, aside, out):
    """Say what came of a run: how many, the middle, where points were lost, which files to look at.

    Parameters
    ----------
    rows : list of (Submission, dict)
    aside : int
        How many files belong to other assignments.
    out : Path

    Returns
    -------
    str
    """
    counting = set(records.best(rows).values())
    results = [result for submission, result in rows if submission.key in counting]
    scores = [result["score"] for result in results]
    lines = [
        f"{len(rows)} files of {len(results)} students: {sum(not r['reason'] for _, r in rows)} graded, "
        f"{sum(bool(r['reason']) for _, r in rows)} with a reason why not.",
        f"Scores: median {statistics.median(scores):g}, from {min(scores):g} to {max(scores):g}, "
        f"of {results[0]['max_score']:g} points.",
        "Hardest questions: " + ", ".join(_hardest(results)) + ".",
    ]
    if aside:
        lines.append(f"Left aside: {aside} files in folders of other assignments.")
    lines += [f"  {submission.file}: {result['reason']}" for submission, result in rows if result["reason"]]
    return "\n".join([*lines, f"Grades: {out / 'grades.csv'}   Feedback: {out / 'feedback'}"])


def _hardest(results, most=3):
    """The questions that the fewest students have right, as texts."""
    questions = {name: [r["questions"][name] for r in results] for name in results[0]["questions"]}
    share = {
        name: statistics.mean(q["points"] / q["max_points"] for q in each) for name, each in questions.items()
    }
    return [f"{name} ({share[name]:.0%} of its points)" for name in sorted(share, key=share.get)[:most]]


if __name__ == "__main__":
    sys.exit(main())
