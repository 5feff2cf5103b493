"""Answers that must get the points, and mistakes that must not: a change of the solution or a whole cell."""

CORRECT = {
    "q1": {
        "loops over pixels": """
def lbp(image):
    H, W = image.shape
    codes = np.zeros((H - 2, W - 2), dtype=int)
    for r in range(1, H - 1):
        for c in range(1, W - 1):
            for p, (down, right) in enumerate(PLACES):
                if image[r + down, c + right] >= image[r, c]:
                    codes[r - 1, c - 1] += 2**p
    return codes
""",
        "bytes, packed": """
def lbp(image):
    image = np.asarray(image)
    H, W = image.shape
    bits = [image[1 + d:H - 1 + d, 1 + r:W - 1 + r] >= image[1:-1, 1:-1] for d, r in PLACES]
    return np.packbits(bits, axis=0, bitorder="little")[0]
""",
        "rolled, then cut; prints": """
def lbp(image):
    print(image)
    codes = 0
    for p, (d, r) in enumerate(PLACES):
        codes = codes | ((np.roll(image, (-d, -r), axis=(0, 1)) >= image).astype(int) << p)
    return codes[1:-1, 1:-1]
""",
        "lists": """
def lbp(image):
    image = image.tolist()
    return [[sum((image[r + d][c + e] >= image[r][c]) << p for p, (d, e) in enumerate(PLACES))
             for c in range(1, len(image[0]) - 1)] for r in range(1, len(image) - 1)]
""",
    },
    "q2": {
        "pixel by pixel": """
def block_shares(codes, grid, bins):
    H, W = codes.shape
    counts = np.zeros((*grid, bins))
    for r in range(H):
        for c in range(W):
            counts[r * grid[0] // H, c * grid[1] // W, codes[r, c]] += 1
    return (counts / counts.sum(axis=2, keepdims=True)).reshape(-1)
""",
        "one bincount": """
def block_shares(codes, grid, bins):
    H, W = codes.shape
    rows, cols = grid
    block = (np.arange(H) * rows // H)[:, None] * cols + np.arange(W) * cols // W
    counts = np.bincount((block * bins + codes).ravel(), minlength=rows * cols * bins).reshape(-1, bins)
    return (counts / counts.sum(axis=1)[:, None]).ravel().astype(np.float32)
""",
        "edges rounded up": """
def block_shares(codes, grid, bins):
    edges = [[-(-k * size // parts) for k in range(parts + 1)] for size, parts in zip(codes.shape, grid)]
    shares = []
    for top, bottom in zip(edges[0], edges[0][1:]):
        for left, right in zip(edges[1], edges[1][1:]):
            block = codes[top:bottom, left:right]
            shares += [float((block == code).mean()) for code in range(bins)]
    return shares
""",
    },
    "q3": {
        "masks and loops": """
def ldp(image, count=3):
    H, W = image.shape
    codes = np.zeros((H - 2, W - 2), dtype=int)
    for r in range(1, H - 1):
        for c in range(1, W - 1):
            n = [float(image[r + d, c + e]) for d, e in PLACES]
            K = [sum((5 if (p - i) % 8 in (0, 1, 7) else -3) * n[p] for p in range(8)) for i in range(8)]
            first = sorted(range(8), key=lambda i: -abs(K[i]))[:count]
            codes[r - 1, c - 1] = sum(2**i for i in first)
    return codes
""",
        "largest, then the next": """
def ldp(image, count=3):
    image = np.asarray(image, dtype=np.float32)
    H, W = image.shape
    n = np.array([image[1 + d:H - 1 + d, 1 + e:W - 1 + e] for d, e in PLACES])
    K = np.abs(8 * (np.roll(n, 1, 0) + n + np.roll(n, -1, 0)) - 3 * n.sum(axis=0))
    codes = np.zeros(K.shape[1:], dtype=int)
    for _ in range(count):
        best = K.argmax(axis=0)
        codes += 1 << best
        np.put_along_axis(K, best[None], -1, axis=0)
    return codes
""",
        "ranks": """
def ldp(image, count=3):
    image = image.astype("int64") if image.dtype.kind in "iu" else image
    middle = tuple(slice(1, s - 1) for s in image.shape)
    n = [np.roll(image, (-d, -e), (0, 1))[middle] for d, e in PLACES]
    near = [n[i - 1] + n[i] + n[(i + 1) % 8] for i in range(8)]
    K = [abs(5 * near[i] - 3 * (sum(n) - near[i])) for i in range(8)]
    code = 0
    for i in range(8):
        ahead = sum((K[j] > K[i]) | ((K[j] == K[i]) & (j < i)) for j in range(8) if j != i)
        code = code + 2**i * (ahead < count)
    return code
""",
    },
    "q4": {
        "strings": """
def without_up(codes):
    def smallest(code):
        bits = np.binary_repr(code, 8)
        return min(int(bits[k:] + bits[:k], 2) for k in range(8))
    return np.reshape([smallest(int(code)) for code in np.ravel(codes)], np.shape(codes))
""",
        "a table": """
TABLE = np.arange(256)
for _ in range(8):
    turned = np.arange(256)
    for _ in range(_ + 1):
        turned = turned // 2 + 128 * (turned % 2)
    TABLE = np.minimum(TABLE, turned)
def without_up(codes):
    return TABLE[codes]
""",
        "bytes": """
def without_up(codes):
    best = current = codes.astype(np.uint8)
    for _ in range(7):
        current = (current >> np.uint8(1)) | (current << np.uint8(7))
        best = np.minimum(best, current)
    return best
""",
    },
    "q5": {
        "loops": """
def chi_square(a, b):
    result = np.zeros((len(a), len(b)))
    for i in range(len(a)):
        for j in range(len(b)):
            for x, y in zip(a[i].astype(float), b[j].astype(float)):
                if x + y:
                    result[i, j] += (x - y) ** 2 / (x + y)
    return result
""",
        "all at once, warnings": """
def chi_square(a, b):
    a, b = np.asarray(a, float)[:, None], np.asarray(b, float)[None]
    return np.nansum((a - b) ** 2 / (a + b), axis=2)
""",
        "float32 and lists": """
def chi_square(a, b):
    a, b = a.astype(np.float32), b.astype(np.float32)
    rows = []
    for one in a:
        total = one + b
        parts = np.divide((one - b) ** 2, total, out=np.zeros_like(total), where=total > 0)
        rows.append(parts.sum(1).tolist())
    return rows
""",
    },
    "q6": {
        "counting": """
def vote(distances, labels, k):
    winners = []
    for row in distances:
        order = sorted(range(len(labels)), key=lambda i: row[i])[:k]
        best, most = None, 0
        for i in order:
            votes = sum(labels[j] == labels[i] for j in order)
            if votes > most:
                best, most = labels[i], votes
        winners.append(int(best))
    return winners
""",
        "Counter": """
from collections import Counter
def vote(distances, labels, k):
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.array([Counter(labels[row].tolist()).most_common(1)[0][0] for row in order])
""",
        "matrices": """
def vote(distances, labels, k):
    order = np.argsort(distances, axis=1, kind="mergesort")[:, :k]
    voters = labels[order]  # (M, k), the nearest first
    votes = (voters[:, :, None] == voters[:, None, :]).sum(axis=2)
    return voters[np.arange(len(voters)), votes.argmax(axis=1)].astype(float)
""",
    },
    "q7": {
        "how many are brighter": """
def describe(image):
    n = np.array([image[1 + d:31 + d, 1 + r:31 + r] >= image[1:-1, 1:-1] for d, r in PLACES])
    return np.bincount(n.sum(axis=0).ravel(), minlength=9) / 900
""",
        "roughness along and across": """
def describe(image):
    grey = image.astype(float) / image.std()
    return sorted(float(np.abs(np.diff(grey, axis=axis)).mean()) for axis in (0, 1))
""",
        "uniform codes by their ones": """
def describe(image):
    counts = np.zeros(10, dtype=np.float32)
    for r in range(1, 31):
        for c in range(1, 31):
            bits = [image[r + d, c + e] >= image[r, c] for d, e in PLACES]
            changes = sum(bits[i] != bits[i - 1] for i in range(8))
            counts[sum(bits) if changes <= 2 else 9] += 1
    return counts / counts.sum()
""",
    },
}

_SHARES = "    return np.bincount(column[codes].ravel(), minlength=len(kept)) / codes.size\n"

WRONG = {
    "q1": {
        "brighter, not at least as bright": ("neighbour >= middle", "neighbour > middle"),
        "the other way round": ("neighbour >= middle", "middle >= neighbour"),
        "bits backwards": ("2**bit", "2 ** (7 - bit)"),
        "bits from 1": ("2**bit", "2 ** (bit + 1)"),
        "clockwise": ("enumerate(PLACES)", "enumerate([(-down, right) for down, right in PLACES])"),
        "rows and columns exchanged": ("(down, right) in", "(right, down) in"),
        "one pixel too few": (
            "height - 1 + down, 1 + right : width - 1",
            "height - 2 + down, 1 + right : width - 2",
        ),
        "square pictures only": ("width - 1 + right", "height - 1 + right"),
        "differences of bytes": ("neighbour >= middle", "neighbour - middle >= 0"),
        "counts the bright ones": (" * 2**bit", ""),
        "with a margin": ("    return codes\n", "    return np.pad(codes, 1)\n"),
        "whole grey levels only": ("    middle =", "    image = image.astype(int)\n    middle ="),
        "changes the picture": ("    return codes\n", "    image[1:-1, 1:-1] = codes\n    return codes\n"),
    },
    "q2": {
        "counts": (" / block.size", ""),
        "roots, as in the chapter": (
            "np.bincount(block, minlength=bins) / block.size",
            "np.sqrt(np.bincount(block, minlength=bins) / block.size)",
        ),
        "share of the whole picture": ("/ block.size", "/ codes.size"),
        "only the bins that occur": (", minlength=bins", ""),
        "columns first": (
            "    for row in range(rows):\n        for col in range(cols):\n",
            "    for col in range(cols):\n        for row in range(rows):\n",
        ),
        "grid exchanged": ("rows, cols = grid", "cols, rows = grid"),
        "the rest is dropped": ("* rows // codes.shape[0]", "// (codes.shape[0] // rows)"),
        "larger blocks first": (
            "np.arange(codes.shape[0]) * rows // codes.shape[0]",
            "np.repeat(np.arange(rows), [len(p) for p in np.array_split(np.arange(codes.shape[0]), rows)])",
        ),
        "square grids only": ("rows, cols = grid", "rows = cols = grid[0]"),
        "square maps only": (
            "np.arange(codes.shape[1]) * cols // codes.shape[1]",
            "np.arange(codes.shape[0]) * cols // codes.shape[0]",
        ),
        "a table": ("np.concatenate(shares)", "np.array(shares)"),
        "one bin too many": ("minlength=bins", "minlength=bins + 1"),
        "the last block only": (
            "            shares.append(",
            "            shares = []\n            shares.append(",
        ),
    },
    "q3": {
        "largest, not largest absolute": ("-np.abs(kirsch)", "-np.array(kirsch)"),
        "smallest": ("-np.abs(kirsch)", "np.abs(kirsch)"),
        "of equals the larger direction": (
            'np.argsort(-np.abs(kirsch), axis=0, kind="stable")',
            '7 - np.argsort(-np.abs(kirsch)[::-1], axis=0, kind="stable")',
        ),
        "always three": ("order[:count]", "order[:3]"),
        "bytes overflow": ("grey = image.astype(float)", "grey = image"),
        "a threshold in place of a rank": (
            "(2 ** order[:count]).sum(axis=0)",
            "sum((np.abs(kirsch[i]) >= np.sort(np.abs(kirsch), axis=0)[-count]) * 2**i for i in range(8))",
        ),
        "not round the circle": ("n[(i + 1) % 8])", "n[min(i + 1, 7)])"),
        "five neighbours too many": ("- 3 * sum(n)", "- 5 * sum(n)"),
        "with the middle pixel": ("- 3 * sum(n)", "- 3 * (sum(n) + grey[1:-1, 1:-1])"),
        "bits backwards": ("2 ** order", "2 ** (7 - order)"),
        "one direction as a number": ("(2 ** order[:count]).sum(axis=0)", "order[:count].sum(axis=0)"),
        "square pictures only": ("width - 1 + r", "height - 1 + r"),
        "whole grey levels only": ("image.astype(float)", "image.astype(int)"),
    },
    "q4": {
        "bits fall off": (" | (codes << (8 - k)) & 255", ""),
        "more than eight bits": (" & 255", ""),
        "quarter turns only": ("range(8)", "range(0, 8, 2)"),
        "seven rotations": ("range(8)", "range(1, 8)"),
        "only once": ("range(8)", "range(2)"),
        "the largest": ("np.min(", "np.max("),
        "counts the bits": ("np.min(rotated, axis=0)", "sum(codes >> k & 1 for k in range(8))"),
        "as many ones, packed": (
            "np.min(rotated, axis=0)",
            "2 ** sum(codes >> k & 1 for k in range(8)) - 1",
        ),
        "also mirrored": (
            "    return np.min",
            "    codes = sum((codes >> k & 1) << (7 - k) for k in range(8))\n"
            "    rotated += [(codes >> k) | (codes << (8 - k)) & 255 for k in range(8)]\n"
            "    return np.min",
        ),
        "seven bits": ("(8 - k)", "(7 - k)"),
        "one number for all": ("np.min(rotated, axis=0)", "np.min(rotated)"),
        "laid in a row": ("np.min(rotated, axis=0)", "np.min(rotated, axis=0).ravel()"),
        "changes the codes": (
            "codes = np.asarray(codes).astype(int)\n",
            "given, codes = codes, np.asarray(codes).astype(int)\n    given[...] = 0\n",
        ),
    },
    "q5": {
        "nothing for 0/0": ("np.where(total > 0, total, 1)", "total"),
        "a little more below": ("np.where(total > 0, total, 1)", "(total + 0.01)"),
        "only where both have some": (
            "(gap / np.where(total > 0, total, 1))",
            "(gap / np.where(total > 0, total, 1) * (row > 0) * (b > 0))",
        ),
        "halved": ("        distances[i] =", "        distances[i] = 0.5 *"),
        "the root": ("    return distances", "    return np.sqrt(distances)"),
        "not squared": ("(row - b) ** 2", "np.abs(row - b)"),
        "plain squares": ("gap / np.where(total > 0, total, 1)", "gap"),
        "divided by one of them": ("total = row + b", "total = row + 0 * b"),
        "transposed": ("    return distances", "    return distances.T"),
        "row by row only": ("    return distances", "    return np.diag(distances)"),
        "whole numbers": ("np.zeros((len(a), len(b)))", "np.zeros((len(a), len(b)), int)"),
        "as many here as there": ("np.zeros((len(a), len(b)))", "np.zeros((len(a), len(a)))"),
        "the mean": (".sum(axis=1)", ".mean(axis=1)"),
        "changes the rows": (
            "    distances = np.zeros",
            "    if a.dtype == float:\n        a -= a.mean()\n        a += 1\n    distances = np.zeros",
        ),
    },
    "q6": {
        "the smallest label wins a tie": (
            "max(voters, key=voters.count)",
            "max(sorted(voters), key=voters.count)",
        ),
        "the last label wins a tie": ("max(voters, key=voters.count)", "max(voters[::-1], key=voters.count)"),
        "the nearest alone": ("[:k]]", "[:1]]"),
        "always three": ("[:k]]", "[:3]]"),
        "one voter too many": ("[:k]]", "[: k + 1]]"),
        "the farthest": ("np.argsort(row,", "np.argsort(-row,"),
        "places, not labels": ("labels[i] for i in", "int(i) for i in"),
        "the mean label": ("max(voters, key=voters.count)", "round(np.mean(voters))"),
        "everybody votes": ("[:k]]", "]"),
        "of equals the later": (
            'np.argsort(row, kind="stable")[:k]',
            'len(row) - 1 - np.argsort(row[::-1], kind="stable")[:k]',
        ),
        "the median voter": ("max(voters, key=voters.count)", "sorted(voters)[len(voters) // 2]"),
        "how many votes": ("max(voters, key=voters.count)", "max(map(voters.count, voters))"),
        "first picture only": ("for row in distances", "for row in distances[:1]"),
        "columns": ("for row in distances", "for row in distances.T"),
    },
    "q7": {
        "plain LBP": (_SHARES, "    return np.bincount(codes.ravel(), minlength=256) / codes.size\n"),
        "LBP, folded into 64": (
            _SHARES,
            "    return np.bincount(codes.ravel() // 4, minlength=64) / codes.size\n",
        ),
        "grey levels": (_SHARES, "    return np.bincount(image.ravel() // 4, minlength=64) / image.size\n"),
        "mean and spread": (_SHARES, "    return np.array([image.mean(), image.std()])\n"),
        "the pixels, shrunk": (_SHARES, "    return image.reshape(8, 4, 8, 4).mean(axis=(1, 3)).ravel()\n"),
        "roughness, along first": (
            _SHARES,
            "    grey = image / image.std()\n"
            "    return [np.abs(np.diff(grey, axis=axis)).mean() for axis in (0, 1)]\n",
        ),
        "only the codes that occur": (
            _SHARES,
            "    return np.unique(column[codes], return_counts=True)[1] / codes.size\n",
        ),
        "negative numbers": (
            _SHARES,
            "    return np.log(np.bincount(column[codes].ravel(), minlength=36) / 900 + 0.01)\n",
        ),
        "nothing": (_SHARES, "    return np.zeros(36)\n"),
        "not a number": (_SHARES, "    return np.full(36, np.nan)\n"),
        "a table": (_SHARES, "    return np.ones((6, 6))\n"),
        "counts its calls": """
calls = []
def describe(image):
    calls.append(image)
    return np.eye(4)[(len(calls) - 1) % 4]
""",
        "quarter turns forgotten": (
            "min((c >> k | c << (8 - k)) & 255 for k in range(8))",
            "min((c >> k | c << (8 - k)) & 255 for k in (0, 4))",
        ),
    },
}
