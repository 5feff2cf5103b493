"""The hidden tests of the trial."""

import numpy as np

from coursework.check import Case
from coursework.question import Assignment, Question

SENTINEL = "hidden-hw0-5d1c07a9e2b84f36"


def pictures(rng):
    """Three pictures of different shapes."""
    return [rng.normal(size=shape) for shape in ((1, 4), (5, 3), (8, 8))]


def mean(image):
    """The mean, pixel by pixel."""  # hidden-hw0-5d1c07a9e2b84f36
    total = 0.0
    for value in image.ravel():
        total += float(value)
    return total / image.size


def says(image):
    """What is tried, in words."""
    return f"a picture of {image.shape[0]}x{image.shape[1]}"


def q1_cases(rng):
    """The brightness of pictures, and of one with whole numbers."""
    images = [*pictures(rng), rng.integers(0, 200, size=(3, 3), dtype=np.uint8)]
    return [
        Case(says(x), "brightness(image)", {"image": x}, mean(x), hint="It is the mean of all pixels.")
        for x in images
    ]


def q2_cases(rng):
    """Two results."""
    return [
        Case(says(x), "extremes(image)", {"image": x}, (min(x.ravel().tolist()), max(x.ravel().tolist())))
        for x in pictures(rng)
    ]


def q3_cases(rng):
    """An array, from inputs that must stay as they are."""
    cases = []
    for x in pictures(rng):
        low, high = min(x.ravel().tolist()), max(x.ravel().tolist())
        expected = np.array([[(v - low) / (high - low) for v in row] for row in x])
        inputs, wanted = {"image": x}, (expected, x)
        cases.append(Case(says(x), "stretch(image), image", inputs, wanted, hint="Does it change its input?"))
    return cases


def q4_cases(rng):
    """Labels are compared here; the student's process never has them."""
    images = rng.uniform(size=(40, 4, 4))
    labels = [int(mean(image) > 0.5) for image in images]

    def judge(got):
        predicted = np.asarray(got)
        if predicted.shape != (40,):
            return f"expected 40 labels, got shape {predicted.shape}"
        right = sum(int(a == b) for a, b in zip(predicted.tolist(), labels, strict=True))
        return None if right >= 38 else f"{right} of 40 are right; 38 are needed"

    return [Case("40 pictures", "classify(images)", {"images": images}, judge=judge)]


ASSIGNMENT = Assignment(
    "hw0",
    "Trial: does the grader work here?",
    questions=(
        Question("q1", 1, "Brightness", ("brightness",), q1_cases, seconds=2),
        Question("q2", 1, "Extremes", ("extremes",), q2_cases, seconds=2),
        Question("q3", 2, "Stretch", ("stretch",), q3_cases, seconds=2),
        Question("q4", 2, "Dark or bright", ("classify",), q4_cases, seconds=2),
    ),
    cnnlib=("__init__.py", "xo.py"),
    seconds=40,
)
