"""Dropout as an ensemble: all 2^M networks that masks make of one hidden layer, and their means.

A mask keeps or drops each of M hidden numbers before the last layer. Its network votes with

    logits = weight @ (mask * hidden) + bias

and there are 2^M of them. None is built here. The hidden numbers are cut into two halves, and so is each
mask: its logits are those of the left half plus those of the right half, so that the exponentials that
softmax needs are products. Of the halves there are only 2^(M/2) each, and all pairs are one product of
matrices (`_all_pairs`).
"""

from typing import NamedTuple

import numpy as np

from cnnlib.losses import softmax
from cnnlib.precision import floats
from cnnlib.windows import integer

FAR = 600.0  # logits further apart than this overflow as products of exponentials


class Means(NamedTuple):
    """Three ways to make one answer of an ensemble, each of shape (N, classes)."""

    arithmetic: np.ndarray  # mean of the members' probabilities
    geometric: np.ndarray  # the same of their logarithms, then scaled so that the classes add up to 1
    scaled: np.ndarray  # one network, its hidden numbers times `keep`


def enumerate_masks(count):
    """List all masks of `count` units, in the order of binary numbers.

    Parameters
    ----------
    count : int
        How many units there are, M.

    Returns
    -------
    ndarray of bool, of shape (2**M, M)
        True where a unit is kept. Row i has the binary digits of i.

    Raises
    ------
    ValueError
        If M is beyond 24: the masks alone would take hundreds of megabytes.

    Examples
    --------
    >>> enumerate_masks(2).astype(int)
    array([[0, 0],
           [0, 1],
           [1, 0],
           [1, 1]])
    """
    count = integer(count, "count")
    if count > 24:
        raise ValueError(
            f"all masks at once are for at most 24 units: got {count}, whose 2**{count} masks would take "
            f"{2.0**count * count / 2**30:.3g} GiB; `ensemble_probabilities` goes without them"
        )
    digits = np.arange(count)[::-1]
    return (np.arange(2**count)[:, np.newaxis] >> digits) % 2 == 1


def ensemble_probabilities(
    hidden, weight, bias, keep=0.5, *, max_bytes=2**24, max_pairs=2**34, progress=None
):
    """Average the answers of all 2^M networks.

    Parameters
    ----------
    hidden : ndarray of shape (N, M)
        What the last layer sees of N examples, before any mask; it must not depend on masks itself.
    weight : ndarray of shape (classes, M)
        Of the last layer.
    bias : ndarray of shape (classes,)
    keep : float or array_like of shape (M,)
        Probability with which a unit is kept, from 0 to 1.
    max_bytes : int
        How much memory may be used at a time, about.
    max_pairs : int
        How much work is allowed: N * 2**M, the number of answers that are averaged.
    progress : callable, optional
        Wraps the sequence of examples, such as ``tqdm.tqdm``.

    Returns
    -------
    arithmetic, geometric, scaled : ndarray of shape (N, classes)
        In float64: see `Means`. The last two are equal but for rounding; each is computed by its own
        definition.

    Raises
    ------
    TypeError
        If arrays are not float32 or float64, or not all of one type.
    ValueError
        If shapes do not agree, `keep` is no probability, or there is more work than `max_pairs`.

    References
    ----------
    P. Baldi, P. Sadowski, "Understanding dropout", NIPS 2013.

    Examples
    --------
    One unit with two classes: kept, the logits are ln 3 and 0; dropped, 0 and 0.

    >>> one = ensemble_probabilities(np.array([[1.0]]), np.array([[np.log(3)], [0.0]]), np.zeros(2))
    >>> one.arithmetic  # the mean of 3/4 and 1/2
    array([[0.625, 0.375]])
    >>> one.geometric.round(4)  # in proportion to sqrt(3/4 * 1/2) and sqrt(1/4 * 1/2): sqrt(3) to 1
    array([[0.634, 0.366]])
    >>> one.scaled.round(4)  # logits ln(3) / 2 = ln(sqrt(3)) and 0
    array([[0.634, 0.366]])
    """
    hidden, weight, bias, keep = _check(hidden, weight, bias, keep, max_pairs)
    left, right = _halves(weight, keep)
    arithmetic, geometric = np.empty((2, len(hidden), len(weight)))
    numbers = range(len(hidden))
    for n in numbers if progress is None else progress(numbers):
        a, b = left.logits(hidden[n]), right.logits(hidden[n]) + bias
        arithmetic[n], mean_log_total = _all_pairs(a, b, left.shares, right.shares, max_bytes)
        geometric[n] = left.shares @ a + right.shares @ b - mean_log_total
    return Means(arithmetic, softmax(geometric), softmax((hidden * keep) @ weight.T + bias))


def member_accuracies(hidden, labels, weight, bias, *, max_bytes=2**24, max_pairs=2**34, progress=None):
    """Score each of the 2^M networks by itself.

    Parameters
    ----------
    hidden, weight, bias, max_bytes, max_pairs, progress
        As for `ensemble_probabilities`.
    labels : array_like of shape (N,)
        The right classes, integers from 0.

    Returns
    -------
    ndarray of shape (2**M,)
        Share of the examples for which the right class gets the largest vote, of equals the first; in the
        order of `enumerate_masks`.

    Raises
    ------
    TypeError, ValueError
        As `ensemble_probabilities`, or if there is not one label for each example.

    Examples
    --------
    >>> hidden, weight = np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]])
    >>> member_accuracies(hidden, [1, 0], weight, np.zeros(2))  # dropped: always 0; kept: always 1
    array([0.5, 0.5])
    """
    hidden, weight, bias, keep = _check(hidden, weight, bias, 1.0, max_pairs)
    labels = np.asarray(labels)
    if labels.shape != (len(hidden),) or not np.issubdtype(labels.dtype, np.integer) or len(labels) == 0:
        raise ValueError(
            f"labels must be integers, one for each of {len(hidden)} examples, at least one: "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    left, right = _halves(weight, keep)
    right_answers = np.zeros((len(left.masks), len(right.masks)), dtype=np.int64)
    rows = max(1, max_bytes // (8 * len(right.masks) * len(weight)))
    numbers = range(len(hidden))
    for n in numbers if progress is None else progress(numbers):
        a, b = left.logits(hidden[n]), right.logits(hidden[n]) + bias
        for top in range(0, len(a), rows):
            votes = a[top : top + rows, np.newaxis] + b  # (rows, right masks, classes)
            right_answers[top : top + rows] += votes.argmax(axis=2) == labels[n]
    return right_answers.ravel() / len(hidden)


class _Half(NamedTuple):
    """Half of the units, and all their masks."""

    units: slice
    masks: np.ndarray  # (2**m, m)
    shares: np.ndarray  # (2**m,), probability of each mask
    weight: np.ndarray  # (classes, m)

    def logits(self, hidden):
        """What each mask adds to the votes for one example: (2**m, classes)."""
        return self.masks @ (self.weight * hidden[self.units]).T


def _halves(weight, keep):
    """Cut the units in two; on the left are those whose masks are the high binary digits."""
    middle = (len(keep) + 1) // 2
    for units in (slice(0, middle), slice(middle, None)):
        masks = enumerate_masks(len(keep[units])).astype(float)
        shares = np.prod(np.where(masks == 1, keep[units], 1 - keep[units]), axis=1)
        yield _Half(units, masks, shares, weight[:, units])


def _all_pairs(a, b, shares_a, shares_b, max_bytes):
    """Average softmax, and the logarithm of its denominator, over all sums of a row of a and a row of b.

    softmax(a + b) = exp(a) * exp(b) / D with D = sum over classes of exp(a) * exp(b): for all pairs, D is
    one product of matrices. Some rows of a at a time, so that D is small. Where logits are so far apart
    that exp would overflow, all sums are written out instead.
    """
    a_top, b_top = a.max(axis=1, keepdims=True), b.max(axis=1, keepdims=True)
    a, b = a - a_top, b - b_top  # no exponential overflows
    far = -a.min() - b.min() > FAR
    rows = max(1, max_bytes // (8 * len(b) * (len(a[0]) if far else 2)))
    eb, mean, mean_log = np.exp(b), np.zeros(a.shape[1]), 0.0
    for top in range(0, len(a), rows):
        part, shares = a[top : top + rows], shares_a[top : top + rows]
        if far:
            sums = part[:, np.newaxis] + b  # (rows, rows of b, classes)
            most = sums.max(axis=2, keepdims=True)
            powers = np.exp(sums - most)
            totals = powers.sum(axis=2)
            logs = np.log(totals) + most[..., 0]
            mean += np.einsum("i,ijc,j,ij->c", shares, powers, shares_b, 1 / totals, optimize=True)
        else:
            ea = np.exp(part)
            totals = ea @ eb.T  # D, (rows, rows of b)
            logs = np.log(totals)
            mean += shares @ (ea * ((1 / totals) @ (eb * shares_b[:, np.newaxis])))
        mean_log += shares @ (logs @ shares_b)
    return mean, mean_log + shares_a @ a_top[:, 0] + shares_b @ b_top[:, 0]


def _check(hidden, weight, bias, keep, max_pairs):
    """Check shapes, and compute in float64 from here on."""
    hidden, weight, bias = floats(hidden=hidden, weight=weight, bias=bias)
    if hidden.ndim != 2 or weight.ndim != 2 or hidden.shape[1] != weight.shape[1] or not weight.size:
        raise ValueError(
            f"hidden must be (N, M) and weight (classes, M), with M and classes at least 1: "
            f"got {hidden.shape} and {weight.shape}"
        )
    if bias.shape != (len(weight),):
        raise ValueError(f"bias must have shape {(len(weight),)}, a number for each class: got {bias.shape}")
    for name, array in (("hidden", hidden), ("weight", weight), ("bias", bias)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite: got {array[~np.isfinite(array)][0]} in it")
    (N, M), keep = hidden.shape, np.asarray(keep, dtype=float)
    if keep.shape not in ((), (M,)) or not ((keep >= 0) & (keep <= 1)).all():
        raise ValueError(f"keep must be one probability, or {M}, from 0 to 1: got {keep}")
    if max_pairs < N * 2**M:
        raise ValueError(
            f"{N} examples times 2**{M} networks are {N * 2.0**M:.3g} answers, about {N * 2.0**M / 5e8:.3g} "
            f"seconds of work: more than max_pairs={max_pairs:.3g} allows; take fewer examples or units, "
            f"sample masks, or raise max_pairs"
        )
    return *(array.astype(float) for array in (hidden, weight, bias)), np.broadcast_to(keep, (M,))
