"""What the grader checks: random numbers, other shapes, and references of its own."""

import numpy as np

from cnnlib import xo
from coursework.check import Case
from coursework.question import Assignment, Question

SENTINEL = "hidden-hw2-5e0b7c19a4d2f386"


# References, written as sums over single numbers: slow, and unlike any sensible solution


def match_map(image, feature):
    # hidden-hw2-5e0b7c19a4d2f386
    KH, KW = feature.shape
    matches = np.zeros((len(image) - KH + 1, len(image[0]) - KW + 1))
    for i, j in np.ndindex(KH, KW):
        matches += image[i : i + len(matches), j : j + matches.shape[1]] * feature[i, j] / (KH * KW)
    return matches


def starts(length, size, stride, keep_last):
    # hidden-hw2-5e0b7c19a4d2f386
    return [start for start in range(0, length, stride) if keep_last or start + size <= length]


def max_pool(maps, size=2, stride=2, keep_last=True):
    # hidden-hw2-5e0b7c19a4d2f386
    C, H, W = maps.shape
    rows, cols = starts(H, size, stride, keep_last), starts(W, size, stride, keep_last)
    pooled = np.full((C, len(rows), len(cols)), -np.inf)
    for channel, r, c, i, j in np.ndindex(*pooled.shape, size, size):
        row, col = rows[r] + i, cols[c] + j
        if row < H and col < W:
            pooled[channel, r, c] = max(pooled[channel, r, c], maps[channel, row, col])
    return pooled


def conv2d(x, weight, bias=None, stride=1, padding=0):
    # hidden-hw2-5e0b7c19a4d2f386
    N, C, H, W = x.shape
    O, _, KH, KW = weight.shape
    rows = len(range(-padding, H + padding - KH + 1, stride))
    cols = len(range(-padding, W + padding - KW + 1, stride))
    y = np.zeros((N, O, rows, cols)) + (0 if bias is None else np.reshape(bias, (1, O, 1, 1)))
    for r, c, i, j in np.ndindex(rows, cols, KH, KW):
        row, col = stride * r + i - padding, stride * c + j - padding
        if 0 <= row < H and 0 <= col < W:
            for channel in range(C):
                y[:, :, r, c] += x[:, channel, row, col][:, None] * weight[:, channel, i, j]
    return y


def places(size, kernel_size, stride, padding, dilation):
    """How many starts leave the whole window on the pixels, by trying them all."""
    # hidden-hw2-5e0b7c19a4d2f386
    pixels, count = set(range(-padding, size + padding)), 0
    for start in range(-padding, size + padding, stride):
        count += {start + dilation * k for k in range(kernel_size)} <= pixels
    return count


def trace(shape, layers):
    """Shapes and parameters; None if a window has no place."""
    # hidden-hw2-5e0b7c19a4d2f386
    rows = []
    for layer in layers:
        get, parameters = layer.get, 0
        if get("kind") in ("conv", "pool"):
            size = layer["kernel_size"]
            stride = get("stride", size if get("kind") == "pool" else 1)
            settings = size, stride, get("padding", 0), get("dilation", 1)
            after = get("out_channels", shape[0])
            if get("kind") == "conv":
                weights = np.empty((after, shape[0], size, size))
                parameters = weights.size + get("bias", True) * len(weights)
            shape = after, places(shape[1], *settings), places(shape[2], *settings)
            if 0 in shape:
                return None
        elif get("kind") == "flatten":
            shape = (int(np.prod(shape)),)
        elif get("kind") == "linear":
            parameters = shape[0] * layer["out_features"] + get("bias", True) * layer["out_features"]
            shape = (layer["out_features"],)
        rows.append((shape, parameters))
    return tuple(rows)


def fold(weight, bias, mean, std):
    # hidden-hw2-5e0b7c19a4d2f386
    new_weight, new_bias = np.array(weight, float), np.array(bias, float)
    for o, c, i, j in np.ndindex(weight.shape):
        new_weight[o, c, i, j] = weight[o, c, i, j] / std[c]
        new_bias[o] -= weight[o, c, i, j] * mean[c] / std[c]
    return new_weight, new_bias


def votes_from_examples(values, labels, classes):
    # hidden-hw2-5e0b7c19a4d2f386
    sums, counts = np.zeros((classes, values.shape[1])), np.zeros(classes)
    for row, label in zip(values, labels, strict=True):
        sums[label] += row
        counts[label] += 1
    weight = sums / counts[:, None]
    return weight, np.array([-sum(number * number for number in row) / 2 for row in weight])


def letters(count, rng):
    """Crooked letters, moved by up to two pixels; X is 0 and O is 1."""
    # hidden-hw2-5e0b7c19a4d2f386
    labels = rng.integers(0, 2, count)
    pictures = [xo.draw("XO"[k], shift=rng.uniform(-2, 2, 2), rng=rng) for k in labels]
    return np.array(pictures), labels


def votes(pictures, features, bias, weight, vote_bias):
    """What the layers of question 7 say to each picture."""
    # hidden-hw2-5e0b7c19a4d2f386
    N, F = len(pictures), len(features)
    maps = np.zeros((N, F, 7, 7)) + bias[:, None, None]
    for i, j in np.ndindex(3, 3):
        maps += pictures[:, None, i : i + 7, j : j + 7] * features[:, i, j][:, None, None]
    halves = slice(0, 4), slice(4, 7)
    values = [maps[:, :, rows, cols].max(axis=(2, 3)) for rows in halves for cols in halves]
    values = np.maximum(np.stack(values, axis=2), 0)  # (N, F, 4)
    return values.reshape(N, 4 * F) @ weight.T + vote_bias


# Questions


def q1_cases(rng):
    wide, grey = (2, 3), rng.uniform(0, 1, (6, 7))
    drawn = xo.draw("XO"[rng.integers(2)], rng=rng)
    settings = [
        ("a crooked letter and a feature of 3 x 3", drawn, rng.choice([-1, 1], (3, 3))),
        ("8 x 6 pixels and a feature of 2 x 3", rng.choice([-1, 1], (8, 6)), rng.choice([-1, 1], wide)),
        ("5 x 9 pixels and a feature of 4 x 2", rng.choice([-1, 1], (5, 9)), rng.choice([-1, 1], (4, 2))),
        ("grey pixels from 0 to 1", grey, rng.uniform(-1, 1, (3, 2))),
        ("a feature as large as the picture", rng.choice([-1, 1], (4, 3)), rng.choice([-1, 1], (4, 3))),
    ]
    hint = "As many numbers as places; each is a sum of products divided by the feature's pixels."
    return [
        Case(
            says, "match_map(image, feature)", {"image": image, "feature": f}, match_map(image, f), hint=hint
        )
        for says, image, f in settings
    ]


def q2_cases(rng):
    settings = [
        ("three maps of 7 x 7, the lecture's windows", (3, 7, 7), {}),
        ("maps of 5 x 8, partial windows dropped", (2, 5, 8), {"keep_last": False}),
        ("windows of 3 that move by 2, the last ones kept", (2, 8, 7), {"size": 3}),
        ("windows of 2 that move by 3", (4, 9, 6), {"stride": 3, "keep_last": bool(rng.integers(2))}),
        (
            "windows of 3 that move by 1, partial ones dropped",
            (1, 6, 5),
            {"size": 3, "stride": 1, "keep_last": False},
        ),
        ("a window as large as the map", (2, 4, 4), {"size": 4, "stride": 4, "keep_last": False}),
    ]
    hint = "List the rows and columns at which windows start, and what each of them sees."
    cases = []
    for says, shape, options in settings:
        maps = rng.standard_normal(shape)
        call = "".join(f", {name}={value}" for name, value in options.items())
        cases.append(
            Case(says, f"max_pool(maps{call})", {"maps": maps}, max_pool(maps, **options), hint=hint)
        )
    maps = -1 - rng.uniform(0, 1, (2, 5, 5))
    says, hint = "maps of negative numbers only", "No 0 may come in: neither as a start nor as padding."
    cases.append(Case(says, "max_pool(maps)", {"maps": maps}, max_pool(maps), hint=hint))
    maps = rng.integers(-9, 10, (2, 4, 6))
    code, hint = "max_pool(maps, 2, 2)\nresult = maps", "Write the result into an array of its own."
    cases.append(Case("the maps that were handed in, afterwards", code, {"maps": maps}, maps, hint=hint))
    return cases


def q3_cases(rng):
    settings = [  # shape of x, shape of weight, bias?, stride, padding
        ("a picture of three channels, four filters of 3 x 3", (1, 3, 6, 7), (4, 3, 3, 3), True, 1, 0),
        ("a batch of three, stride 2", (3, 2, 8, 6), (2, 2, 3, 3), True, 2, 0),
        ("padding 2", (2, 1, 4, 5), (3, 1, 3, 3), True, 1, 2),
        ("filters of 2 x 4, stride 3, padding 1", (2, 2, 10, 7), (3, 2, 2, 4), True, 3, 1),
        ("filters of 5 x 1, no bias", (2, 3, 6, 4), (2, 3, 5, 1), False, 1, 0),
        ("1 x 1 filters with stride 2", (1, 4, 5, 6), (3, 4, 1, 1), True, 2, 0),
    ]
    hint = "Compare one number with the formula: which window, which filter, which stride, which bias?"
    cases = []
    for says, shape, filters, biased, stride, padding in settings:
        inputs = {"x": rng.standard_normal(shape), "weight": rng.standard_normal(filters)}
        if biased:
            inputs["bias"] = rng.standard_normal(filters[0])
        expected = conv2d(**inputs, stride=stride, padding=padding)
        code = f"conv2d({', '.join(inputs)}, stride={stride}, padding={padding})"
        cases.append(Case(says, code, inputs, expected, hint=hint))
    x, weight, bias = (
        rng.integers(-9, 10, (1, 2, 4, 4)),
        rng.integers(-3, 4, (2, 2, 2, 2)),
        rng.uniform(0, 1, 2),
    )
    inputs = {"x": x, "weight": weight, "bias": bias}
    says, hint = "whole numbers with a bias that is not", "An array made like x holds whole numbers only."
    cases.append(Case(says, "conv2d(x, weight, bias)", inputs, conv2d(x, weight, bias), hint=hint))
    inputs = {"x": x, "weight": weight, "bias": rng.integers(1, 10, 2)}
    code, hint = "conv2d(x, weight, bias, 1, 1)\nresult = (x, weight, bias)", "Leave the inputs as they are."
    cases.append(Case("the inputs, afterwards", code, inputs, tuple(inputs.values()), hint=hint))
    return cases


# Whatever is raised counts as a refusal: what it is called there, only the student's notebook knows.
REFUSED = "try:\n    result = trace(shape, layers)\nexcept:\n    result = 'refused'"


def q4_cases(rng):
    def conv(**settings):
        layer = {"kind": "conv", "out_channels": int(rng.integers(2, 20)), "kernel_size": 3}
        return layer | settings

    relu, flatten = {"kind": "relu"}, {"kind": "flatten"}
    channels, height, width = int(rng.integers(1, 5)), int(rng.integers(20, 40)), int(rng.integers(41, 60))
    odd = int(rng.integers(3, 8)) * 2 + 1
    linear = {"kind": "linear", "out_features": int(rng.integers(2, 50))}
    settings = [
        ("convolutions and ReLU", (channels, height, width), [conv(), relu, conv(kernel_size=5), relu]),
        ("stride 3 and padding 2", (channels, height, width), [conv(kernel_size=4, stride=3, padding=2)]),
        ("dilation 3", (channels, height, width), [conv(dilation=3), conv(dilation=2, padding=1)]),
        (
            "pools of 2 and of 3 with stride 2",
            (4, odd, odd + 3),
            [{"kind": "pool", "kernel_size": 2}, {"kind": "pool", "kernel_size": 3, "stride": 2}],
        ),
        (
            "a whole network",
            (channels, height, width),
            [
                conv(bias=False),
                relu,
                {"kind": "pool", "kernel_size": 2},
                conv(padding=1, stride=2),
                relu,
                flatten,
                linear,
                relu,
                linear | {"bias": False},
            ],
        ),
        ("a window just as large as the picture", (2, 7, 7), [conv(kernel_size=4, dilation=2)]),
        ("a dilated window that has no place", (2, 9, 30), [conv(), conv(kernel_size=5, dilation=2)]),
        ("a pool that has no place", (2, 30, 6), [conv(kernel_size=5), {"kind": "pool", "kernel_size": 3}]),
    ]
    hint = "Go through the stack with a pencil: span, room, places; then filters x (channels x K x K + bias)."
    cases = []
    for says, shape, layers in settings:
        expected = trace(shape, layers)
        code = "trace(shape, layers)" if expected else REFUSED
        inputs = {"shape": shape, "layers": layers}
        cases.append(Case(says, code, inputs, expected or "refused", hint=hint))
    return cases


def q5_cases(rng):
    settings = [
        ("three channels, two filters of 3 x 3", (2, 3, 3, 3)),
        ("one channel, four filters of 2 x 5", (4, 1, 2, 5)),
        ("four channels, four filters of 4 x 4", (4, 4, 4, 4)),
        ("1 x 1 filters", (3, 5, 1, 1)),
    ]
    hint = "Put (x - m) / s into the formula of the layer, multiply out, sort by what hangs on a pixel."
    code, cases = "fold(weight, bias, mean, std)", []
    for says, shape in settings:
        mean, std = rng.uniform(50, 200, shape[1]), rng.uniform(20, 80, shape[1])
        inputs = {"weight": 9 * rng.standard_normal(shape), "bias": rng.standard_normal(shape[0])}
        inputs |= {"mean": mean, "std": std}
        cases.append(Case(says, code, inputs, fold(**inputs), hint=hint))
    inputs = {
        "weight": rng.integers(-5, 6, (2, 2, 2, 3)),
        "bias": rng.integers(-5, 6, 2),
        "mean": rng.integers(100, 140, 2),
        "std": rng.integers(30, 60, 2),
    }
    cases.append(
        Case("whole numbers", code, inputs, fold(**inputs), hint="Whole numbers must not be rounded.")
    )
    code, hint = (
        f"{code}\nresult = (weight, bias, mean, std)",
        "w = w / s makes a new array, w /= s does not.",
    )
    inputs = {name: values.astype(float) for name, values in inputs.items()}
    cases.append(Case("the inputs, afterwards", code, inputs, tuple(inputs.values()), hint=hint))
    return cases


def q6_cases(rng):
    settings = [  # examples of each class, numbers of each example
        ("two classes of 4 and 9 examples, 12 numbers each", (4, 9), 12),
        ("five classes, not equally many", (3, 8, 1, 5, 2), 7),
        ("a single example of each class", (1, 1, 1), 4),
        ("three classes, one number each", (6, 2, 4), 1),
    ]
    hint = "The mean over the examples of a class, and minus half its squared length."
    cases = []
    for says, counts, size in settings:
        labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
        values = rng.standard_normal((len(labels), size)) + 3 * labels[:, None]
        inputs = {"values": values, "labels": labels, "classes": len(counts)}
        code = "votes_from_examples(values, labels, classes)"
        cases.append(Case(says, code, inputs, votes_from_examples(**inputs), hint=hint))
    return cases


def q7_cases(rng):
    pictures, labels = letters(600, rng)

    def judge(network):
        if not isinstance(network, list | tuple) or len(network) != 4:
            return "expected four arrays: features, bias, weight, vote_bias"
        try:
            parts = [np.asarray(part, dtype=float) for part in network]
        except (TypeError, ValueError):
            return "expected four arrays of numbers"
        count = parts[0].shape[0] if parts[0].ndim else 0
        shapes = [(count, 3, 3), (count,), (2, 4 * count), (2,)]
        if not 1 <= count <= 32 or [part.shape for part in parts] != shapes:
            return f"expected (F, 3, 3), (F,), (2, 4 * F), (2,), F at most 32; got {[p.shape for p in parts]}"
        if not all(np.isfinite(part).all() for part in parts):
            return "expected finite numbers"
        said = votes(pictures, *parts)
        with np.errstate(invalid="ignore"):
            lead = said[:, 1] - said[:, 0]
        right = np.mean(np.where(labels == 1, lead > 0, lead < 0))
        return None if right >= 0.9 else f"right for {right:.1%} of 600 letters, asked for are 90 %"

    hint = "Draw more letters to learn from, with all the troubles, and use more features."
    return [Case("crooked letters, moved by up to two pixels", "network", judge=judge, hint=hint)]


ASSIGNMENT = Assignment(
    "hw2",
    "The X/O ConvNet",
    questions=(
        Question("q1", 2, "One feature, everywhere", ("match_map",), q1_cases),
        Question("q2", 2, "Pool a stack of maps", ("max_pool",), q2_cases),
        Question("q3", 3, "The convolution layer", ("conv2d",), q3_cases),
        Question("q4", 3, "A stack on paper", ("trace",), q4_cases),
        Question("q5", 3, "Another ink", ("fold",), q5_cases),
        Question("q6", 3, "Votes from examples", ("votes_from_examples",), q6_cases),
        Question("q7", 4, "Crooked letters, moved far", ("network",), q7_cases),
    ),
    cnnlib=("__init__.py", "xo.py", "plotting.py"),
)
