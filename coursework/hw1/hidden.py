"""What the grader checks: random pictures, other shapes, and references of its own."""

import numpy as np

from coursework.check import Case
from coursework.question import Assignment, Question

SENTINEL = "hidden-hw1-c83f5d0e6a9b1742"

# East, then against the clock: rows down, columns right.
AROUND = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))


# References, pixel by pixel in plain Python: slow, and unlike any sensible solution


def around(image):
    """For each pixel inside, its place, itself and its eight neighbours as Python numbers."""
    # hidden-hw1-c83f5d0e6a9b1742
    grey = image.tolist()
    for row in range(1, len(grey) - 1):
        for col in range(1, len(grey[0]) - 1):
            yield (row - 1, col - 1), grey[row][col], [grey[row + d][col + r] for d, r in AROUND]


def lbp(image):
    # hidden-hw1-c83f5d0e6a9b1742
    codes = np.zeros((len(image) - 2, len(image[0]) - 2), int)
    for place, middle, n in around(image):
        codes[place] = int("".join("01"[neighbour >= middle] for neighbour in reversed(n)), 2)
    return codes


def block_shares(codes, grid, bins):
    # hidden-hw1-c83f5d0e6a9b1742
    (H, W), (rows, cols) = codes.shape, grid
    counts, pixels = np.zeros((rows, cols, bins)), np.zeros((rows, cols, 1))
    for row, col in np.ndindex(H, W):
        block = row * rows // H, col * cols // W
        counts[(*block, codes[row, col])] += 1
        pixels[block] += 1
    return (counts / pixels).ravel()


def ldp(image, count=3):
    # hidden-hw1-c83f5d0e6a9b1742
    codes = np.zeros((len(image) - 2, len(image[0]) - 2), int)
    for place, _, n in around(image):
        weigh = [[5 if (p - i) % 8 in (7, 0, 1) else -3 for p in range(8)] for i in range(8)]
        strength = [abs(sum(w * v for w, v in zip(mask, n, strict=True))) for mask in weigh]
        strongest = sorted(range(8), key=lambda i: (-strength[i], i))[:count]
        codes[place] = sum(1 << i for i in strongest)
    return codes


def without_up(codes):
    # hidden-hw1-c83f5d0e6a9b1742
    smallest = []
    for code in np.ravel(codes).tolist():
        text = f"{code:08b}"
        smallest.append(min(int(text[k:] + text[:k], 2) for k in range(8)))
    return np.reshape(smallest, np.shape(codes))


def chi_square(a, b):
    # hidden-hw1-c83f5d0e6a9b1742
    distances = np.zeros((len(a), len(b)))
    for i, row in enumerate(a.tolist()):
        for j, other in enumerate(b.tolist()):
            pairs = [(x, y) for x, y in zip(row, other, strict=True) if x + y > 0]
            distances[i, j] = sum((x - y) ** 2 / (x + y) for x, y in pairs)
    return distances


def vote(distances, labels, k):
    # hidden-hw1-c83f5d0e6a9b1742
    winners, names = [], labels.tolist()
    for row in distances.tolist():
        nearest = sorted(range(len(row)), key=lambda i: (row[i], i))[:k]
        votes, first = {}, {}
        for rank, i in enumerate(nearest):
            votes[names[i]] = votes.get(names[i], 0) + 1
            first.setdefault(names[i], rank)
        winners.append(min(votes, key=lambda name: (-votes[name], first[name])))
    return np.array(winners)


def texture(kind, rng):
    """A picture of sand (0), clouds (1), grass (2) or ripples (3) under a lamp of its own."""
    # hidden-hw1-c83f5d0e6a9b1742
    noise = rng.standard_normal((32, 32))
    if kind == 0:
        picture = noise
    elif kind == 1:
        picture = noise
        for shift in (1, 2, 3):
            picture = picture + np.roll(picture, shift, 0)
            picture = picture + np.roll(picture, shift, 1)
    elif kind == 2:
        picture = np.array([noise[np.arange(row - 4, row + 1) % 32].sum(axis=0) for row in range(32)])
    else:
        period, phase = rng.uniform(5, 7), rng.uniform()
        picture = 0.3 * noise + np.sin(2 * np.pi * (np.arange(32) / period + phase))
    level, contrast = rng.uniform(90, 160), rng.uniform(12, 35)
    grey = level + contrast * (picture - picture.mean()) / picture.std()
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def textures(count, rng, turned):
    # hidden-hw1-c83f5d0e6a9b1742
    kinds = np.tile(np.arange(4), count)
    pictures = [np.rot90(texture(kind, rng), rng.integers(1, 4) if turned else 0) for kind in kinds]
    return np.array(pictures), kinds


# Questions


def q1_cases(rng):
    settings = [
        ("5 x 8 grey levels with many equal ones", rng.integers(0, 4, (5, 8))),
        ("bytes, 9 x 4", rng.integers(0, 256, (9, 4)).astype(np.uint8)),
        ("grey levels with decimals", rng.uniform(0, 1, (6, 6))),
        ("a flat picture", np.full((4, 5), int(rng.integers(256)))),
        ("levels below zero", rng.integers(-9, 10, (3, 7))),
    ]
    hint = "One pixel at a time: which neighbours are at least as bright, and what are their bits worth?"
    cases = [Case(says, "lbp(image)", {"image": image}, lbp(image), hint=hint) for says, image in settings]
    image, hint = rng.integers(0, 256, (5, 5)), "Write the codes into an array of their own."
    return [
        *cases,
        Case("the picture, afterwards", "lbp(image)\nresult = image", {"image": image}, image, hint=hint),
    ]


def q2_cases(rng):
    settings = [  # shape, grid, bins
        ("4 x 4 blocks of 12 x 12 codes", (12, 12), (4, 4), 8),
        ("2 x 3 blocks that do not divide 7 x 10 codes", (7, 10), (2, 3), 5),
        ("4 x 3 blocks that do not divide 10 x 11 codes", (10, 11), (4, 3), 6),
        ("a single block", (5, 6), (1, 1), 256),
        ("one block for each code", (3, 4), (3, 4), 2),
    ]
    hint = "Pixel row r belongs to block row r * rows // H. Every block has all bins, and adds up to 1."
    cases = []
    for says, shape, grid, bins in settings:
        codes = rng.integers(0, bins, shape)
        inputs = {"codes": codes, "grid": grid, "bins": bins}
        expected = block_shares(codes, grid, bins)
        cases.append(Case(says, "block_shares(codes, grid, bins)", inputs, expected, hint=hint))
    return cases


def q3_cases(rng):
    settings = [
        ("6 x 9 grey levels", rng.integers(0, 256, (6, 9)), 3),
        ("bytes, 8 x 5", rng.integers(0, 256, (8, 5)).astype(np.uint8), 3),
        ("few grey levels, so many ties", rng.integers(0, 3, (7, 7)), 3),
        ("ties, and the four strongest", rng.integers(0, 2, (6, 8)), 4),
        ("only the strongest", rng.integers(0, 256, (5, 5)), 1),
        ("grey levels with decimals", rng.integers(0, 64, (5, 6)) / 64, 3),
    ]
    hint = "Of K the absolute value counts; of equals the smaller direction; bytes overflow."
    return [
        Case(
            says,
            f"ldp(image, {count})" if count != 3 else "ldp(image)",
            {"image": image},
            ldp(image, count),
            hint=hint,
        )
        for says, image, count in settings
    ]


def q4_cases(rng):
    every = rng.permutation(256)
    hint = "Write the eight bits round a circle: which start makes the smallest number?"
    settings = [
        ("all codes, mixed", every),
        ("a map of codes", rng.integers(0, 256, (5, 7))),
        ("codes as bytes", rng.integers(0, 256, (3, 2, 4)).astype(np.uint8)),
    ]
    cases = [
        Case(says, "without_up(codes)", {"codes": codes}, without_up(codes), hint=hint)
        for says, codes in settings
    ]
    code, hint = "without_up(codes)\nresult = codes", "Write the result into an array of its own."
    return [*cases, Case("the codes, afterwards", code, {"codes": every}, every, hint=hint)]


def q5_cases(rng):
    def shares(rows, size):
        counts = rng.integers(0, 4, (rows, size)) * rng.integers(0, 2, (rows, size))
        counts[:, rng.integers(size)] += 1
        return counts / counts.sum(axis=1, keepdims=True)

    settings = [
        ("shares, with codes that nobody has", shares(4, 20), shares(6, 20)),
        ("a single row against itself", *2 * (shares(1, 9),)),
        ("whole counts", rng.integers(0, 5, (5, 8)), rng.integers(0, 5, (3, 8))),
        ("as many rows here as there", shares(3, 3), shares(3, 3)),
    ]
    hint = "Every row of a against every row of b; where a + b is 0 nothing is added, anywhere else it is."
    cases = [
        Case(says, "chi_square(a, b)", {"a": a, "b": b}, chi_square(a, b), hint=hint)
        for says, a, b in settings
    ]
    a, b = shares(2, 6), shares(3, 6)
    code, hint = (
        "chi_square(a, b)\nresult = (a, b)",
        "The line a -= b changes the caller's array; a - b makes a new one.",
    )
    return [*cases, Case("the inputs, afterwards", code, {"a": a, "b": b}, (a, b), hint=hint)]


def q6_cases(rng):
    settings = [  # M, N, labels to choose from, k, equal distances?
        ("the nearest alone", 6, 9, [3, 1, 4], 1, False),
        ("three votes of four labels", 12, 15, [0, 1, 2, 3], 3, False),
        ("four votes, so many ties", 20, 12, [5, 2, 9], 4, False),
        ("large labels", 8, 10, [1998, 7, 10**6], 5, False),
        ("many equal distances", 15, 10, [6, 4, 8], 4, True),
        ("everybody votes", 5, 7, [1, 0], 7, False),
    ]
    hint = "Sort by distance (of equals the earlier), take k, count, and let the nearest decide a tie."
    cases = []
    for says, new, seen, names, k, equal in settings:
        distances = (
            rng.integers(0, 3, (new, seen)) / 2
            if equal
            else rng.permuted(np.tile(np.arange(1.0, seen + 1), (new, 1)), axis=1)
        )
        labels = rng.permutation(np.resize(names, seen))
        inputs = {"distances": distances, "labels": labels}
        cases.append(
            Case(says, f"vote(distances, labels, {k})", inputs, vote(distances, labels, k), hint=hint)
        )
    return cases


def q7_cases(rng):
    seen, kinds = textures(5, rng, turned=False)
    new, truth = textures(20, rng, turned=True)
    images = np.concatenate([seen, new])
    mixed = rng.permutation(len(images))  # counting the calls of `describe` tells nothing

    def judge(rows):
        try:
            numbers = np.asarray(rows, dtype=float)
        except (TypeError, ValueError):
            return "expected the same count of numbers for every picture"
        if numbers.ndim != 2 or len(numbers) != len(images) or not 1 <= numbers.shape[1] <= 64:
            return f"expected 1 to 64 numbers for each of 100 pictures, got shape {numbers.shape}"
        if not np.isfinite(numbers).all() or (numbers < 0).any():
            return "expected numbers from 0 on"
        numbers = numbers[np.argsort(mixed)]
        distances = chi_square(numbers[len(seen) :], numbers[: len(seen)])
        right = np.mean(kinds[distances.argmin(axis=1)] == truth)
        return None if right >= 0.9 else f"right for {right:.1%} of 80 pictures, asked for are 90 %"

    code = "[describe(image) for image in images]"
    hint = "What stays when the picture turns, and when the lamp changes?"
    inputs = {"images": images[mixed]}
    return [Case("turned pictures under other lamps", code, inputs, judge=judge, hint=hint)]


ASSIGNMENT = Assignment(
    "hw1",
    "Shallow descriptors",
    questions=(
        Question("q1", 2, "Codes of a picture", ("lbp",), q1_cases),
        Question("q2", 2, "Counts in blocks", ("block_shares",), q2_cases),
        Question("q3", 3, "The strongest edges", ("ldp",), q3_cases),
        Question("q4", 3, "Codes without an up", ("without_up",), q4_cases),
        Question("q5", 3, "A distance for counts", ("chi_square",), q5_cases),
        Question("q6", 3, "The nearest vote", ("vote",), q6_cases),
        Question("q7", 4, "A descriptor of your own", ("describe",), q7_cases),
    ),
    cnnlib=("__init__.py", "plotting.py"),
)
