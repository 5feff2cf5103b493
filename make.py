"""Everything this course does from the command line, with nothing but Python 3.11 or newer.

``make book`` calls ``python3 make.py book``; where there is no make (Windows), call it
yourself: ``py -3.11 make.py book``. This file imports only the standard library, because it
runs before anything is installed.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed"
GRADING_STAMP = VENV / "installed-for-grading"
PAGE = ROOT / "_build" / "html" / "index.html"
OLDEST = (3, 11)
COURSE = ("requirements.txt", "constraints.txt", "pyproject.toml")
COURSEWORK = ("coursework/requirements.txt", "constraints.txt")
GRADING = ("test", "release", "grade", "gradebook", "test-grading")  # the tasks that need it


def run(*command, **environment):
    """Run a command in the root folder; stop with its exit status if it fails."""
    status = subprocess.run(
        [str(part) for part in command], cwd=ROOT, env={**os.environ, **environment}, check=False
    ).returncode
    if status:
        sys.exit(status)


def fingerprint(names):
    """What the environment was made from: this Python and the files that name the packages."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def is_done(stamp, names):
    """Whether an installation was finished, with these files as they are now."""
    return stamp.is_file() and PYTHON.is_file() and stamp.read_text() == fingerprint(names)


def setup(args):
    """create .venv and install the course into it, unless that is done"""
    if not is_done(STAMP, COURSE):
        install_course(args)
    if args.task in GRADING and not is_done(GRADING_STAMP, COURSEWORK):
        # Readers need none of it; and nbgrader adds buttons to JupyterLab that only teachers use.
        print("Installing what grading needs (a minute, this once)", flush=True)
        GRADING_STAMP.unlink(missing_ok=True)
        run(*pip_install(), "-r", COURSEWORK[0], "-c", "constraints.txt")
        GRADING_STAMP.write_text(fingerprint(COURSEWORK))


def pip_install():
    """The beginning of a command that installs into .venv."""
    return [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]


def install_course(args):
    """Make .venv if there is none, and install the course into it."""
    if sys.version_info < OLDEST:
        sys.exit(
            "This course needs Python {}.{} or newer, but {} is Python {}.{}.\n"
            "Install a newer Python and name it: make {} PYTHON=python3.11".format(
                *OLDEST, sys.executable, *sys.version_info[:2], args.task
            )
        )
    try:
        import ensurepip  # noqa: F401  Debian ships Python without it
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            f"{sys.executable} cannot make virtual environments: its venv module is missing.\n"
            "On Debian and Ubuntu install it with: sudo apt install python3-venv"
        )
    print("Setting up .venv (a few minutes, this once)", flush=True)
    STAMP.unlink(missing_ok=True)  # an installation that is cut short must not look finished
    # --clear: what an older requirements.txt or another Python left behind is no part of this one;
    # a torch that you put there yourself (README, "without CUDA") is kept.
    fresh = [] if PYTHON.is_file() else [sys.executable, "-m", "venv", "--clear", VENV]
    if fresh:
        run(*fresh)
    run(*pip_install(), "-r", "requirements.txt", "-c", "constraints.txt")
    run(*pip_install(), "--no-deps", "--editable", ".")
    STAMP.write_text(fingerprint(COURSE))


def book(args):
    """build the book, with warnings as errors, and print where it is"""
    setup(args)
    run(BIN / "jupyter-book", "build", ".", "--all", "-W", "-n", "--keep-going", "--quiet")
    print(f"\nThe book is ready. Open this page in a browser:\n\n    {PAGE}\n")


def chromium():
    """Where Chromium or Chrome is, or None: the variable CHROMIUM, the PATH, the usual places."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    windows = [
        Path(os.environ[base], "Google", "Chrome", "Application", "chrome.exe")
        for base in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        if base in os.environ
    ]
    usual = [str(path) for path in (mac, *windows) if path.is_file()]
    return (
        os.environ.get("CHROMIUM")
        or next(filter(None, map(shutil.which, names)), None)
        or next(iter(usual), None)
    )


def pdf(args):
    """print the book into one PDF (needs Chromium or Chrome)"""
    browser = chromium()
    if browser is None:
        sys.exit(
            "make pdf prints with Chromium or Chrome, and found neither on the PATH nor in its usual place.\n"
            "Install one (Debian, Ubuntu: sudo apt install chromium), or set the variable CHROMIUM to it.\n"
            "Without it: make book, then print single pages from the browser that you have."
        )
    if not args.rest:
        book(args)
    run(PYTHON, "scripts/print_book.py", *args.rest, CHROMIUM=browser)


def test(args):
    """run every test, and every notebook against its stored outputs"""
    setup(args)
    threads = os.environ.get("OMP_NUM_THREADS", "1")  # the notebooks run side by side: one core each
    environment = {"OMP_NUM_THREADS": threads, "CNNLIB_DATASET": ""}  # outputs are those of the digits
    run(PYTHON, "-m", "pytest", "--numprocesses=auto", *args.rest, **environment)


def lint(args):
    """check the code and the notebooks with ruff"""
    setup(args)
    run(PYTHON, "-m", "ruff", "check", ".")
    run(PYTHON, "-m", "ruff", "format", "--check", ".")


def lab(args):
    """open the chapters in JupyterLab (or a folder of your own: lab ../hw2)"""
    setup(args)
    named = any((ROOT / word).is_dir() for word in args.rest)
    run(BIN / "jupyter-lab", *([] if named else ["chapters"]), *args.rest)


def refresh(args):
    """run chapters in fresh kernels and store their outputs (all, or the ones you name)"""
    setup(args)
    run(PYTHON, "scripts/refresh.py", *args.rest, CNNLIB_DATASET="")


def bench(args):
    """measure how fast cnnlib convolves, against PyTorch and others, and store the table"""
    setup(args)
    run(PYTHON, "-m", "benchmarks.convolution", *args.rest)


def release(args):
    """make what students get of the assignments (all, or those you name) in _build/release"""
    setup(args)
    run(PYTHON, "-m", "coursework.release", *args.rest)


def grade(args):
    """grade what students handed in: grade hw2 submissions/ (grade --help says more)"""
    setup(args)
    run(PYTHON, "-m", "coursework.grade", *args.rest)


def gradebook(args):
    """put grades into nbgrader's gradebook: gradebook grades/hw2 course/"""
    setup(args)
    run(PYTHON, "-m", "coursework.gradebook", *args.rest)


def test_grading(args):
    """run every test of the grader, with attacks, kills and clusters (several minutes)"""
    setup(args)
    files = sorted(path.relative_to(ROOT) for path in ROOT.glob("tests/test_coursework*.py"))
    chosen = ["-m", "slow_grading or not slow_grading"]
    run(PYTHON, "-m", "pytest", "--numprocesses=auto", *chosen, *files, *args.rest, OMP_NUM_THREADS="1")


def clean(args):
    """delete what the other commands made: .venv, _build and caches"""
    for pattern in (".venv", "_build", ".pytest_cache", ".ruff_cache", ".hypothesis", "*.egg-info"):
        for path in ROOT.glob(pattern):
            shutil.rmtree(path)
    for path in list(ROOT.rglob("__pycache__")) + list(ROOT.rglob(".ipynb_checkpoints")):
        shutil.rmtree(path, ignore_errors=True)


TASKS = {
    task.__name__.replace("_", "-"): task
    for task in (
        *(book, pdf, test, lab, refresh, lint, bench, setup, clean),
        *(release, grade, gradebook, test_grading),
    )
}


def main():
    tasks = "\n".join(f"  {name:<12} {task.__doc__}" for name, task in TASKS.items())
    parser = argparse.ArgumentParser(
        prog="make.py",
        description="tasks:\n" + tasks,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("task", choices=TASKS, metavar="task")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on to what the task runs")
    args = parser.parse_args()
    TASKS[args.task](args)


if __name__ == "__main__":
    main()
