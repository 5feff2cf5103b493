"""The hidden tests of assignment 3, and the references that they are made with."""

import math

import numpy as np

from coursework.check import Case
from coursework.hw3.public import TRAIN, invent_signs, reads, write_sheets
from coursework.question import Assignment, Question

SENTINEL = "hidden-hw3-cec1256ab4104fd0"


# References: one number at a time, the way the chain rule reads.


def graph_reference(a, b, c):
    # hidden-hw3-cec1256ab4104fd0
    total, largest = a * b + c, max(a, c)
    outer = 2 * total * largest
    return outer * b + total**2 * (a > c), outer * a, outer + total**2 * (c > a)


def conv_reference(dy, x, weight, stride, padding):
    """All three gradients, product by product."""
    # hidden-hw3-cec1256ab4104fd0
    (_, _, height, width), (_, _, tall, wide) = x.shape, weight.shape
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(len(weight))
    for n, o, r, s in np.ndindex(dy.shape):
        dbias[o] += dy[n, o, r, s]
        for c, i, j in np.ndindex(x.shape[1], tall, wide):
            row, col = r * stride + i - padding, s * stride + j - padding
            if 0 <= row < height and 0 <= col < width:
                dweight[o, c, i, j] += dy[n, o, r, s] * x[n, c, row, col]
                dx[n, c, row, col] += dy[n, o, r, s] * weight[o, c, i, j]
    return dx, dweight, dbias


def pool_reference(dy, x, kernel_size, stride):
    # hidden-hw3-cec1256ab4104fd0
    dx = np.zeros(x.shape)
    for n, c, r, s in np.ndindex(dy.shape):
        best, winner = -math.inf, None
        for row in range(r * stride, min(r * stride + kernel_size, x.shape[2])):
            for col in range(s * stride, min(s * stride + kernel_size, x.shape[3])):
                if x[n, c, row, col] > best:
                    best, winner = x[n, c, row, col], (row, col)
        dx[(n, c, *winner)] += dy[n, c, r, s]
    return dx


def loss_reference(votes, labels):
    # hidden-hw3-cec1256ab4104fd0
    losses, dvotes = [], np.zeros(votes.shape)
    known = sum(label >= 0 for label in labels.tolist())
    for n, label in enumerate(labels.tolist()):
        if label >= 0:
            ahead = [vote - max(votes[n]) for vote in votes[n]]
            total = math.fsum(map(math.exp, ahead))
            losses.append(math.log(total) - ahead[label])
            for k, vote in enumerate(ahead):
                dvotes[n, k] = (math.exp(vote) / total - (k == label)) / known
    return (math.fsum(losses) / known if known else 0.0), dvotes


# Cases.


def q1_cases(rng):
    cases = []
    for who in ("a wins", "c wins"):
        for _ in range(3):
            small, large = rng.uniform(-2, 1), rng.uniform(1.2, 3)
            b = rng.uniform(0.5, 2) * rng.choice([-1, 1])
            a, c = (large, small) if who == "a wins" else (small, large)
            cases.append(
                Case(
                    f"{who}: a = {a:.2f}, b = {b:.2f}, c = {c:.2f}",
                    "graph_gradients(a, b, c)",
                    {"a": float(a), "b": float(b), "c": float(c)},
                    expected=graph_reference(a, b, c),
                    hint="Draw the graph, write the forward numbers on it, then go back edge by edge.",
                )
            )
    return cases


SETTINGS = {  # (pictures, channels, filters, height, width, kernel, stride, padding)
    "plain": (2, 2, 3, 5, 6, (3, 2), 1, 0),
    "padding 1": (2, 3, 2, 5, 4, (3, 3), 1, 1),
    "padding 2": (1, 2, 2, 4, 5, (2, 3), 1, 2),
    "stride 2": (2, 2, 3, 7, 5, (3, 3), 2, 0),
    "stride 2, a row and a column that no window sees": (2, 2, 2, 6, 8, (3, 3), 2, 0),
    "stride 2 and padding 1": (3, 2, 4, 6, 7, (3, 4), 2, 1),
    "stride 3, wider than its window": (2, 3, 2, 8, 9, (2, 2), 3, 1),
}


def _convolutions(rng):
    for says, (n, c, o, height, width, kernel, stride, padding) in SETTINGS.items():
        x, weight = rng.normal(size=(n, c, height, width)), rng.normal(size=(o, c, *kernel))
        rooms = (height + 2 * padding - kernel[0], width + 2 * padding - kernel[1])
        places = [room // stride + 1 for room in rooms]
        dy = rng.normal(size=(n, o, *places))
        yield says, x, weight, dy, stride, padding, conv_reference(dy, x, weight, stride, padding)


def q2_cases(rng):
    hints = "Follow one weight: which pixel of the padded picture does it meet in window (r, s)?"
    cases = []
    for says, x, weight, dy, stride, padding, (_, dweight, dbias) in _convolutions(rng):
        inputs = {"dy": dy, "x": x, "kernel_size": weight.shape[2:], "stride": stride, "padding": padding}
        code = "weight_gradients(dy, x, kernel_size, stride, padding)"
        cases.append(Case(says, code, inputs, expected=(dweight, dbias), hint=hints))
    return cases


def q3_cases(rng):
    hints = "Follow one pixel: which windows see it, each through which weight? Mind the margin."
    cases = []
    for says, x, weight, dy, stride, padding, (dx, _, _) in _convolutions(rng):
        inputs = {"dy": dy, "weight": weight, "size": x.shape[2:], "stride": stride, "padding": padding}
        cases.append(
            Case(says, "pixel_gradients(dy, weight, size, stride, padding)", inputs, expected=dx, hint=hints)
        )
    return cases


def q4_cases(rng):
    settings = {  # kernel_size, stride, shape of x, shape of dy
        "windows side by side": (2, 2, (2, 3, 4, 6), (2, 3)),
        "windows that overlap": (3, 1, (2, 2, 5, 6), (3, 4)),
        "windows that overlap and stick out": (3, 2, (2, 2, 6, 8), (3, 4)),
        "windows that stick out": (3, 3, (1, 2, 7, 8), (3, 3)),
        "windows with gaps between": (2, 3, (2, 2, 8, 5), (3, 2)),
    }
    cases = []
    for says, (kernel_size, stride, shape, places) in settings.items():
        for kind in ("", ", all negative", ", with many ties"):
            x = rng.normal(size=shape) if "ties" not in kind else rng.integers(0, 3, shape).astype(float)
            x = -1 - np.abs(x) if "negative" in kind else x
            dy = rng.normal(size=(*shape[:2], *places))
            inputs = {"dy": dy, "x": x, "kernel_size": kernel_size, "stride": stride}
            cases.append(
                Case(
                    says + kind,
                    "pool_gradients(dy, x, kernel_size, stride)",
                    inputs,
                    expected=pool_reference(dy, x, kernel_size, stride),
                    hint="Each window has one winner, the first of equals, and only numbers of x can win.",
                )
            )
    return cases


def q5_cases(rng):
    cases = []
    for says, count, classes, size, unlabelled in (
        ("all labelled", 5, 4, 1, 0),
        ("some without a label", 7, 3, 2, 3),
        ("one labelled picture among six", 6, 5, 1, 5),
        ("votes of several thousand", 4, 3, 3000, 1),
        ("nobody labelled anything", 3, 4, 1, 3),
    ):
        votes = size * rng.normal(size=(count, classes))
        labels = rng.integers(0, classes, count)
        labels[rng.permutation(count)[:unlabelled]] = -1
        cases.append(
            Case(
                says,
                "loss_and_gradient(votes, labels)",
                {"votes": votes, "labels": labels},
                expected=loss_reference(votes, labels),
                hint="Loss and gradient are means over the labelled pictures; the others' rows are 0.",
            )
        )
    votes, labels = rng.normal(size=(4, 3)), np.array([1, -1, 0, 2])
    cases.append(
        Case(
            "votes and labels are left as they are",
            "loss_and_gradient(votes, labels)\nresult = votes, labels",
            {"votes": votes, "labels": labels},
            expected=(votes, labels),
            hint="votes -= ... changes the caller's array; votes = votes - ... makes a new one.",
        )
    )
    return cases


def _bilinear(x):
    gradient = x.copy()
    gradient.flat[0] += x.flat[-1]
    gradient.flat[-1] += x.flat[0]
    return gradient


def q6_cases(rng):
    hint = "Nudge each number of x alone, up and down, in float64; two steps, and both must convict."
    cases = []

    def add(says, function, x, right, change):
        """Plant `change` in the right gradient."""
        claimed = right + change
        cases.append(
            Case(
                says,
                f"wrong_entries({function}, x, gradient)",
                {"x": x, "gradient": claimed},
                expected=np.abs(change) > 0,
                hint=hint,
            )
        )

    def planted(shape, sizes):
        change = np.zeros(shape)
        for place, size in zip(rng.permutation(change.size), sizes, strict=False):
            change.flat[place] = size * rng.choice([-1, 1])
        return change

    x = rng.uniform(0.5, 2, (3, 4))
    cubic = "lambda x: (x**3).sum()"
    add("a right gradient", cubic, x, 3 * x**2, np.zeros(x.shape))
    add("one entry wrong", cubic, x, 3 * x**2, planted(x.shape, [0.3]))
    add("three entries wrong, two of them a little", cubic, x, 3 * x**2, planted(x.shape, [1, 0.2, 0.1]))
    add("all entries wrong", cubic, x, 3 * x**2, -1.5 * x**2)
    x = rng.normal(size=7)
    both = "lambda x: 0.5 * (x * x).sum() + x.ravel()[0] * x.ravel()[-1]"
    add("a product of the first and the last number", both, x, _bilinear(x), planted(x.shape, [0.05]))
    claimed_without = x - _bilinear(x)  # the product forgotten
    add("the product forgotten", both, x, _bilinear(x), claimed_without)
    x = rng.uniform(1, 2, (2, 3))
    steep = "lambda x: 2000 * (x**2).sum()"
    add("large gradients, off by less than a thousandth", steep, x, 4000 * x, np.zeros(x.shape))
    cases[-1].inputs["gradient"] += rng.uniform(0.5, 1, x.shape)
    add("large gradients, two of them off by a hundredth", steep, x, 4000 * x, planted(x.shape, [80, 90]))
    x = rng.uniform(1, 2, 5)
    tiny = "lambda x: 0.0001 * (x**2).sum()"
    add("small gradients, off by less than 0.001", tiny, x, 0.0002 * x, np.zeros(x.shape))
    cases[-1].inputs["gradient"] += rng.uniform(0.0001, 0.0005, x.shape)
    x = rng.uniform(1, 2, (3, 5))
    large = "lambda x: 10_000_000 + (x**2).sum()"
    add("a large loss, whose last digits are rounded", large, x, 2 * x, planted(x.shape, [0.2]))
    x = rng.uniform(-1e-7, 1e-7, 4)
    valley = "lambda x: 1_000_000 * (x**2).sum()"
    add("the bottom of a steep valley, all right", valley, x, 2e6 * x, np.zeros(x.shape))
    x = rng.integers(1, 5, (2, 3))
    add("x holds integers", "lambda x: (x * x).sum()", x, 2.0 * x, planted(x.shape, [0.5]))
    x = np.array([-3e-6, 2e-6, 1.0, -1.0, 4e-6, 2.0])[rng.permutation(6)]
    relu = "lambda x: (x * (x > 0)).sum()"
    add("a ReLU, three inputs beside its kink, all right", relu, x, (x > 0) * 1.0, np.zeros(6))
    change = np.where(np.abs(x) < 3.5e-6, 0.5, 0.0)
    add("a ReLU, two gradients wrong beside its kink", relu, x, (x > 0) * 1.0, change)
    x = rng.normal(size=(3, 2))
    cases.append(
        Case(
            "x is left as it is, to the last digit",
            "wrong_entries(lambda x: (x**3).sum(), x, gradient)\nresult = x",
            {"x": x, "gradient": 3 * x**2},
            expected=x,
            rtol=0.0,
            atol=0.0,
            hint="Nudge a copy; 0.1 + 0.00001 - 0.00001 need not be 0.1 again.",
        )
    )
    return cases


def q7_cases(rng):
    cases = []
    for count in (6, 4):
        signs = invent_signs(count, rng)
        images, labels = write_sheets(signs, 500, rng)
        new = write_sheets(signs, 400, rng)
        cases.append(
            Case(
                f"a new script of {count} signs",
                TRAIN,
                {"images": images, "labels": labels, "seed": int(rng.integers(1000))},
                judge=reads(*new, wanted=0.75),
                hint="Check your gradients with question 6, then watch the loss: does it fall below 0.2?",
            )
        )
    return cases


ASSIGNMENT = Assignment(
    "hw3",
    "Convolution backward, and a network that learns to read",
    questions=(
        Question("q1", 2, "A graph with two forks", ("graph_gradients",), q1_cases),
        Question("q2", 3, "What the weights get", ("weight_gradients",), q2_cases),
        Question("q3", 4, "What the pixels get", ("pixel_gradients",), q3_cases),
        Question("q4", 3, "The pool pays its winners", ("pool_gradients",), q4_cases),
        Question("q5", 3, "Votes without a label", ("loss_and_gradient",), q5_cases),
        Question("q6", 3, "Find the wrong gradient", ("wrong_entries",), q6_cases),
        Question("q7", 6, "Learn to read", ("train",), q7_cases, seconds=20.0),
    ),
)
