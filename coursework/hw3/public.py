"""The public tests of assignment 3: numbers that a pencil can check."""

import numpy as np

from coursework.check import Case

ROOM, SIDE, FILTERS, WINDOW = 10, 5, 8, 5  # of a sheet, of a sign, and of the network, in pixels
STEPS = [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]


def invent_signs(count, rng):
    """Make up a script: signs of 5x5 pixels, each drawn with one pen in four strokes."""
    signs = []
    while len(signs) < count:
        sign, place = np.zeros((SIDE, SIDE)), rng.integers(0, SIDE, 2)
        for step in rng.integers(0, len(STEPS), 4):
            for _ in range(3):
                sign[tuple(place)] = 1
                place = np.clip(place + STEPS[step], 0, SIDE - 1)
        if 7 <= sign.sum() <= 12 and all(np.abs(sign - other).sum() >= 9 for other in signs):
            signs.append(sign)
    return np.array(signs)


def write_sheets(signs, count, rng):
    """Write one sign on each sheet of 10x10 pixels, anywhere, on stained paper."""
    labels = rng.integers(0, len(signs), count)
    images = 0.25 * rng.normal(size=(count, 1, ROOM, ROOM))
    for image, label in zip(images, labels, strict=True):
        row, col = rng.integers(0, ROOM - SIDE + 1, 2)
        image[0, row : row + SIDE, col : col + SIDE] += signs[label]
    return images, labels


def network_votes(parameters, images):
    """The network of question 7: convolution, ReLU, the largest of each map, votes."""
    weight, bias, vote_weight, vote_bias = parameters
    windows = np.lib.stride_tricks.sliding_window_view(images[:, 0], (WINDOW, WINDOW), axis=(1, 2))
    maps = np.tensordot(windows, weight[:, 0], ((3, 4), (1, 2))) + bias  # (N, 6, 6, filters)
    return np.maximum(maps, 0).max(axis=(1, 2)) @ vote_weight.T + vote_bias


def reads(images, labels, wanted):
    """Make a judge of trained parameters: are `wanted` of the labels right?"""
    count = labels.max() + 1
    shapes = [(FILTERS, 1, WINDOW, WINDOW), (FILTERS,), (count, FILTERS), (count,)]
    names = ["weight", "bias", "vote_weight", "vote_bias"]

    def judge(got):
        if not isinstance(got, list | tuple) or len(got) != 4:
            return f"expected a list of four arrays ({', '.join(names)}), got a {type(got).__name__}"
        for name, shape, array in zip(names, shapes, got, strict=True):
            if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
                return f"{name} must be an array of numbers"
            if array.shape != shape:
                return f"{name} must have the shape {shape}, got {array.shape}"
            if not np.isfinite(array).all():
                return f"{name} holds numbers that are not finite: has the training exploded?"
        parameters = [array.astype(float) for array in got]
        right = np.mean(network_votes(parameters, images).argmax(axis=1) == labels)
        if right < wanted:
            return f"reads {right:.0%} of {len(labels)} new sheets, {wanted:.0%} are wanted"
        return None

    return judge


_rng = np.random.default_rng(1998)
_signs = invent_signs(6, _rng)
_learn, _new = write_sheets(_signs, 500, _rng), write_sheets(_signs, 400, _rng)

TRAIN = "import numpy\nresult = train(images, labels, numpy.random.default_rng(seed))"
PIXELS = np.arange(1.0, 10).reshape(1, 1, 3, 3)
MARKED = np.array([[[[1.0, 10], [100, 1000]]]])

TESTS = {
    "q1": [
        Case(
            "c wins: a = 2, b = -1, c = 3",
            "graph_gradients(2.0, -1.0, 3.0)",
            expected=(-6, 12, 7),
            hint="Forward: s = 1, the square 1, the maximum 3. The square gets 3 back, the maximum gets 1.",
        ),
        Case(
            "a wins: a = 3, b = 1, c = -1",
            "graph_gradients(3.0, 1.0, -1.0)",
            expected=(16, 36, 12),
            hint="a is used twice, in the product and in the maximum: its two gradients add up.",
        ),
    ],
    "q2": [
        Case(
            "the lecture's picture, gradients marked 1, 10, 100, 1000",
            "weight_gradients(dy, x, (2, 2))",
            {"x": PIXELS, "dy": MARKED},
            expected=([[[[5421, 6532], [8754, 9865]]]], [1111]),
            hint="Each number of a kernel meets one pixel in each window; the digits say which window.",
        ),
        Case(
            "two pictures, two filters, a single place",
            "weight_gradients(dy, x, (2, 2))",
            {
                "x": np.arange(1.0, 9).reshape(2, 1, 2, 2),
                "dy": np.array([1.0, 10, 100, 1000]).reshape(2, 2, 1, 1),
            },
            expected=(
                [[[[501, 602], [703, 804]]], [[[5010, 6020], [7030, 8040]]]],
                [101, 1010],
            ),
            hint="A filter serves every picture of the batch: a fork, so the pictures' shares add up.",
        ),
        Case(
            "a kernel of 1 row and 2 columns, stride 2, padding 1",
            "weight_gradients(dy, x, (1, 2), stride=2, padding=1)",
            {"x": PIXELS, "dy": np.array([[[[100.0, 1000], [1, 10], [100, 1000]]]])},
            expected=([[[[50, 64]]]], [2211]),
            hint="The first and last row of windows lie on the margin; the middle one sees 0 4 and 5 6.",
        ),
    ],
    "q3": [
        Case(
            "the lecture's kernel, gradients marked 1, 10, 100, 1000",
            "pixel_gradients(dy, weight, (3, 3))",
            {"weight": np.array([[[[1.0, 2], [3, 4]]]]), "dy": MARKED},
            expected=[[[[1, 12, 20], [103, 1234, 2040], [300, 3400, 4000]]]],
            hint="The pixel in the middle is in all four windows, the first time beside the last weight.",
        ),
        Case(
            "two filters and two channels, one pixel",
            "pixel_gradients(dy, weight, (1, 1))",
            {
                "weight": np.array([[1.0, 2], [3, 4]]).reshape(2, 2, 1, 1),
                "dy": np.array([1.0, 10]).reshape(1, 2, 1, 1),
            },
            expected=[[[[31]], [[42]]]],
            hint="weight is (filters, channels, ...). A channel collects from every filter.",
        ),
        Case(
            "a pixel that no window sees: 5 pixels, windows of 2, stride 2",
            "pixel_gradients(dy, weight, (1, 5), stride=2)",
            {"weight": np.array([[[[1.0, 2]]]]), "dy": np.array([[[[1.0, 10]]]])},
            expected=[[[[1, 2, 10, 20, 0]]]],
            hint="dx has the size of x. What no window sees cannot change the loss.",
        ),
        Case(
            "padding 1 and stride 2",
            "pixel_gradients(dy, weight, (3, 3), stride=2, padding=1)",
            {
                "weight": np.array([[[[1.0, 2], [3, 4]]]]),
                "dy": np.array([[[[1000.0, 100], [10, 1]]]]),
            },
            expected=[[[[4000, 300, 400], [20, 1, 2], [40, 3, 4]]]],
            hint="Work on a picture with its margin, and cut the margin off at the end.",
        ),
    ],
    "q4": [
        Case(
            "one row of five pixels, two of them equal, and a window that sticks out",
            "pool_gradients(dy, x, kernel_size=2, stride=2)",
            {"x": np.array([[[[3.0, 1, 4, 4, 2]]]]), "dy": np.array([[[[1.0, 10, 100]]]])},
            expected=[[[[1, 0, 10, 0, 100]]]],
            hint="One winner a window, the first in reading order. A window may be cut off by the edge.",
        ),
        Case(
            "a peak in four windows that overlap",
            "pool_gradients(dy, x, kernel_size=2, stride=1)",
            {"x": np.array([[[[1.0, 2, 3], [4, 9, 5], [6, 7, 8]]]]), "dy": MARKED},
            expected=[[[[0, 0, 0], [0, 1111, 0], [0, 0, 0]]]],
            hint="Who wins several windows gets all their gradients: a fork, they add up.",
        ),
        Case(
            "two channels, all numbers negative",
            "pool_gradients(dy, x, kernel_size=2, stride=2)",
            {
                "x": np.array([[[[-1.0, -2, -3]], [[-2, -1, -3]]]]),
                "dy": np.array([[[[1.0, 10]], [[100, 1000]]]]),
            },
            expected=[[[[1, 0, 10]], [[0, 100, 1000]]]],
            hint="Outside the picture there is nothing that could win, and each channel has its own winners.",
        ),
    ],
    "q5": [
        Case(
            "three votes with the powers 2, 1, 5; the first is right",
            "loss_and_gradient(votes, labels)",
            {"votes": np.log([[2.0, 1, 5]]), "labels": np.array([0])},
            expected=(np.log(4), [[-0.75, 0.125, 0.625]]),
            hint="The loss is log S minus the right vote; the gradient is p minus one-hot.",
        ),
        Case(
            "the same votes twice, with the labels 0 and 2",
            "loss_and_gradient(votes, labels)",
            {"votes": np.log([[2.0, 1, 5], [2, 1, 5]]), "labels": np.array([0, 2])},
            expected=(np.log(6.4) / 2, [[-0.375, 0.0625, 0.3125], [0.125, 0.0625, -0.1875]]),
            hint="The loss is the mean of log 4 and log 1.6, so each picture has half a say.",
        ),
        Case(
            "the second picture has no label",
            "loss_and_gradient(votes, labels)",
            {"votes": np.log([[2.0, 1, 5], [3, 3, 3]]), "labels": np.array([0, -1])},
            expected=(np.log(4), [[-0.75, 0.125, 0.625], [0, 0, 0]]),
            hint="A picture without a label says nothing, and the mean is over the others alone.",
        ),
        Case(
            "a vote that is far behind",
            "loss_and_gradient(votes, labels)",
            {"votes": np.array([[0.0, 1000]]), "labels": np.array([0])},
            expected=(1000, [[-1, 1]]),
            hint="The power of 1000 is too large for a float. What if all votes lose the same number first?",
        ),
    ],
    "q6": [
        Case(
            "the sum of squares, with one slip in its gradient",
            "wrong_entries(lambda x: (x**2).sum(), x, gradient)",
            {"x": np.array([[1.0, 2], [3, 4]]), "gradient": np.array([[2.0, 4], [6.1, 8]])},
            expected=[[False, False], [True, False]],
            hint="The slopes of x² are 2x: 2, 4, 6 and 8. The third entry claims 6.1.",
        ),
        Case(
            "a ReLU whose input is 0.000002: a right gradient beside the kink",
            "wrong_entries(lambda x: (x * (x > 0)).sum(), x, gradient)",
            {"x": np.array([2e-6, -1.0, 3.0]), "gradient": np.array([1.0, 0.5, 1.0])},
            expected=[False, True, False],
            hint="The long step jumps over the kink. An entry is wrong only if both steps say so.",
        ),
        Case(
            "x holds whole numbers",
            "wrong_entries(lambda x: (x * x).sum(), x, gradient)",
            {"x": np.array([1, 2, 3]), "gradient": np.array([2.0, 4, 6.5])},
            expected=[False, False, True],
            hint="In an array of whole numbers 1 + 0.00001 is 1 again. Make it floating point first.",
        ),
        Case(
            "x is as it was",
            "wrong_entries(lambda x: (3 * x).sum(), x, gradient)\nresult = x",
            {"x": np.array([1.0, 2, 3]), "gradient": np.array([3.0, 3, 3])},
            expected=[1, 2, 3],
            hint="Nudge a copy, or put every number back. Adding and subtracting is not always back.",
        ),
    ],
    "q7": [
        Case(
            "six signs that nobody has seen: 500 sheets to learn from, 400 others to read",
            TRAIN,
            {"images": _learn[0], "labels": _learn[1], "seed": 7},
            judge=reads(*_new, wanted=0.75),
            hint="Does the loss fall? Print it. At the start it is about log 6 = 1.8, at the end below 0.2.",
        ),
        Case(
            "shapes and types after training on 40 sheets",
            TRAIN,
            {"images": _learn[0][:40], "labels": np.arange(40) % 6, "seed": 8},
            judge=reads(*_new, wanted=0.0),
            hint="The list holds weight, bias, vote_weight and vote_bias, in this order.",
        ),
    ],
}
