"""The public tests of assignment 6: a pencil is enough to check them."""

import numpy as np

from coursework.check import Case


def coins(p, kept, maps=False):
    """Judge 1,000 examples of four numbers (or maps), all 2: which factors there are, and how often."""

    def judge(got):
        if not isinstance(got, tuple | list) or len(got) != 2:
            return "expected two results: what comes out, and the factor"
        y, factor = (np.asarray(array) for array in got)
        if y.dtype.kind != "f" or factor.dtype.kind not in "fiu":
            return "expected two arrays of numbers: is a return missing?"
        shape = (1000, 4, 3, 3) if maps else (1000, 4)
        if y.shape != shape or factor.shape != shape:
            return f"both should have the shape of x, {shape}: got {y.shape} and {factor.shape}"
        found = np.unique(np.round(factor, 6)).tolist()
        if found != [0, kept]:
            return f"the factor should hold 0 and {kept:g}; it holds {found[:6]}"
        if not np.allclose(y, 2 * factor):
            return "what comes out is not x * factor"
        if maps and not np.all(factor == factor[:, :, :1, :1]):
            return "within a map all pixels share one coin"
        if np.all(np.isin((factor > 0).reshape(1000, -1).mean(axis=1), (0, 1))):
            return "within an example all coins fall alike: each number (or map) needs its own"
        share = (factor > 0).mean(axis=0)
        if np.any(share == 0) or np.any(share == 1):
            return "the coins of all examples fall alike: each example needs its own"
        if abs(share.mean() - (1 - p)) > 0.05:
            return f"{share.mean():.0%} are kept, and {1 - p:.0%} should be"
        return None

    return judge


def networks(shares):
    """Judge masks, in any order: a probability for each."""

    def judge(got):
        if not isinstance(got, tuple | list) or len(got) != 2:
            return "expected two results: masks, and the probability of each"
        masks, found = (np.asarray(array) for array in got)
        size = len(next(iter(shares)))
        if masks.shape != (2**size, size) or found.shape != (2**size,):
            return f"expected shapes {(2**size, size)} and {(2**size,)}: got {masks.shape} and {found.shape}"
        says = {tuple(int(kept) for kept in mask): share for mask, share in zip(masks, found, strict=True)}
        for mask, share in shares.items():
            if mask not in says:
                return f"the mask {mask} is missing"
            if abs(says[mask] - share) > 1e-6:
                return f"the mask {mask} should have the probability {share:g}: got {says[mask]:g}"
        return None

    return judge


def near(mean, error):
    """Judge an estimate from 4,000 passes, and its standard error."""

    def judge(got):
        if not isinstance(got, tuple | list) or len(got) != 2:
            return "expected two results: mean and standard error"
        found = [np.asarray(array) for array in got]
        if any(array.shape != (2,) for array in found):
            return f"expected two arrays with a number for each class: got {[a.shape for a in found]}"
        if not np.all(np.abs(found[0] - mean) < 5 * error):
            return f"the mean should be close to {mean}: got {np.round(found[0], 4)}"
        if not np.all(np.abs(found[1] / error - 1) < 0.05):
            return f"the standard error should be about {error:.5f}: got {np.round(found[1], 5)}"
        return None

    return judge


def two_passes(got):
    """Judge twenty estimates from two passes each: where they differ, what is half of their difference."""
    for mean, error in got:
        mixed = abs(np.asarray(mean)[0] - 0.625) < 1e-9  # one pass said 0.75, the other 0.5
        should = 0.125 if mixed else 0.0
        if not np.allclose(error, should, atol=1e-9):
            return (
                f"two passes with the mean {np.round(mean, 4)}: expected {should}, got {np.round(error, 4)}"
            )
    return None


ONE = "np.array([1.0]), np.array([[np.log(3)], [0.0]]), np.zeros(2)"  # says (3/4, 1/4) if kept, else halves

TESTS = {
    "q1": [
        Case(
            "inverted, p = 0.75, in training",
            "dropout(np.full((1000, 4), 2.0), 0.75, np.random.default_rng(1))",
            judge=coins(0.75, 4),
            hint="A quarter is kept and counts 1 / 0.25 times; p is the probability to be dropped.",
        ),
        Case(
            "the lecture's rule, p = 0.25, in training",
            "dropout(np.full((1000, 4), 2.0), 0.25, np.random.default_rng(2), inverted=False)",
            judge=coins(0.25, 1),
            hint="By the lecture's rule, what is kept stays as it is in training.",
        ),
        Case(
            "both rules, p = 0.75, in testing",
            "x, rng = np.array([[1.0, 2.0, 3.0]]), np.random.default_rng(3)\n"
            "result = (*dropout(x, 0.75, rng, training=False), "
            "*dropout(x, 0.75, rng, training=False, inverted=False))",
            expected=tuple(np.array([row]) for row in ([1, 2, 3], [1, 1, 1], [0.25, 0.5, 0.75], [0.25] * 3)),
            hint="Nothing is dropped any more. Inverted, nothing happens at all; else everything counts "
            "0.25 times. "
            "Results 2 and 4 are the factors, with the shape of x.",
        ),
        Case(
            "whole maps, p = 0.5",
            "dropout(np.full((1000, 4, 3, 3), 2.0), 0.5, np.random.default_rng(4), maps=True)",
            judge=coins(0.5, 2, maps=True),
            hint="Throw coins of the shape (N, C, 1, 1), and give the factor the shape of x.",
        ),
    ],
    "q2": [
        Case(
            "one example, two units, the second is dropped",
            "thinned_gradients(np.array([[2.0]]), np.array([[4.0, 0.0]]), np.array([[1.0], [3.0]]), "
            "np.zeros(2), "
            "np.array([[1.0, 1.0]]), np.array([[1.0]]))",
            expected=(
                np.array([[8.0], [0.0]]),
                np.array([4.0, 0.0]),
                np.array([[8.0, 0.0]]),
                np.array([[4.0]]),
            ),
            hint="The factor counts on the way forward (8 and 0) and once more, the same, on the way "
            "back (4 and 0).",
        ),
        Case(
            "the same without dropout, and the first unit silent",
            "thinned_gradients(np.array([[2.0]]), np.ones((1, 2)), np.array([[1.0], [3.0]]), "
            "np.array([-5.0, 0.0]), "
            "np.array([[1.0, 1.0]]), np.array([[1.0]]))",
            expected=(
                np.array([[0.0], [2.0]]),
                np.array([0.0, 1.0]),
                np.array([[0.0, 6.0]]),
                np.array([[3.0]]),
            ),
            hint="The sums are -3 and 6: the ReLU stops the first gradient, and the second passes.",
        ),
    ],
    "q3": [
        Case(
            "a unit with weights 1, -1 and 1/2, p = 1/2",
            "heard(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, -1.0, 0.5]]), np.zeros(1), 0.5)",
            expected=(np.array([[0.25]]), np.array([[1.8125]])),
            hint="0.5 * (1 - 2 + 1.5), and 0.25 * (1 + 4 + 2.25).",
        ),
        Case(
            "inverted, with p = 3/4 and a bias of 10",
            "heard(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, -1.0, 0.5]]), np.array([10.0]), 0.75, "
            "inverted=True)",
            expected=(np.array([[10.5]]), np.array([[21.75]])),
            hint="The mean is that of the whole network; the variance is p / q = 3 times 7.25. The bias "
            "is never dropped, and what never changes has no variance.",
        ),
        Case(
            "two units with p = 0.2 and p = 0.5, two examples",
            "heard(np.array([[1.0, 1.0], [10.0, 0.0]]), np.array([[1.0, 2.0]]), np.zeros(1), "
            "np.array([0.2, 0.5]))",
            expected=(np.array([[1.8], [8.0]]), np.array([[1.16], [16.0]])),
            hint="First example: 0.8 * 1 + 0.5 * 2, and 0.16 * 1 + 0.25 * 4. Each unit has a p of its own.",
        ),
    ],
    "q4": [
        Case(
            "two units, p = 0.2 and 0.5",
            "all_masks(np.array([0.2, 0.5]))",
            judge=networks({(1, 1): 0.4, (1, 0): 0.4, (0, 1): 0.1, (0, 0): 0.1}),
            hint="A unit that is kept counts 1 - p, one that is dropped p; multiply over the units.",
        ),
        Case(
            "one unit, p = 0.3",
            "all_masks(np.array([0.3]))",
            judge=networks({(1,): 0.7, (0,): 0.3}),
            hint="1 is kept: its probability is 1 - p. The masks have the shape (2, 1).",
        ),
        Case(
            "how many for seven units, and how likely together",
            "masks, shares = all_masks(np.full(7, 0.4))\n"
            "result = (np.shape(masks), len({tuple(mask) for mask in np.asarray(masks).tolist()}), "
            "np.sum(shares))",
            expected=((128, 7), 128, 1.0),
            hint="2 to the 7 different masks, and their probabilities add up to 1.",
        ),
    ],
    "q5": [
        Case(
            "two members that say (3/4, 1/4) and (1/2, 1/2)",
            "two_means(np.array([[np.log(3), 0.0], [0.0, 0.0]]), np.array([0.5, 0.5]))",
            expected=(np.array([0.625, 0.375]), np.array([0.633975, 0.366025])),
            hint="Arithmetic: the mean of the probabilities, not of the votes. Geometric: sqrt(3) to 1, "
            "divided by "
            "their sum.",
        ),
        Case(
            "the same, the first with a share of 0.8",
            "two_means(np.array([[np.log(3), 0.0], [0.0, 0.0]]), np.array([0.8, 0.2]))",
            expected=(np.array([0.7, 0.3]), np.array([0.706592, 0.293408])),
            hint="0.8 * 3/4 + 0.2 * 1/2 = 0.7; and 3 to the power 0.8 to 1.",
        ),
        Case(
            "votes that are a thousand apart",
            "two_means(np.array([[2000.0, 0.0, 0.0], [0.0, 1000.0, 0.0]]), np.array([0.5, 0.5]))",
            expected=(np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.0, 0.0])),
            hint="exp(2000) is more than a number can hold, so take the largest vote away first; and the "
            "logarithm "
            "of a probability should be computed from the votes, not from the probability, which is 0 here.",
        ),
    ],
    "q6": [
        Case(
            "nothing is ever dropped: p = 0",
            "ask_some(np.array([1.0]), np.array([[np.log(3)], [0.0]]), np.array([0.0, np.log(2)]), 0.0, 5, "
            "np.random.default_rng(0))",
            expected=(np.array([0.6, 0.4]), np.array([0.0, 0.0])),
            hint="All passes vote ln 3 and, by the bias, ln 2: 3 to 2. They do not vary, so the error is 0.",
        ),
        Case(
            "one unit, p = 0.25, 4,000 passes",
            f"ask_some({ONE}, 0.25, 4000, np.random.default_rng(1))",
            judge=near(np.array([0.6875, 0.3125]), 0.00171163),
            hint="Three in four passes say 3/4 and the others 1/2: 0.6875 on average. The deviation is "
            "0.10825, "
            "divided by the root of 4,000 it is 0.00171.",
        ),
        Case(
            "two passes, twenty times",
            f"[ask_some({ONE}, 0.5, 2, np.random.default_rng(seed)) for seed in range(20)]",
            judge=two_passes,
            hint="With 0.75 and 0.5 the squares add up to 2 * 0.125², divided by 2 - 1, its root by the "
            "root of 2: "
            "0.125.",
        ),
    ],
    "q7": [
        Case(
            "weights 1, -2 and 3, inputs 1, p = 1/2",
            "dropconnect_relu(np.ones((1, 3)), np.array([[1.0, -2.0, 3.0]]), np.zeros(1), 0.5)",
            expected=np.array([[1.350507]]),
            hint="The mean is 1, the variance 3.5; the scaled network's 1 is not asked for.",
        ),
        Case(
            "the last weight is a bias, which has a coin, too",
            "dropconnect_relu(np.ones((1, 2)), np.array([[1.0, -2.0]]), np.array([3.0]), 0.5)",
            expected=np.array([[1.350507]]),
            hint="The bias counts in mu and in sigma as if it were a weight of an input of 1.",
        ),
        Case(
            "nothing varies: p = 0, and an input of zeros",
            "(dropconnect_relu(np.ones((1, 2)), np.array([[1.0, 2.0], [1.0, -2.0]]), np.zeros(2), 0.0), "
            "dropconnect_relu(np.zeros((1, 2)), np.array([[1.0, 2.0]]), np.zeros(1), 0.5))",
            expected=(np.array([[3.0, 0.0]]), np.array([[0.0]])),
            hint="sigma is 0 and mu / sigma is no number: the answer is max(mu, 0).",
        ),
    ],
    "q8": [
        Case(
            "three inputs, one hidden unit, two classes",
            "stand_in(np.ones(3), np.array([[1.0, -2.0, 3.0]]), np.zeros(1), np.array([[2.0], [0.0]]), "
            "np.zeros(2), "
            "0.5)",
            expected=np.array([0.798187, 0.201813]),
            hint="The unit says 11/8 on average over the eight masks; the vote is 0.5 * 2 * 11/8 = 1.375.",
        ),
        Case(
            "one input, p = 0.25, with biases",
            "stand_in(np.array([2.0]), np.array([[-2.0]]), np.array([1.0]), np.array([[4.0], [0.0]]), "
            "np.array([0.0, 1.0]), 0.25)",
            expected=np.array([0.437823, 0.562177]),
            hint="Kept, the sum is 1 - 4, and the ReLU says 0; dropped, in one case of four, it says 1: "
            "on average "
            "0.25. Votes: 0.75 * 4 * 0.25 = 0.75, and 1. Biases are never dropped.",
        ),
    ],
}
