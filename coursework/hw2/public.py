"""What a student can check: small examples, worked by hand."""

import numpy as np

from coursework.check import Case

ROWS = np.arange(1, 10).reshape(3, 3)  # 1 2 3, 4 5 6, 7 8 9


def shapes_fit(shapes):
    """Judge question 7: the shapes of the four arrays."""
    count = shapes[0][0] if shapes and shapes[0] else 0
    if list(shapes) == [(count, 3, 3), (count,), (2, 4 * count), (2,)] and 1 <= count <= 32:
        return None
    return f"expected (F, 3, 3), (F,), (2, 4 * F), (2,) with F at most 32, got {shapes}"


def enough_right(share):
    """Judge question 7: the share of letters that come out right."""
    if isinstance(share, float | np.floating) and share >= 0.9:
        return None
    return f"right for {share:.1%} of 500 letters, asked for are 90 %"


TESTS = {
    "q1": [
        Case(
            "the worked example, and the three places beside and below it",
            "match_map(image, feature)",
            {
                "image": np.array([[1, -1, 1, -1], [1, 1, -1, -1], [-1, 1, 1, 1]]),
                "feature": np.array([[1, -1, -1], [1, 1, 1]]),
            },
            # agreements less disagreements: 4 - 2, 2 - 4, 4 - 2, and all six agree
            np.array([[2, -2], [2, 6]]) / 6,
            hint="Count agreements less disagreements with a pencil, and divide by 6.",
        ),
        Case(
            "a feature as large as the picture: a single place",
            "match_map(image, feature)",
            {"image": np.array([[1, 1], [1, -1]]), "feature": np.array([[1, -1], [1, -1]])},
            np.array([[0.5]]),
            hint="Three of four pixels agree and one does not: (3 - 1) / 4.",
        ),
        Case(
            "grey pixels and a feature of 1 x 2",
            "match_map(image, feature)",
            {"image": np.array([[0.5, 0.25, 1.0]]), "feature": np.array([[1, -1]])},
            np.array([[0.125, -0.375]]),
            hint="(0.5 - 0.25) / 2, then (0.25 - 1) / 2: nothing is turned around or rounded.",
        ),
    ],
    "q2": [
        Case(
            "the worked row, as a map of one row, the last window kept",
            "max_pool(maps)",
            {"maps": np.array([[[3, 1, 4, 1, -5]]])},
            np.array([[[3, 4, -5]]]),
            hint="The last window holds only -5; there is no 0 in it, so no 0 can come out.",
        ),
        Case(
            "two maps of 3 x 4, partial windows dropped",
            "max_pool(maps, keep_last=False)",
            {
                "maps": np.array(
                    [
                        [[1, 2, 5, 6], [3, 4, 7, 8], [9, 9, 9, 9]],
                        [[-1, -2, -5, -6], [-3, -4, -7, -8], [9, 9, 9, 9]],
                    ]
                )
            },
            np.array([[[4, 8]], [[-1, -5]]]),
            hint="The third row begins a window that does not fit, and each map is pooled by itself.",
        ),
        Case(
            "windows of 2 that move by 1",
            "max_pool(maps, 2, 1, keep_last=False)",
            {"maps": np.array([[[1, 3, 2], [0, 4, 1], [5, 0, 6]]])},
            np.array([[[4, 4], [5, 6]]]),
            hint="Windows start at 0 and 1, so they overlap: stride is how far a window moves.",
        ),
    ],
    "q3": [
        Case(
            "the worked example: stride 2, padding 1, bias 10",
            "conv2d(x, weight, bias, stride=2, padding=1)",
            {
                "x": ROWS[np.newaxis, np.newaxis],
                "weight": np.array([[[[1, 2], [3, 4]]]]),
                "bias": np.array([10]),
            },
            # windows 0 0 / 0 1, 0 0 / 2 3, 0 4 / 0 7, 5 6 / 8 9
            np.array([[[[14, 28], [46, 87]]]]),
            hint="Write out the padded 5 x 5 picture; the windows start at rows and columns 0 and 2 of it.",
        ),
        Case(
            "two channels, two filters, no bias: 1 x 1 windows mix the channels",
            "conv2d(x, weight)",
            {
                "x": np.array([[[[1, 2, 3]], [[10, 20, 30]]]]),
                "weight": np.array([[[[1]], [[1]]], [[[2]], [[-1]]]]),
            },
            np.array([[[[11, 22, 33]], [[-8, -16, -24]]]]),
            hint="A filter has the full depth: each channel has its own slice, and all products are added.",
        ),
        Case(
            "a filter of 1 x 2 on two pictures",
            "conv2d(x, weight, bias)",
            {
                "x": np.array([[[[1, 2, 4], [0, 1, 0]]], [[[0, 0, 1], [5, 5, 5]]]]),
                "weight": np.array([[[[3, 1]]]]),
                "bias": np.array([0.5]),
            },
            np.array([[[[5.5, 10.5], [1.5, 3.5]]], [[[0.5, 1.5], [20.5, 20.5]]]]),
            hint="3 * 1 + 1 * 2 + 0.5 comes first: nothing is turned around, and a filter may be wide.",
        ),
    ],
    "q4": [
        Case(
            "the worked stack: six 5 x 5 filters, ReLU, a pool of 2",
            "trace(shape, layers)",
            {
                "shape": (3, 32, 32),
                "layers": [
                    {"kind": "conv", "out_channels": 6, "kernel_size": 5},
                    {"kind": "relu"},
                    {"kind": "pool", "kernel_size": 2},
                ],
            },
            (((6, 28, 28), 456), ((6, 28, 28), 0), ((6, 14, 14), 0)),
            hint="One pair (shape, parameters) for each layer, also for those that have nothing to learn.",
        ),
        Case(
            "votes for X and O from twelve values",
            "trace(shape, layers)",
            {"shape": (3, 2, 2), "layers": [{"kind": "flatten"}, {"kind": "linear", "out_features": 2}]},
            (((12,), 0), ((2,), 26)),
            hint="3 * 2 * 2 = 12 values; each of 2 votes has 12 weights and a bias.",
        ),
        Case(
            "stride 2, padding 1, dilation 2 on 7 x 8 pixels, without a bias",
            "trace(shape, layers)",
            {
                "shape": (1, 7, 8),
                "layers": [
                    {
                        "kind": "conv",
                        "out_channels": 4,
                        "kernel_size": 3,
                        "stride": 2,
                        "padding": 1,
                        "dilation": 2,
                        "bias": False,
                    }
                ],
            },
            (((4, 3, 3), 36),),  # span 5; (9 - 5) // 2 + 1 and (10 - 5) // 2 + 1; 4 * 9
            hint="The window spans 2 * (3 - 1) + 1 = 5 of 7 + 2 rows, and has 9 weights all the same.",
        ),
        Case(
            "a window of 5 on 4 x 9 pixels has no place",
            "try:\n    result = trace(shape, layers)\nexcept ValueError:\n    result = 'ValueError'",
            {"shape": (1, 4, 9), "layers": [{"kind": "conv", "out_channels": 1, "kernel_size": 5}]},
            "ValueError",
            hint="What is the room, size + 2 * padding - span, where the window does not fit?",
        ),
    ],
    "q5": [
        Case(
            "the worked example: the filter (3, 1), bias 5, mean 100, spread 50",
            "fold(weight, bias, mean, std)",
            {
                "weight": np.array([[[[3.0, 1.0]]]]),
                "bias": np.array([5.0]),
                "mean": np.array([100.0]),
                "std": np.array([50.0]),
            },
            (np.array([[[[0.06, 0.02]]]]), np.array([-3.0])),
            hint="In 3 (x - 100) / 50 + 1 (y - 100) / 50 + 5, collect what hangs on x, on y and on neither.",
        ),
        Case(
            "two channels, one filter of 1 x 1",
            "fold(weight, bias, mean, std)",
            {
                "weight": np.array([[[[2.0]], [[6.0]]]]),
                "bias": np.array([1.0]),
                "mean": np.array([10.0, 20.0]),
                "std": np.array([4.0, 3.0]),
            },
            # 2 (x - 10) / 4 + 6 (y - 20) / 3 + 1 = 0.5 x - 5 + 2 y - 40 + 1
            (np.array([[[[0.5]], [[2.0]]]]), np.array([-44.0])),
            hint="Each channel has its own mean and spread: which axis of the weights is the channel's?",
        ),
        Case(
            "the weights that were handed in, afterwards",
            "fold(weight, bias, mean, std)\nresult = (weight, bias)",
            {
                "weight": np.array([[[[3.0, 1.0]]]]),
                "bias": np.array([5.0]),
                "mean": np.array([100.0]),
                "std": np.array([50.0]),
            },
            (np.array([[[[3.0, 1.0]]]]), np.array([5.0])),
            hint="The line w /= s changes the caller's array; w = w / s makes a new one.",
        ),
    ],
    "q6": [
        Case(
            "the worked example",
            "votes_from_examples(values, labels, classes)",
            {
                "values": np.array([[2.0, 0.0], [0.0, 1.0], [4.0, 2.0]]),
                "labels": np.array([0, 1, 0]),
                "classes": 2,
            },
            (np.array([[3.0, 1.0], [0.0, 1.0]]), np.array([-5.0, -0.5])),
            hint="Row k of the weights is the mean of class k, its bias minus half the mean's square.",
        ),
        Case(
            "three classes of one number each: the votes for 4",
            "weight, bias = votes_from_examples(values, labels, classes)\n"
            "result = np.asarray(weight) @ np.array([4.0]) + bias",
            {
                "values": np.array([[6.0], [1.0], [3.0], [2.0], [8.0]]),
                "labels": np.array([2, 0, 1, 0, 2]),
                "classes": 3,
            },
            # means 1.5, 3, 7: 6 - 1.125, 12 - 4.5, 28 - 24.5
            np.array([4.875, 7.5, 3.5]),
            hint="The means are 1.5, 3 and 7, and 4 is nearest to 3: class 1 must get the most votes.",
        ),
    ],
    "q7": [
        Case(
            "the shapes of the four arrays",
            "tuple(np.shape(part) for part in network)",
            judge=shapes_fit,
            hint="Bind network = (features, bias, weight, vote_bias); each feature has four values.",
        ),
        Case(
            "fresh crooked letters",
            "share_right(network)",
            judge=enough_right,
            hint="Below 50 %: are the votes exchanged? Below 90 %: more features, more letters?",
        ),
    ],
}
