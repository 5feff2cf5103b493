"""The hidden tests of assignment 6. The references ask every network there is, one after the other."""

import itertools
import math

import numpy as np

from coursework.check import Case
from coursework.question import Assignment, Question

SENTINEL = "hidden-hw6-b3e94a07c5d1f628"


def fair_coins(x, p, inverted, maps):
    """Judge draws 0 and 1 with one seed, 2 with another, 3 and 4 one after the other, and x afterwards."""
    q, shape = 1 - p, x.shape
    kept_value = 1 / q if inverted else 1.0

    def judge(got):
        if not isinstance(got, list | tuple) or len(got) != 6:
            return "expected (what comes out, factor), twice as many arrays as draws"
        *draws, after = got
        if not np.array_equal(after, x):
            return "x itself has been changed"
        shares, factors = [], []
        for draw in draws:
            if not isinstance(draw, list | tuple) or len(draw) != 2:
                return "expected two results: what comes out, and the factor"
            y, factor = (np.asarray(array) for array in draw)
            if y.dtype.kind != "f" or factor.dtype.kind not in "fiu":
                return "expected arrays of numbers"
            if y.shape != shape or factor.shape != shape:
                return f"expected two arrays of shape {shape}, got {y.shape} and {factor.shape}"
            kept = factor > 0
            if not np.allclose(factor, np.where(kept, kept_value, 0.0), rtol=1e-4):
                return "the factor holds other numbers than it should"
            if not np.allclose(y, x * factor, rtol=1e-4, atol=1e-5):
                return "what comes out is not x times the factor"
            if maps and not np.array_equal(kept, np.broadcast_to(kept[:, :, :1, :1], shape)):
                return "the pixels of a map do not share their coin"
            coins = kept[:, :, 0, 0] if maps else kept
            for axis, name in ((0, "examples"), (1, "numbers of one example")):
                error = math.sqrt(p * q / coins.shape[axis])
                if np.any(np.abs(coins.mean(axis=axis) - q) > 6.5 * error):
                    return f"the coins of different {name} hang together, or too many or too few are kept"
            if abs(coins.mean() - q) > 5 * math.sqrt(p * q / coins.size):
                return "too many or too few are kept"
            shares.append(int(coins.sum()))
            factors.append(factor)
        if not np.array_equal(factors[0], factors[1]):
            return "the same seed gives other coins the second time"
        if np.array_equal(factors[0], factors[2]) or np.array_equal(factors[3], factors[4]):
            return "other throws fall just the same: do all coins come from rng?"
        if len(set(shares)) == 1:
            return "every throw keeps exactly the same number: each coin must fall by itself"
        return None

    return judge


def q1_cases(rng):
    cases = []
    for shape, inverted, maps in [
        ((60, 70), True, False),
        ((60, 70), False, False),
        ((80, 50, 2, 3), True, True),
        ((60, 50, 3, 2), False, True),
        ((50, 40, 2, 2), True, False),
    ]:
        p = round(float(rng.choice([rng.uniform(0.2, 0.35), rng.uniform(0.65, 0.75)])), 3)
        x = rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)
        cases.append(
            Case(
                f"{'inverted' if inverted else 'not inverted'}, p = {p}, x of shape {shape}"
                f"{', whole maps' if maps else ''}, in training",
                "one = np.random.default_rng(third)\n"
                "how = {'inverted': inverted, 'maps': maps}\n"
                "draws = [dropout(x, p, np.random.default_rng(s), **how) for s in (seed, seed, other)]\n"
                "result = (*draws, dropout(x, p, one, **how), dropout(x, p, one, **how), x)",
                {"x": x, "p": p, "inverted": inverted, "maps": maps, "seed": int(rng.integers(1000))}
                | {"other": int(rng.integers(1000, 2000)), "third": int(rng.integers(2000, 3000))},
                judge=fair_coins(x, p, inverted, maps),
                hint="Each number (or map) of each example is kept with 1 - p, by a coin of its own from "
                "rng.",
            )
        )
    for shape, maps in [((3, 4), False), ((2, 3, 2, 2), True)]:
        x, p = rng.normal(size=shape), round(float(rng.uniform(0.1, 0.9)), 3)
        ones = np.ones(shape)
        cases.append(
            Case(
                f"both rules in testing, p = {p}, x of shape {shape}",
                "rng = np.random.default_rng(0)\n"
                "how = {'training': False, 'maps': maps}\n"
                "result = (*dropout(x, p, rng, **how), *dropout(x, p, rng, inverted=False, **how), x)",
                {"x": x, "p": p, "maps": maps},
                expected=(x, ones, x * (1 - p), (1 - p) * ones, x),
                hint="In testing nothing is dropped: inverted changes nothing, the lecture's rule "
                "multiplies by q.",
            )
        )
    x = rng.normal(size=(4, 5))
    cases.append(
        Case(
            "p = 0 in training",
            "dropout(x, 0.0, np.random.default_rng(0))",
            {"x": x},
            expected=(x, np.ones((4, 5))),
            hint="With p = 0 everything is kept and counts once.",
        )
    )
    return cases


def one_by_one(x, factor, weight1, bias1, weight2, dy):
    """hidden-hw6-b3e94a07c5d1f628: the gradients, example by example and unit by unit."""
    found = [np.zeros_like(array) for array in (weight1, bias1, weight2, x)]
    for n in range(len(x)):
        for i in range(len(weight1)):
            heard = float(weight1[i] @ x[n] + bias1[i])
            found[2][:, i] += dy[n] * max(heard, 0.0) * factor[n, i]
            back = sum(dy[n, c] * weight2[c, i] for c in range(len(weight2))) * factor[n, i]
            if heard > 0:
                found[0][i] += back * x[n]
                found[1][i] += back
                found[3][n] += back * weight1[i]
    return tuple(found)


def q2_cases(rng):
    cases = []
    for N, D, M, C, p, inverted in [
        (1, 3, 4, 2, 0.5, True),
        (6, 5, 7, 3, 0.3, True),
        (5, 4, 9, 2, 0.6, False),
        (4, 6, 5, 4, 0.0, True),
    ]:
        kept = rng.random((N, M)) >= p
        kept[:, 0] = p == 0  # a unit that nobody hears
        factor = kept * (1 / (1 - p) if inverted else 1.0)
        given = {"x": rng.normal(size=(N, D)), "factor": factor, "weight1": rng.normal(size=(M, D))}
        given |= {
            "bias1": rng.normal(size=M),
            "weight2": rng.normal(size=(C, M)),
            "dy": rng.normal(size=(N, C)),
        }
        cases.append(
            Case(
                f"{N} examples, {D} inputs, {M} hidden units, {C} votes, p = {p}",
                "thinned_gradients(x, factor, weight1, bias1, weight2, dy)",
                given,
                expected=one_by_one(**given),
                hint="The factor multiplies once on the way forward and once on the way back; the ReLU "
                "stops what "
                "belongs to negative sums. Results: dweight1, dbias1, dweight2, dx.",
            )
        )
    return cases


def over_all_masks(h, weight, bias, p, inverted):
    """hidden-hw6-b3e94a07c5d1f628: mean and variance over all masks, each by its probability."""
    p = np.broadcast_to(np.asarray(p, dtype=float), h.shape[1:])
    mean, square = 0.0, 0.0
    for mask in itertools.product((0, 1), repeat=len(p)):
        share = math.prod(1 - drop if kept else drop for kept, drop in zip(mask, p, strict=True))
        scale = [kept / (1 - drop) if inverted else kept for kept, drop in zip(mask, p, strict=True)]
        sums = (h * np.array(scale)) @ weight.T + bias
        mean, square = mean + share * sums, square + share * sums**2
    return mean, square - mean**2


def q3_cases(rng):
    cases = []
    for N, M, out, own, inverted in [
        (1, 4, 3, False, False),
        (5, 6, 2, False, True),
        (4, 7, 3, True, False),
        (3, 5, 5, True, True),
    ]:
        p = rng.uniform(0.1, 0.9, M).round(3) if own else round(float(rng.choice([0.2, 0.7, 0.85])), 3)
        given = {
            "h": rng.normal(size=(N, M)),
            "weight": rng.normal(size=(out, M)),
            "bias": rng.normal(size=out),
        }
        given |= {"p": p, "inverted": inverted}
        cases.append(
            Case(
                f"{N} examples, {M} hidden units, {'each with a p of its own' if own else f'p = {p}'}"
                f"{', inverted' if inverted else ''}",
                "heard(h, weight, bias, p, inverted=inverted)",
                given,
                expected=over_all_masks(**given),
                hint="The mean of a coin is q and its variance q p; dividing it by q divides the "
                "variance by q². "
                "Variances add up with the squares of w h, and a bias has none.",
            )
        )
    return cases


def each_mask(p):
    """hidden-hw6-b3e94a07c5d1f628"""
    return {
        mask: math.prod(1 - drop if kept else drop for kept, drop in zip(mask, p, strict=True))
        for mask in itertools.product((0, 1), repeat=len(p))
    }


def in_any_order(p):
    """Judge a list of masks and one of probabilities."""
    M, shares = len(p), each_mask(p)

    def judge(got):
        if not isinstance(got, list | tuple) or len(got) != 2:
            return "expected two results: masks and probabilities"
        masks, found = (np.asarray(array) for array in got)
        if masks.dtype.kind not in "biuf" or found.dtype.kind != "f":
            return "expected two arrays of numbers"
        if masks.shape != (2**M, M) or found.shape != (2**M,):
            return f"expected shapes {(2**M, M)} and {(2**M,)}, got {masks.shape} and {found.shape}"
        if not np.isin(masks, (0, 1)).all():
            return "a mask holds 0 and 1 only"
        rows = [tuple(row) for row in masks.astype(int).tolist()]
        if len(set(rows)) < 2**M:
            return "some mask is listed twice"
        if not np.allclose(found, [shares[row] for row in rows], rtol=1e-4, atol=1e-9):
            return "some probabilities do not belong to their masks"
        return None

    return judge


def q4_cases(rng):
    cases = []
    for M in (1, 3, 5, 9):
        p = rng.uniform(0.05, 0.95, M).round(3)
        cases.append(
            Case(
                f"{M} {'unit' if M == 1 else 'units'}, each with a p of its own",
                "all_masks(p)",
                {"p": p},
                judge=in_any_order(p.tolist()),
                hint="Each of the 2**M masks once; multiply 1 - p for a 1 and p for a 0, unit by unit.",
            )
        )
    return cases


def softmax_log(votes):
    """hidden-hw6-b3e94a07c5d1f628: logarithms of the probabilities of one member."""
    most = max(votes)
    total = most + math.log(math.fsum(math.exp(vote - most) for vote in votes))
    return [vote - total for vote in votes]


def averaged(votes, shares):
    """hidden-hw6-b3e94a07c5d1f628: both means, class by class."""
    logs = [softmax_log(member) for member in np.asarray(votes).tolist()]
    classes = range(len(logs[0]))
    arithmetic = [math.fsum(s * math.exp(m[c]) for s, m in zip(shares, logs, strict=True)) for c in classes]
    geometric = [math.fsum(s * m[c] for s, m in zip(shares, logs, strict=True)) for c in classes]
    return np.array(arithmetic), np.exp(softmax_log(geometric))


def q5_cases(rng):
    cases = []
    for say, members, classes, scale, equal in [
        ("a few members", 4, 3, 1.0, False),
        ("members of equal shares", 9, 2, 2.0, True),
        ("many members", 64, 10, 3.0, False),
        ("members that are very sure", 5, 4, 900.0, False),
    ]:
        votes = scale * rng.normal(size=(members, classes))
        if scale > 100:  # the second class is close on average, which only logarithms can tell
            votes /= scale
            votes[:, 1] = votes[:, 0] + rng.permutation([800, 800, -800, -800, -800])
            votes[:, 2:] = votes[:, :1] - 1500
        shares = np.full(members, 1 / members) if equal else rng.dirichlet(np.ones(members))
        if scale > 100:
            gap = votes[:, 1] - votes[:, 0]
            votes[:, 1] += rng.uniform(-1, 1) - shares @ gap
            votes += rng.permutation([1000, -1000, 0, 0, 0])[:, np.newaxis]  # exp of this overflows
        cases.append(
            Case(
                f"{say}: {members} of them, {classes} classes",
                "two_means(votes, shares)",
                {"votes": votes, "shares": shares},
                expected=averaged(votes, shares.tolist()),
                hint="Weight by the shares, renormalise the geometric mean, and compute logarithms of "
                "probabilities "
                "from the votes.",
            )
        )
    return cases


def asked(hidden, weight, bias, p):
    """hidden-hw6-b3e94a07c5d1f628: mean, deviation and kurtosis of what all networks say."""
    chances = each_mask([p] * len(hidden))
    says = np.array(
        [np.exp(softmax_log((weight @ (np.array(mask) * hidden) + bias).tolist())) for mask in chances]
    )
    shares = np.array(list(chances.values()))
    mean = shares @ says
    away = says - mean
    deviation = np.sqrt(shares @ away**2)
    return mean, deviation, (shares @ away**4) / deviation**4


def estimated(passes, mean, deviation, kurtosis):
    """Judge estimates with one seed twice, and with another."""
    error = deviation / math.sqrt(passes)
    wide = 6 * np.sqrt((kurtosis - 1) / passes) / 2  # six standard errors of a deviation

    def judge(got):
        if not isinstance(got, list | tuple) or len(got) != 3:
            return "expected (mean, standard error)"
        for draw in got:
            if not isinstance(draw, list | tuple) or len(draw) != 2:
                return "expected two results: mean and standard error"
            found = [np.asarray(array) for array in draw]
            for array in found:
                if array.dtype.kind != "f" or array.shape != mean.shape:
                    return f"expected a number for each of {len(mean)} classes, got shape {array.shape}"
            if not np.all(np.abs(found[0] - mean) < 6 * error):
                return "the mean is too far from that of all networks"
            if not np.all(np.abs(found[1] / error - 1) < wide):
                return f"the standard error is {np.median(found[1] / error):.3g} times what it should be"
        if not np.array_equal(got[0][0], got[1][0]):
            return "the same seed gives another mean the second time"
        if np.array_equal(got[0][0], got[2][0]):
            return "another seed gives the same mean: do the coins come from rng?"
        return None

    return judge


def halves(got):
    """Judge pairs of passes of one unit: (p, chances) where the passes differ, else no error."""
    if not isinstance(got, list | tuple) or len(got) != 24:
        return "expected 24 results"
    for draw in got:
        if not isinstance(draw, list | tuple) or len(draw) != 2:
            return "expected two results: mean and standard error"
        mean, error = (np.asarray(array) for array in draw)
        if mean.shape != (2,) or error.shape != (2,):
            return "expected a number for each class"
        should = 0.15 if abs(mean[0] - 0.65) < 1e-4 else 0.0  # (0.8 - 0.5) / 2
        if not np.allclose(error, should, atol=1e-5):
            return "the standard error of two passes is wrong"
    return None


def q6_cases(rng):
    cases = []
    for M, C, p, passes in [(6, 3, 0.3, 2500), (8, 5, 0.7, 4000)]:
        hidden, weight = rng.normal(size=M), 1.2 * rng.normal(size=(C, M))
        given = {"hidden": hidden, "weight": weight, "bias": rng.normal(size=C), "p": p}
        cases.append(
            Case(
                f"{M} hidden units, {C} classes, p = {p}, {passes} passes",
                "how = (hidden, weight, bias, p, passes)\n"
                "result = [ask_some(*how, np.random.default_rng(s)) for s in (seed, seed, other)]",
                given
                | {"passes": passes, "seed": int(rng.integers(1000)), "other": int(rng.integers(1000, 2000))},
                judge=estimated(passes, *asked(**given)),
                hint="New coins for every pass and every unit, no factor for what is kept, the bias "
                "always there; "
                "the error is the deviation over the root of the passes.",
            )
        )
    cases.append(
        Case(
            "two passes of one unit, 24 times",
            "[ask_some(hidden, weight, bias, 0.5, 2, np.random.default_rng(s)) for s in seeds]",
            {"hidden": np.array([2.0]), "weight": np.array([[math.log(2)], [0.0]]), "bias": np.zeros(2)}
            | {"seeds": rng.choice(1000, 24, replace=False).tolist()},
            judge=halves,
            hint="With two passes the sum of squares is divided by 2 - 1.",
        )
    )
    hidden, weight, bias = rng.normal(size=30), rng.normal(size=(4, 30)), rng.normal(size=4)
    sums = weight @ hidden
    weight *= 1500 / sums[np.abs(sums).argmax()]  # the largest vote is 1,500 and more
    bias[np.abs(sums).argmax()] += 50  # and no other is close, so that float32 is precise enough
    cases.append(
        Case(
            "p = 0, and votes that overflow without care",
            "ask_some(hidden, weight, bias, 0.0, 6, np.random.default_rng(0))",
            {"hidden": hidden, "weight": weight, "bias": bias},
            expected=(np.exp(softmax_log((weight @ hidden + bias).tolist())), np.zeros(4)),
            hint="All passes agree; take the largest vote away before exp.",
        )
    )
    return cases


def by_quadrature(x, weight, bias, p):
    """hidden-hw6-b3e94a07c5d1f628: the average of max(u, 0) as an integral of its density, in small steps."""
    z = np.linspace(-9, 9, 36_001)
    density = np.exp(-z * z / 2)
    density /= density.sum()
    found = np.zeros((len(x), len(weight)))
    for n, i in np.ndindex(*found.shape):
        terms = np.append(weight[i] * x[n], bias[i])
        mean, variance = (1 - p) * terms.sum(), p * (1 - p) * (terms * terms).sum()
        found[n, i] = density @ np.maximum(mean + math.sqrt(variance) * z, 0)
    return found


def q7_cases(rng):
    cases = []
    for N, D, out, p in [(1, 3, 1, 0.5), (4, 6, 3, 0.25), (3, 5, 4, 0.8), (2, 7, 2, 0.5)]:
        given = {
            "x": rng.normal(size=(N, D)),
            "weight": rng.normal(size=(out, D)),
            "bias": rng.normal(size=out),
        }
        cases.append(
            Case(
                f"{N} examples, {D} inputs, {out} units, p = {p}",
                "dropconnect_relu(x, weight, bias, p)",
                given | {"p": p},
                expected=by_quadrature(p=p, **given),
                hint="q is 1 - p. The bias has a coin, too. sigma is the root of the variance.",
            )
        )
    x, weight = np.abs(rng.normal(size=(3, 4))), rng.normal(size=(2, 4))
    x[1], weight[0], bias = 0.0, -np.abs(weight[0]), np.array([0.0, float(rng.uniform(0.5, 1))])
    cases += [
        Case(
            "one example is all zeros, and so is one bias",
            "dropconnect_relu(x, weight, bias, 0.4)",
            {"x": x, "weight": weight, "bias": bias},
            expected=by_quadrature(x, weight, bias, 0.4),
            hint="Where nothing varies, the answer is max(mu, 0) and not nan; elsewhere the formula holds.",
        ),
        Case(
            "p = 0",
            "dropconnect_relu(x, weight, bias, 0.0)",
            {"x": x, "weight": weight, "bias": bias},
            expected=by_quadrature(x, weight, bias, 0.0),
            hint="Nothing is dropped, sigma is 0 everywhere: an ordinary layer with a ReLU.",
        ),
    ]
    return cases


def all_together(x, weight1, bias1, weight2, bias2, p):
    """hidden-hw6-b3e94a07c5d1f628: every network of small layers is asked."""
    logs = [0.0] * len(weight2)
    for below, low in each_mask([p] * len(x)).items():
        hidden = [
            max(0.0, float(row @ (np.array(below) * x)) + b) for row, b in zip(weight1, bias1, strict=True)
        ]
        for above, high in each_mask([p] * len(weight1)).items():
            votes = weight2 @ (np.array(above) * hidden) + bias2
            for c, log in enumerate(softmax_log(votes.tolist())):
                logs[c] += low * high * log
    return np.exp(softmax_log(logs))


def unit_by_unit(x, weight1, bias1, weight2, bias2, p):
    """hidden-hw6-b3e94a07c5d1f628: what a hidden unit says on average, subset by subset of the inputs."""
    says = [0.0] * len(weight1)
    for size in range(len(x) + 1):
        share = (1 - p) ** size * p ** (len(x) - size)
        for kept in itertools.combinations(range(len(x)), size):
            for i, row in enumerate(weight1.tolist()):
                says[i] += share * max(0.0, math.fsum(row[j] * x[j] for j in kept) + bias1[i])
    votes = [(1 - p) * math.fsum(w * s for w, s in zip(row, says, strict=True)) for row in weight2.tolist()]
    return np.exp(softmax_log([vote + b for vote, b in zip(votes, bias2, strict=True)]))


def q8_cases(rng):
    cases = []
    for D, M, C, p in [(3, 3, 2, 0.5), (4, 3, 3, 0.25), (8, 40, 10, 0.3), (7, 25, 4, 0.6), (8, 30, 3, 0.5)]:
        given = {"x": rng.normal(size=D), "weight1": rng.normal(size=(M, D)), "bias1": rng.normal(size=M)}
        given |= {"weight2": rng.normal(size=(C, M)) * 3 / math.sqrt(M), "bias2": rng.normal(size=C), "p": p}
        reference = all_together if D + M < 9 else unit_by_unit
        cases.append(
            Case(
                f"{D} inputs, {M} hidden units, {C} classes, p = {p}",
                "stand_in(x, weight1, bias1, weight2, bias2, p)",
                given,
                expected=reference(**given),
                hint="Each hidden unit says the mean of what comes through its ReLU, over the masks of "
                "the inputs; "
                "behind it the scaled network is exact.",
            )
        )
    return cases


ASSIGNMENT = Assignment(
    "hw6",
    "Dropout and its ensemble",
    questions=(
        Question("q1", 2, "Throw the coins", ("dropout",), q1_cases),
        Question("q2", 2, "The way back", ("thinned_gradients",), q2_cases),
        Question("q3", 2, "What a unit hears", ("heard",), q3_cases),
        Question("q4", 2, "All masks, and how likely each is", ("all_masks",), q4_cases),
        Question("q5", 3, "Two means of an ensemble", ("two_means",), q5_cases),
        Question("q6", 3, "Ask some of them", ("ask_some",), q6_cases),
        Question("q7", 3, "DropConnect through a ReLU", ("dropconnect_relu",), q7_cases),
        Question("q8", 3, "The one network that all of them amount to", ("stand_in",), q8_cases),
    ),
)
