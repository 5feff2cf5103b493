"""What a student can check: small examples, worked by hand."""

import numpy as np

from coursework.check import Case

PATCH = np.array([[85, 32, 26], [53, 50, 10], [60, 38, 45]])  # chapter 1's


def enough_right(share):
    """Judge question 7: the share of pictures that come out right."""
    if isinstance(share, float | np.floating) and share >= 0.9:
        return None
    return f"right for {share:.1%} of 80 pictures, asked for are 90 %"


def few_numbers(numbers):
    """Judge question 7: what describe gives for one picture."""
    numbers = np.asarray(numbers)
    if numbers.ndim == 1 and 1 <= numbers.size <= 64 and np.isfinite(numbers).all() and (numbers >= 0).all():
        return None
    lowest = f", the smallest is {numbers.min():.4g}" if numbers.size else ""
    return f"expected one row of 1 to 64 numbers from 0 on, got shape {numbers.shape}{lowest}"


TESTS = {
    "q1": [
        Case(
            "chapter 1's patch",
            "lbp(image)",
            {"image": PATCH},
            np.array([[56]]),
            hint="Bits 3, 4 and 5 are set: 8 + 16 + 32.",
        ),
        Case(
            "3 x 4 pixels: a single bright one in the corner, and equal ones everywhere else",
            "lbp(image)",
            {"image": np.array([[5, 5, 5, 9], [5, 5, 5, 5], [5, 5, 5, 5]])},
            np.array([[255, 255]]),
            hint="A neighbour that is just as bright counts: at least as bright, not brighter.",
        ),
        Case(
            "bytes: one bright neighbour in the east, then one in the south",
            "lbp(east), lbp(south)",
            {
                "east": np.array([[0, 0, 0], [0, 1, 2], [0, 0, 0]], dtype=np.uint8),
                "south": np.array([[0, 0, 0], [0, 1, 0], [0, 2, 0]], dtype=np.uint8),
            },
            (np.array([[1]]), np.array([[64]])),
            hint="East is neighbour 0 and worth 1, south is 6 and worth 64. With bytes, 0 - 1 is 255.",
        ),
    ],
    "q2": [
        Case(
            "the worked example",
            "block_shares(codes, (1, 2), 3)",
            {"codes": np.array([[0, 1, 1, 1], [2, 0, 2, 2]])},
            np.array([0.5, 0.25, 0.25, 0, 0.5, 0.5]),
            hint="The left block holds 0, 1, 2, 0: two of four are 0.",
        ),
        Case(
            "2 x 2 blocks, in reading order, and a code that nobody has",
            "block_shares(codes, (2, 2), 3)",
            {"codes": np.array([[0, 0, 1, 1], [1, 1, 0, 0]])},
            np.array([1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0]),
            hint="Top left, top right, bottom left, bottom right; every block has 3 numbers.",
        ),
        Case(
            "ten rows in four blocks of 3, 2, 3 and 2",
            "block_shares(codes, (4, 1), 2)",
            {"codes": np.array([[0], [0], [1], [0], [1], [1], [1], [1], [0], [0]])},
            np.array([2 / 3, 1 / 3, 1 / 2, 1 / 2, 0, 1, 1, 0]),
            hint="Row r belongs to block r * 4 // 10; a share is a count divided by its own block's pixels.",
        ),
    ],
    "q3": [
        Case(
            "chapter 1's patch: directions 4, 1 and 0",
            "ldp(image)",
            {"image": PATCH},
            np.array([[19]]),
            hint="The largest of |-399|, |-503|, 97, 313, 537, 161, 97, |-303| are 537, 503 and 399.",
        ),
        Case(
            "the same patch as bytes, only the two strongest",
            "ldp(image, 2)",
            {"image": PATCH.astype(np.uint8)},
            np.array([[18]]),
            hint="Directions 4 and 1: 16 + 2. Does K fit in a byte?",
        ),
        Case(
            "a flat picture: all K are 0",
            "ldp(image)",
            {"image": np.full((3, 4), 200)},
            np.array([[7, 7]]),
            hint="Of equals the smaller directions win, and never more than three: 1 + 2 + 4.",
        ),
        Case(
            "chapter 1's exercise, with ties: 135, 63, -9, -81, -81, -81, -9, 63",
            "ldp(image)",
            {"image": np.array([[0, 0, 9], [0, 5, 9], [0, 0, 9]])},
            np.array([[25]]),
            hint="Direction 0 is strongest; 3, 4 and 5 tie, so 3 and 4 follow: 1 + 8 + 16.",
        ),
    ],
    "q4": [
        Case(
            "the eight edges of the worked example",
            "without_up(codes)",
            {"codes": np.array([56, 28, 14, 7, 131, 193, 224, 112])},
            np.full(8, 7),
            hint="A bit that falls off on one side comes back on the other: 10000011 is a rotated 00000111.",
        ),
        Case(
            "an array of 2 x 2: no bit, all bits, one bit, two opposite bits",
            "without_up(codes)",
            {"codes": np.array([[0, 255], [64, 136]])},
            np.array([[0, 255], [1, 17]]),
            hint="136 is 10001000, rotated 00010001, which is 17: the bits stay opposite each other.",
        ),
        Case(
            "the same as bytes",
            "without_up(codes)",
            {"codes": np.array([[0, 255], [64, 136]], dtype=np.uint8)},
            np.array([[0, 255], [1, 17]]),
            hint="Codes may come as uint8: turn them into int before you shift.",
        ),
    ],
    "q5": [
        Case(
            "the worked example",
            "chi_square(a, b)",
            {"a": np.array([[0.5, 0.5, 0.0, 0.0]]), "b": np.array([[0.2, 0.6, 0.2, 0.0]])},
            np.array([[0.09 / 0.7 + 0.01 / 1.1 + 0.2]]),
            hint="0.09/0.7 + 0.01/1.1 + 0.04/0.2; the last column is 0/0 and adds nothing.",
        ),
        Case(
            "one row against three, in whole counts",
            "chi_square(a, b)",
            {"a": np.array([[4, 0]]), "b": np.array([[4, 0], [0, 4], [2, 2]])},
            np.array([[0, 8, 4 / 6 + 2]]),
            hint="16/4 + 16/4 = 8, and (4 - 2)^2 / 6 + 2^2 / 2; the result has 1 row and 3 columns.",
        ),
    ],
    "q6": [
        Case(
            "the worked example with k = 1, 3 and 4",
            "tuple(vote(distances, labels, k) for k in (1, 3, 4))",
            {"distances": np.array([[0.5, 0.1, 0.2, 0.3, 0.4]]), "labels": np.array([4, 7, 3, 3, 7])},
            (np.array([7]), np.array([3]), np.array([7])),
            hint="With k = 4 it stands two to two, and the nearest voter of all says 7.",
        ),
        Case(
            "a tie that the smaller label wins, and equal distances",
            "vote(distances, labels, 2)",
            {"distances": np.array([[0.2, 0.1, 0.3], [0.5, 0.5, 0.5]]), "labels": np.array([9, 2, 5])},
            np.array([2, 9]),
            hint="First row: 2 and 9 vote, and 2 is nearer. Second row: all as far, so 9 and 2 vote.",
        ),
        Case(
            "the most votes, though not the nearest",
            "vote(distances, labels, 5)",
            {"distances": np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), "labels": np.array([8, 6, 1, 6, 1998])},
            np.array([6]),
            hint="Label 6 has two votes and all others one.",
        ),
    ],
    "q7": [
        Case(
            "what one picture gives",
            "describe(image)",
            {"image": (np.arange(1024).reshape(32, 32) * 7 % 256).astype(np.uint8)},
            judge=few_numbers,
            hint="One row of at most 64 numbers. Plain LBP has 256 codes: which of them can share a number?",
        ),
        Case(
            "turned pictures under other lamps",
            "share_right(describe)",
            judge=enough_right,
            hint="About 60 %: it knows the lamp, but not yet the turn. About 25 %: not the lamp, either.",
        ),
    ],
}
