"""What a question and an assignment are, and where an assignment lies."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
NAMES = ("hw1", "hw2", "hw3", "hw4", "hw5", "hw6")
TRIAL = "hw0"  # small, for trying out the grader; not one of the course's assignments


@dataclass(frozen=True)
class Question:
    """A question, with the tests that decide its points.

    Attributes
    ----------
    name : str
        "q1", "q2" ... in the order of the notebook.
    points : float
        All of them if every case passes, else none.
    title : str
        A few words, for feedback.
    defines : tuple of str
        The names that the student's notebook must bind to answer it.
    cases : callable
        ``cases(rng)`` gives the list of hidden `coursework.check.Case`; its numbers come from `rng`
        (one generator for each question, made from the seed of the grading run), its
        expectations from references of our own. It runs in the trusted process only.
    seconds : float
        Processor time for all its cases together.
    """

    name: str
    points: float
    title: str
    defines: tuple[str, ...]
    cases: Callable
    seconds: float = 10.0

    def drawn(self, seed):
        """Its hidden cases for the seed of a grading run: the same seed gives the same cases."""
        return self.cases(np.random.default_rng([seed, *self.name.encode()]))


@dataclass(frozen=True)
class Assignment:
    """An assignment: its questions, and what its notebooks may use.

    Attributes
    ----------
    name, title : str
    questions : tuple of Question
    cnnlib : tuple of str
        The files of cnnlib that exist where student code runs ("xo.py"). What a question asks for
        is not among them, nor what imports it.
    hides : tuple of str
        Packages that do not exist there.
    seconds : float
        Wall time for a submission.
    """

    name: str
    title: str
    questions: tuple[Question, ...]
    cnnlib: tuple[str, ...] = ()
    hides: tuple[str, ...] = ("torch", "scipy", "sklearn", "skimage")
    seconds: float = 120.0

    @property
    def folder(self):
        """The folder of its source notebook."""
        return HERE / self.name

    @property
    def notebook(self):
        """The source notebook, with solutions."""
        return self.folder / f"{self.name}.ipynb"

    def checks(self):
        """The text of its module ``hwN_checks``: check.py with the public tests behind it."""
        check = (HERE / "check.py").read_text(encoding="utf-8")
        public = (self.folder / "public.py").read_text(encoding="utf-8")
        public = public.replace("from coursework.check import Case\n", "")
        return f"{check}\n\n{public}\n\ncheck = checker(TESTS)\n"

    @property
    def points(self):
        """The most points that it gives."""
        return sum(question.points for question in self.questions)


def load(name):
    """Load an assignment with its hidden tests.

    Parameters
    ----------
    name : str
        "hw1" to "hw6", or "hw0", the trial.

    Returns
    -------
    Assignment

    Raises
    ------
    ValueError
        If there is no such assignment.
    """
    if name not in (TRIAL, *NAMES):
        raise ValueError(f"there is no assignment {name!r}; there are {', '.join(NAMES)}")
    return importlib.import_module(f"coursework.{name}.hidden").ASSIGNMENT
