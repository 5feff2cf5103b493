"""The hidden tests of assignment 5: references of our own, and runs whose families only the grader knows."""

import math

import numpy as np

from coursework.check import Case
from coursework.hw5.hidden_runs import RUNS
from coursework.question import Assignment, Question

SENTINEL = "hidden-hw5-5d0b7f3c91e8a264"
GAPS = ("training", "overfitting", "chosen")
SHARE = 0.8  # of the runs that must be named rightly
OF_EACH = 4  # runs of each fault, drawn for a grading


def first_gap(errors, gap):
    """hidden-hw5-5d0b7f3c91e8a264"""
    for above, below, name in zip(errors, errors[1:], GAPS, strict=False):
        if below > above + gap:
            return name
    return "done"


def q1_cases(rng):
    cases = []
    patterns = [  # steps from row to row, in gaps; never close to 1
        ("training", (1.5, 2.5, 0.2)),
        ("overfitting", (0.6, 1.4, 3.0)),
        ("chosen", (0.7, 0.7, 1.3)),
        ("chosen", (-2.0, 0.8, 1.6)),
        ("done", (0.8, 0.8, 0.8)),
        ("done", (-1.5, 0.6, -2.0)),
    ]
    for want, steps in patterns:
        for gap in (round(float(rng.uniform(0.02, 0.03)), 4), round(float(rng.uniform(0.08, 0.12)), 4)):
            errors = 0.3 + gap * np.cumsum([0, *steps]) + rng.uniform(-0.03, 0.03) * gap
            values = dict(zip("abcd", errors.tolist(), strict=True)) | {"gap": gap}
            assert first_gap(errors.tolist(), gap) == want
            cases.append(
                Case(
                    f"errors whose answer is {want!r}, with a gap of {gap}",
                    "where_to_look(a, b, c, d, gap=gap)",
                    values,
                    expected=want,
                    hint="Compare each row with the one just above it, from top to bottom; stop at the "
                    "first gap.",
                )
            )
    gap = 2.0 ** -int(rng.integers(2, 6))
    cases += [
        Case(
            f"gaps of exactly {gap}, and that is the gap",
            "where_to_look(0.0, gap, 2 * gap, 3 * gap, gap=gap)",
            {"gap": gap},
            expected="done",
            hint="A gap has to be more than gap.",
        ),
        Case(
            "the gap that you set as default",
            "(where_to_look(0.0, 0.0, 0.04, 0.1), where_to_look(0.0, 0.0, 0.04, 0.08))",
            expected=("chosen", "done"),
            hint="The default of gap is 0.05.",
        ),
    ]
    return cases


def judged(loss, classes, batch_size):
    """hidden-hw5-5d0b7f3c91e8a264"""
    due = math.log(classes)
    if due / 2 <= loss <= 2 * due:
        return due, "fine"
    if 0.9 * batch_size * due < loss < 1.1 * batch_size * due:
        return due, "summed"
    return due, "sure" if loss > due else "small"


def q2_cases(rng):
    cases = []
    for word, times in [
        ("fine", (0.55, 1.9)),
        ("fine", (0.95, 1.05)),
        ("summed", (0.93, 1.07)),
        ("small", (0.001, 0.45)),
        ("sure", (2.2, 7.0)),
        ("sure", (100.0, 900.0)),
    ]:
        classes, batch_size = int(rng.choice([3, 5, 10, 47, 100, 1000])), int(rng.integers(10, 65))
        scale = math.log(classes) * (batch_size if word == "summed" else 1)
        loss = round(float(rng.uniform(*times)) * scale, 6)
        cases.append(
            Case(
                f"a first loss that is {word!r}",
                "first_loss(loss, classes, batch_size)",
                {"loss": loss, "classes": classes, "batch_size": batch_size},
                expected=judged(loss, classes, batch_size),
                hint="Due is the natural logarithm of the number of classes; ask whether it is fine first.",
            )
        )
    for loss, size in [(1.8 * math.log(6), 2), (2.1 * math.log(6), 2), (0.9 * math.log(6), 1)]:
        cases.append(
            Case(
                f"a batch of {size}, where the words come close to each other",
                "first_loss(loss, 6, size)",
                {"loss": loss, "size": size},
                expected=judged(loss, 6, size),
                hint="Fine comes first; then summed, to within 10 %; then the other two.",
            )
        )
    return cases


def he_deviation(shape, a):
    """hidden-hw5-5d0b7f3c91e8a264"""
    seen = 1
    for size in shape[1:]:
        seen *= size
    return math.sqrt(2 / (seen * (1 + a * a)))


def of_size(shape, deviation):
    """Judge five draws of a weight: 0 and 1 with one seed, 2 with another, 3 and 4 one after the other."""

    def judge(got):
        if not isinstance(got, list | tuple) or len(got) != 5:
            return "expected five weights"
        weights = [np.asarray(weight) for weight in got]
        for weight in weights:
            if weight.dtype.kind != "f" or weight.shape != shape:
                return f"expected an array of shape {shape}, got {weight.shape}"
        n = weights[0].size
        mean, std = weights[0].mean(), weights[0].std()
        if not abs(mean) < 5 * deviation / math.sqrt(n):
            return "the mean is not 0"
        if not abs(std / deviation - 1) < 5 / math.sqrt(2 * n):
            return f"the standard deviation is {std / deviation:.3f} times what it should be"
        if not np.array_equal(weights[0], weights[1]):
            return "the same seed gives other weights the second time"
        if np.array_equal(weights[0], weights[2]):
            return "another seed gives the same weights"
        if np.array_equal(weights[3], weights[4]):
            return "two layers in a row with one generator get the same weights"
        return None

    return judge


def q3_cases(rng):
    cases = []
    for kind in ("Linear", "Linear", "Conv2d"):
        shape = (int(rng.integers(100, 140)), int(rng.integers(200, 260)))
        a = round(float(rng.uniform(0.3, 0.9)), 3)
        if kind == "Conv2d":
            size = tuple(int(k) for k in rng.permutation([3, 5]))
            shape = (int(rng.integers(50, 70)), int(rng.integers(25, 35)), *size)
            a = 0.0
        cases.append(
            Case(
                f"the weight of a {kind}, of shape {shape}, with a = {a}",
                "one = np.random.default_rng(other)\n"
                "draws = [starting_weight(shape, np.random.default_rng(s), a=a) for s in (seed, seed, "
                "other)]\n"
                "result = (*draws, starting_weight(shape, one), starting_weight(shape, one))",
                {
                    "shape": shape,
                    "a": a,
                    "seed": int(rng.integers(1000)),
                    "other": int(rng.integers(1000, 2000)),
                },
                judge=of_size(shape, he_deviation(shape, a)),
                hint="All axes but the first count for fan_in, and the variance is the square of the "
                "standard "
                "deviation. Every number comes from rng.",
            )
        )
    return cases


def rolled(weight, gradients, lr, momentum, decay, nesterov):
    """hidden-hw5-5d0b7f3c91e8a264: the buffer as a sum of all gradients so far, number by number."""
    weight, pulls, buffer = weight.copy(), [], np.zeros_like(weight)
    for gradient in gradients:
        pulls.append(gradient + decay * weight)
        age = len(pulls) - 1
        buffer = sum(momentum ** (age - k) * pull for k, pull in enumerate(pulls))
        weight = weight - lr * (pulls[-1] + momentum * buffer if nesterov else buffer)
    return weight, buffer


def q4_cases(rng):
    cases = []
    for shape, steps, decay, nesterov in [
        ((4,), 1, 0.0, False),
        ((3, 5), 4, 0.0, False),
        ((2, 3, 2, 2), 5, 0.05, False),
        ((6,), 4, 0.03, True),
        ((2, 4), 1, 0.1, True),
    ]:
        weight, gradients = rng.normal(size=shape), rng.normal(size=(steps, *shape))
        lr, momentum = round(float(rng.uniform(0.05, 0.5)), 3), round(float(rng.uniform(0.5, 0.95)), 3)
        settings = {"lr": lr, "momentum": momentum, "decay": decay, "nesterov": nesterov}
        moved = rolled(weight, gradients, lr, momentum, decay, nesterov)
        cases.append(
            Case(
                f"{steps} {'step' if steps == 1 else 'steps'} for a weight of shape {shape}, weight "
                f"decay {decay}"
                f"{', Nesterov' if nesterov else ''}",
                "w, buffer = weight, None\n"
                "for gradient in gradients:\n"
                "    w, buffer = momentum_step(w, gradient, buffer, lr, momentum=momentum, "
                "weight_decay=decay, nesterov=nesterov)\n"
                "result = (w, buffer, weight, gradients)",
                {"weight": weight, "gradients": gradients, **settings},
                expected=(*moved, weight, gradients),
                hint="Decay, then the buffer, then the step; with Nesterov the new buffer. The arrays "
                "that come "
                "in stay as they are.",
            )
        )
    weight, gradient, buffer = rng.normal(size=(3, 4))
    cases.append(
        Case(
            "a step from a given buffer, with the default momentum",
            "(*momentum_step(weight, gradient, buffer, 0.25), weight, gradient, buffer)",
            {"weight": weight, "gradient": gradient, "buffer": buffer},
            expected=(
                weight - 0.25 * (0.9 * buffer + gradient),
                0.9 * buffer + gradient,
                weight,
                gradient,
                buffer,
            ),
            hint="Results 3 to 5 are the arrays that came in: -= and += would change them.",
        )
    )
    return cases


def planned(step, steps, peak, warmup, start, floor):
    """hidden-hw5-5d0b7f3c91e8a264"""
    rates = [start * peak + (peak - start * peak) * k / warmup for k in range(warmup)]
    down = steps - warmup
    rates += [floor + (peak - floor) * math.cos(math.pi * k / down / 2) ** 2 for k in range(down)]
    return rates[step] if step < steps else floor


def q5_cases(rng):
    cases = []
    for say, warmup in [
        ("a warm-up", int(rng.integers(3, 9))),
        ("no warm-up", 0),
        ("a warm-up of one step", 1),
    ]:
        steps = warmup + int(rng.integers(7, 20))
        peak, start = round(float(rng.uniform(0.1, 2)), 3), round(float(rng.uniform(0.05, 0.5)), 3)
        floor = round(float(rng.uniform(0.01, 0.05)), 3) if warmup != 1 else 0.0
        how = {"peak": peak, "warmup": warmup, "start": start, "floor": floor}
        cases.append(
            Case(
                f"all of {steps} steps with {say}, and some after the end",
                "[learning_rate(step, steps, peak, warmup, start=start, floor=floor) for step in asked]",
                {"steps": steps, "asked": list(range(steps + 5)), **how},
                expected=[planned(step, steps, **how) for step in range(steps + 5)],
                hint="peak is reached at step warmup; the cosine runs over the other steps - warmup steps.",
            )
        )
    steps, warmup = int(rng.integers(30, 60)), int(rng.integers(4, 9))
    cases.append(
        Case(
            "the settings that are there by default",
            "[learning_rate(step, steps, 3.0, warmup) for step in asked]",
            {"steps": steps, "warmup": warmup, "asked": list(range(steps))},
            expected=[planned(step, steps, 3.0, warmup, 0.1, 0.0) for step in range(steps)],
            hint="start is 0.1 and floor 0 unless given.",
        )
    )
    return cases


def strolled(slope, start, steps, lr, alpha, eps, centered):
    """hidden-hw5-5d0b7f3c91e8a264: each mean as a sum over all gradients so far, number by number."""
    places, seen = [[float(number) for number in start]], []
    for _ in range(steps):
        seen.append([float(number) for number in slope(np.array(places[-1]))])
        place = []
        for k, number in enumerate(places[-1]):
            shares = [(1 - alpha) * alpha ** (len(seen) - 1 - t) for t in range(len(seen))]
            size = sum(share * row[k] ** 2 for share, row in zip(shares, seen, strict=True))
            if centered:
                size -= sum(share * row[k] for share, row in zip(shares, seen, strict=True)) ** 2
            place.append(number - lr * seen[-1][k] / (math.sqrt(max(size, 0.0)) + eps))
        places.append(place)
    return np.array(places)


def q6_cases(rng):
    cases = []
    for n, steps, alpha, eps, centered in [
        (2, 6, 0.9, 1e-8, False),
        (5, 8, 0.6, 0.3, False),
        (3, 5, 0.8, 0.2, True),
        (4, 1, 0.7, 1e-8, True),
    ]:
        curvatures, start = 10 ** rng.uniform(-1, 1.5, n), rng.normal(size=n) + 3
        lowest, lr = rng.normal(size=n), round(float(rng.uniform(0.05, 0.3)), 3)
        how = {"lr": lr, "alpha": alpha, "eps": eps, "centered": centered}
        cases.append(
            Case(
                f"{steps} steps of {n} weights in a bowl, alpha {alpha}, epsilon {eps}"
                f"{', centred' if centered else ''}",
                "places = rmsprop_walk(lambda place: curvatures * (place - lowest), start, steps, lr, "
                "alpha=alpha, "
                "eps=eps, centered=centered)\n"
                "result = (places, start)",
                {"curvatures": curvatures, "lowest": lowest, "start": start, "steps": steps, **how},
                expected=(
                    strolled(lambda place, c=curvatures, z=lowest: c * (place - z), start, steps, **how),
                    start,
                ),
                hint="All places, the start first; both means begin at 0; epsilon is added to the root. "
                "Result 2 is "
                "the start, which stays as it is.",
            )
        )
    gradient = rng.normal(size=60)
    seen = 1 - 0.9 ** np.arange(1, 401)[:, np.newaxis]  # the share of the truth that both means have seen
    lengths = 4 * gradient / (np.abs(gradient) * np.sqrt(seen * (1 - seen)) + 20)
    walk = np.vstack([np.zeros(60), -np.cumsum(lengths, axis=0)])
    cases.append(
        Case(
            "a gradient that never changes, 400 steps, centred",
            "rmsprop_walk(lambda place: gradient, start, 400, 4.0, alpha=0.9, eps=20.0, "
            "centered=True)[::100]",
            {"gradient": gradient, "start": np.zeros(60)},
            expected=walk[::100],
            hint="Rounding makes the difference under the root a little negative here, and its root nan.",
        )
    )
    curvatures = np.array([1.0, 50.0])
    how = {"lr": 0.1, "alpha": 0.9, "eps": 1e-8, "centered": False}
    cases.append(
        Case(
            "the settings that are there by default, from a list of whole numbers",
            "rmsprop_walk(lambda place: curvatures * place, [4, -2], 4, 0.1)",
            {"curvatures": curvatures},
            expected=strolled(lambda place: curvatures * place, [4, -2], 4, **how),
            hint="alpha is 0.9 and not centred; make an array of floating point numbers of the start.",
        )
    )
    return cases


def adamw(weight, gradients, rates, betas, eps, decay):
    """hidden-hw5-5d0b7f3c91e8a264: corrected means as weighted means over all gradients so far."""
    weight = np.array(weight, dtype=float)
    for t, lr in enumerate(rates, start=1):
        means = []
        for beta, power in zip(betas, (1, 2), strict=True):
            shares = np.array([beta ** (t - k) for k in range(1, t + 1)])
            shares = shares / shares.sum()
            means.append(sum(share * g**power for share, g in zip(shares, gradients[:t], strict=True)))
        weight = weight - lr * decay * weight - lr * means[0] / (means[1] ** 0.5 + eps)
    return weight


def q7_cases(rng):
    cases = []
    run = (
        "arrays = [*params]\n"
        "optimizer = AdamW(lr=lr, betas=betas, eps=eps, weight_decay=decay)\n"
        "for rate, grads in plan:\n"
        "    optimizer.lr = rate\n"
        "    optimizer.step(params, grads)\n"
        "result = (*arrays, plan[0][1][0])"
    )
    for say, steps, eps, decay, scale in [
        ("one step", 1, 1e-8, 0.0, 1.0),
        ("twelve steps", 12, 1e-8, 0.0, 1.0),
        ("eight steps with weight decay", 8, 1e-8, 0.3, 1.0),
        ("six steps with tiny gradients and a large epsilon", 6, 0.02, 0.05, 0.03),
        ("nine steps with a rate that changes", 9, 1e-6, 0.1, 5.0),
    ]:
        shapes = [
            (int(rng.integers(2, 6)), int(rng.integers(2, 6))),
            (int(rng.integers(2, 6)),),
            (2, 3, 2, 2),
        ]
        params = [rng.normal(size=shape) for shape in shapes]
        gradients = [[scale * rng.normal(size=shape) for shape in shapes] for _ in range(steps)]
        rates = [round(float(rng.uniform(0.02, 0.2)), 4)] * steps
        if "changes" in say:
            rates = [round(rates[0] * (1 - k / steps), 4) for k in range(steps)]
        betas = (0.9, 0.999) if steps % 2 else (round(float(rng.uniform(0.5, 0.8)), 3), 0.95)
        expected = [
            adamw(p, [grads[k] for grads in gradients], rates, betas, eps, decay)
            for k, p in enumerate(params)
        ]
        cases.append(
            Case(
                f"{say}, three arrays",
                run,
                {
                    "params": params,
                    "plan": list(zip(rates, gradients, strict=True)),
                    "lr": rates[0],
                    "betas": betas,
                    "eps": eps,
                    "decay": decay,
                },
                expected=(*expected, gradients[0][0]),
                hint="t counts steps from 1, each array has two means of its own, decay shrinks the "
                "weight itself, "
                "and everything happens in place. Result 4 is a gradient, which stays as it is.",
            )
        )
    one, two = rng.normal(size=(2, 5))
    gradients = rng.normal(size=(6, 5))
    both = [
        adamw(weight, [sign * g for g in gradients], [0.001] * 6, (0.9, 0.999), 1e-8, 0.01)
        for weight, sign in [(one, 1), (two, -1)]
    ]
    cases.append(
        Case(
            "two optimisers in turn, with the settings that are there by default",
            "first, second = AdamW(), AdamW()\n"
            "for gradient in gradients:\n"
            "    first.step([one], [gradient])\n"
            "    second.step([two], [-gradient])\n"
            "result = (1000 * (one - before[0]), 1000 * (two - before[1]))",
            {"one": one, "two": two, "before": [one.copy(), two.copy()], "gradients": gradients},
            expected=(1000 * (both[0] - one), 1000 * (both[1] - two)),
            hint="Each optimiser has its own memory; lr is 0.001 and the decay 0.01 unless given.",
        )
    )
    return cases


def mostly_named(families):
    """Judge families: enough of them right, and where most of the misses are."""

    def judge(got):
        if not isinstance(got, list | tuple) or len(got) != len(families):
            return f"expected {len(families)} answers"
        hits = [isinstance(said, str) and said == family for said, family in zip(got, families, strict=True)]
        if sum(hits) >= SHARE * len(families):
            return None
        missed = {}
        for hit, family in zip(hits, families, strict=True):
            missed[family] = missed.get(family, 0) + (not hit)
        worst = sorted(missed, key=missed.get, reverse=True)[:3]
        most = ", ".join(f"{family!r} {missed[family]} times" for family in worst)
        return f"{sum(hits)} of {len(families)} are right, {SHARE:.0%} are needed; missed most: {most}"

    return judge


def q8_cases(rng):
    faults = len(RUNS) // 6  # the list goes through all faults, six times
    chosen = [fault + faults * k for fault in range(faults) for k in rng.permutation(6)[:OF_EACH]]
    chosen = [RUNS[index] for index in rng.permutation(chosen)]
    return [
        Case(
            f"{len(chosen)} runs with other seeds",
            "[diagnose(run) for run in runs]",
            {"runs": [run for run, _ in chosen]},
            judge=mostly_named([family for _, family in chosen]),
            hint="What is certain comes first. Where two families are mixed up, which number tells them "
            "apart?",
        )
    ]


ASSIGNMENT = Assignment(
    "hw5",
    "The recipe: diagnose unseen faults, write Adam",
    questions=(
        Question("q1", 1, "Where to look first", ("where_to_look",), q1_cases),
        Question("q2", 2, "What a first loss says", ("first_loss",), q2_cases),
        Question("q3", 2, "Weights to start with", ("starting_weight",), q3_cases),
        Question("q4", 2, "A step with momentum", ("momentum_step",), q4_cases),
        Question("q5", 2, "Warm up, then fall", ("learning_rate",), q5_cases),
        Question("q6", 3, "A walk with RMSprop", ("rmsprop_walk",), q6_cases),
        Question("q7", 4, "AdamW", ("AdamW",), q7_cases),
        Question("q8", 4, "Diagnose runs that nobody has seen", ("diagnose",), q8_cases),
    ),
)
