"""Right answers to assignment 3 that look different, and wrong ones that students give."""

CORRECT = {
    "q1": {
        "nudged": """
def graph_gradients(a, b, c):
    def f(a, b, c):
        return (a * b + c) ** 2 * max(a, c)

    s = 1e-6
    return [
        (f(a + s, b, c) - f(a - s, b, c)) / (2 * s),
        (f(a, b + s, c) - f(a, b - s, c)) / (2 * s),
        (f(a, b, c + s) - f(a, b, c - s)) / (2 * s),
    ]
""",
        "a program of nodes": """
class Node:
    def __init__(self, value, parents=()):
        self.value, self.parents, self.grad = value, parents, 0.0

def graph_gradients(a, b, c):
    a, b, c = Node(a), Node(b), Node(c)
    m = Node(a.value * b.value, [(a, b.value), (b, a.value)])
    s = Node(m.value + c.value, [(m, 1), (c, 1)])
    q = Node(s.value**2, [(s, 2 * s.value)])
    t = Node(max(a.value, c.value), [(a, a.value > c.value), (c, c.value > a.value)])
    f = Node(q.value * t.value, [(q, t.value), (t, q.value)])
    f.grad = 1.0
    for node in (f, t, q, s, m):
        for parent, slope in node.parents:
            parent.grad += slope * node.grad
    return a.grad, b.grad, c.grad
""",
        "an array, with a print": """
def graph_gradients(a, b, c):
    print("forward", (a * b + c) ** 2 * max(a, c))
    s = a * b + c
    if a > c:
        return np.array([2 * s * b * a + s * s, 2 * s * a * a, 2 * s * a])
    return np.array([2 * s * b * c, 2 * s * a * c, 2 * s * c + s * s])
""",
    },
    "q2": {
        "loops over everything": """
def weight_gradients(dy, x, kernel_size, stride=1, padding=0):
    N, C, H, W = x.shape
    big = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    big[:, :, padding : padding + H, padding : padding + W] = x
    dweight = np.zeros((dy.shape[1], C) + tuple(kernel_size))
    dbias = np.zeros(dy.shape[1])
    for n in range(N):
        for o in range(dy.shape[1]):
            for r in range(dy.shape[2]):
                for s in range(dy.shape[3]):
                    dbias[o] += dy[n, o, r, s]
                    top, left = r * stride, s * stride
                    window = big[n, :, top : top + kernel_size[0], left : left + kernel_size[1]]
                    dweight[o] += dy[n, o, r, s] * window
    return dweight, dbias
""",
        "im2col": """
def weight_gradients(dy, x, kernel_size, stride=1, padding=0):
    KH, KW = kernel_size
    N, O, OH, OW = dy.shape
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    columns = []
    for n in range(N):
        for r in range(OH):
            for s in range(OW):
                columns.append(x[n, :, r * stride : r * stride + KH, s * stride : s * stride + KW].ravel())
    rows = dy.transpose(1, 0, 2, 3).reshape(O, -1)
    return [(rows @ np.array(columns)).reshape(O, -1, KH, KW), rows.sum(axis=1)]
""",
        "gradients spread, in float32": """
def weight_gradients(dy, x, kernel_size, stride=1, padding=0):
    x = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2)).astype(np.float32)
    spread = np.zeros(dy.shape[:2] + tuple(np.array(x.shape[2:]) - np.array(kernel_size) + 1), np.float32)
    spread[:, :, ::stride, ::stride] = dy
    view = np.lib.stride_tricks.sliding_window_view(x, spread.shape[2:], axis=(2, 3))
    return np.einsum("ncijrs,nors->ocij", view, spread), spread.sum((0, 2, 3))
""",
    },
    "q3": {
        "the flipped kernel on a ring of zeros": """
def pixel_gradients(dy, weight, size, stride=1, padding=0):
    (N, O, OH, OW), (_, C, KH, KW) = dy.shape, weight.shape
    H, W = size[0] + 2 * padding, size[1] + 2 * padding
    ringed = np.zeros((N, O, H + KH - 1, W + KW - 1))
    ringed[:, :, KH - 1 : KH - 1 + OH * stride : stride, KW - 1 : KW - 1 + OW * stride : stride] = dy
    view = np.lib.stride_tricks.sliding_window_view(ringed, (KH, KW), axis=(2, 3))
    dx = np.einsum("nohwij,ocij->nchw", view, weight[:, :, ::-1, ::-1])
    return dx[:, :, padding : H - padding, padding : W - padding]
""",
        "pixel by pixel": """
def pixel_gradients(dy, weight, size, stride=1, padding=0):
    dx = np.zeros((len(dy), weight.shape[1], *size))
    for n, c, h, w in np.ndindex(dx.shape):
        for i, j in np.ndindex(weight.shape[2:]):
            r, s = h + padding - i, w + padding - j
            if r % stride or s % stride:
                continue
            r, s = r // stride, s // stride
            if 0 <= r < dy.shape[2] and 0 <= s < dy.shape[3]:
                dx[n, c, h, w] += dy[n, :, r, s] @ weight[:, c, i, j]
    return dx
""",
        "the transposed matrix": """
def pixel_gradients(dy, weight, size, stride=1, padding=0):
    N, O, OH, OW = dy.shape
    C, KH, KW = weight.shape[1:]
    H, W = size[0] + 2 * padding, size[1] + 2 * padding
    T = np.zeros((O, OH, OW, C, H, W))
    for r in range(OH):
        for s in range(OW):
            T[:, r, s, :, r * stride : r * stride + KH, s * stride : s * stride + KW] = weight
    T = T[..., padding : padding + size[0], padding : padding + size[1]]
    return (dy.reshape(N, -1) @ T.reshape(O * OH * OW, -1)).reshape(N, C, *size)
""",
    },
    "q4": {
        "padded with minus infinity": """
def pool_gradients(dy, x, kernel_size, stride):
    N, C, H, W = x.shape
    OH, OW = dy.shape[2:]
    K = kernel_size
    big = np.full((N, C, max(H, (OH - 1) * stride + K), max(W, (OW - 1) * stride + K)), -np.inf)
    big[:, :, :H, :W] = x
    dbig = np.zeros(big.shape)
    n, c = np.ogrid[:N, :C]
    for r in range(OH):
        for s in range(OW):
            window = big[:, :, r * stride : r * stride + K, s * stride : s * stride + K]
            best = window.reshape(N, C, -1).argmax(axis=2)
            np.add.at(dbig, (n, c, r * stride + best // K, s * stride + best % K), dy[:, :, r, s])
    return dbig[:, :, :H, :W]
""",
        "compares one by one": """
def pool_gradients(dy, x, kernel_size, stride):
    dx = 0 * x
    for n in range(len(x)):
        for c in range(len(x[0])):
            for r in range(dy.shape[2]):
                for s in range(dy.shape[3]):
                    h, w = r * stride, s * stride
                    for i in range(r * stride, min(r * stride + kernel_size, x.shape[2])):
                        for j in range(s * stride, min(s * stride + kernel_size, x.shape[3])):
                            if x[n, c, i, j] > x[n, c, h, w]:
                                h, w = i, j
                    dx[n, c, h, w] = dx[n, c, h, w] + dy[n, c, r, s]
    return dx
""",
        "a list, through argwhere": """
def pool_gradients(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape, dtype=np.float32)
    for (n, c, r, s), value in np.ndenumerate(dy):
        rows = slice(r * stride, r * stride + kernel_size)
        cols = slice(s * stride, s * stride + kernel_size)
        window = x[n, c, rows, cols]
        first = np.argwhere(window == window.max())[0]
        dx[n, c, rows, cols][tuple(first)] += value
    return dx.tolist()
""",
    },
    "q5": {
        "row by row": """
def loss_and_gradient(votes, labels):
    total, count, dvotes = 0.0, 0, np.zeros(votes.shape)
    for n in range(len(votes)):
        if labels[n] == -1:
            continue
        z = votes[n] - max(votes[n])
        log_total = np.log(np.sum(np.exp(z)))
        total += log_total - z[labels[n]]
        dvotes[n] = np.exp(z - log_total)
        dvotes[n, labels[n]] -= 1
        count += 1
    return total / max(count, 1), dvotes / max(count, 1)
""",
        "one-hot matrix and a mask": """
def loss_and_gradient(votes, labels):
    onehot = (labels[:, None] == np.arange(votes.shape[1])).astype(float)
    has = onehot.sum(axis=1)
    n = max(has.sum(), 1)
    z = votes - votes.max(axis=1)[:, None]
    logp = z - np.log(np.exp(z).sum(axis=1))[:, None]
    return [-(onehot * logp).sum() / n, (np.exp(logp) - onehot) * has[:, None] / n]
""",
        "logaddexp": """
def loss_and_gradient(votes, labels):
    import warnings

    warnings.warn("this is a warning")
    known = labels >= 0
    n = known.sum()
    if not n:
        return 0, np.zeros_like(votes)
    log_total = np.logaddexp.reduce(votes, axis=1, keepdims=True)
    p = np.exp(votes - log_total)
    right = np.take_along_axis(votes, labels[:, None] * known[:, None], axis=1)
    loss = (log_total - right)[known].mean()
    p[np.arange(len(votes)), labels] -= 1
    return loss, np.where(known[:, None], p, 0) / n
""",
    },
    "q6": {
        "flat copies": """
def wrong_entries(f, x, gradient):
    def measure(step):
        slopes = []
        for k in range(x.size):
            up = np.array(x, dtype=float).ravel()
            down = up.copy()
            up[k] += step
            down[k] -= step
            slopes.append((f(up.reshape(x.shape)) - f(down.reshape(x.shape))) / (2 * step))
        return np.reshape(slopes, x.shape)

    allowed = 0.001 * np.maximum(1, np.abs(gradient))
    far = [np.abs(measure(s) - gradient) > allowed for s in (1e-5, 1e-7)]
    return far[0] & far[1]
""",
        "puts every number back": """
def wrong_entries(f, x, gradient):
    work = x.astype(np.float64)
    wrong = []
    for place, claimed in np.ndenumerate(gradient):
        old, agrees = work[place], False
        for s in (1e-5, 1e-7):
            work[place] = old + s
            above = f(work)
            work[place] = old - s
            below = f(work)
            work[place] = old
            slope = (above - below) / s / 2
            agrees = agrees or abs(slope - claimed) <= 1e-3 * max(1, abs(claimed))
        wrong.append(0 if agrees else 1)
    return np.array(wrong).reshape(x.shape)
""",
        "directions of a unit matrix": """
def wrong_entries(f, x, gradient):
    x = np.asarray(x) * 1.0
    result = np.zeros(x.shape, bool)
    allowed = 0.001 * np.where(np.abs(gradient) > 1, np.abs(gradient), 1)
    for k, e in enumerate(np.eye(x.size).reshape(-1, *x.shape)):
        slopes = np.array([(f(x + s * e) - f(x - s * e)) / (2 * s) for s in (1e-5, 1e-7)])
        result.flat[k] = np.all(np.abs(slopes - gradient.flat[k]) > allowed.flat[k])
    return result
""",
    },
    "q7": {
        "loops over pictures and filters": """
def train(images, labels, rng):
    K = int(max(labels)) + 1
    w = rng.normal(0, np.sqrt(2 / 25), (8, 1, 5, 5))
    b = np.zeros(8)
    v = rng.normal(0, np.sqrt(1 / 8), (K, 8))
    d = np.zeros(K)
    moves = [np.zeros(p.shape) for p in (w, b, v, d)]
    for epoch in range(25):
        order = rng.permutation(len(images))
        for start in range(0, len(order), 32):
            chosen = order[start : start + 32]
            view = np.lib.stride_tricks.sliding_window_view(images[chosen, 0], (5, 5), axis=(1, 2))
            maps = np.tensordot(view, w[:, 0], ((3, 4), (1, 2))) + b
            flat = maps.reshape(len(chosen), 36, 8)
            place = flat.argmax(axis=1)
            pooled = np.maximum(flat.max(axis=1), 0)
            z = pooled @ v.T + d
            p = np.exp(z - z.max(axis=1)[:, None])
            p = p / p.sum(axis=1)[:, None]
            for n, label in enumerate(labels[chosen]):
                p[n, label] -= 1
            p = p / len(chosen)
            dpooled = p @ v
            dw, db = np.zeros(w.shape), np.zeros(8)
            for n in range(len(chosen)):
                for k in range(8):
                    if pooled[n, k] > 0:
                        db[k] += dpooled[n, k]
                        dw[k, 0] += dpooled[n, k] * view[n, place[n, k] // 6, place[n, k] % 6]
            for parameter, move, g in zip((w, b, v, d), moves, (dw, db, p.T @ pooled, p.sum(axis=0))):
                move[...] = 0.9 * move - 0.05 * g
                parameter += move
    return w, b, v, d
""",
        "Adam in float32": """
def train(images, labels, rng):
    signs = int(labels.max()) + 1
    f = np.float32
    views = np.lib.stride_tricks.sliding_window_view(images[:, 0].astype(f), (5, 5), axis=(1, 2))
    views = np.ascontiguousarray(views.reshape(-1, 36, 25))
    theta = {
        "w": rng.normal(size=(25, 8)).astype(f) * f(0.28),
        "b": np.zeros(8, f),
        "v": rng.normal(size=(8, signs)).astype(f) * f(0.35),
        "d": np.zeros(signs, f),
    }
    first = {name: 0 * value for name, value in theta.items()}
    second = {name: 0 * value for name, value in theta.items()}
    step = 0
    for _ in range(30):
        for batch in rng.permutation(len(views))[: len(views) // 30 * 30].reshape(-1, 30):
            step += 1
            maps = np.maximum(views[batch] @ theta["w"] + theta["b"], 0)
            pooled = maps.max(axis=1)
            p = np.exp(pooled @ theta["v"] + theta["d"])
            p = (p / p.sum(axis=1, keepdims=True) - np.eye(signs, dtype=f)[labels[batch]]) / f(30)
            mask = (maps == pooled[:, np.newaxis]) & (maps > 0)
            dmaps = mask * (p @ theta["v"].T)[:, np.newaxis]
            slopes = {
                "w": np.tensordot(views[batch], dmaps, ((0, 1), (0, 1))),
                "b": dmaps.sum(axis=(0, 1)),
                "v": pooled.T @ p,
                "d": p.sum(axis=0),
            }
            for name, slope in slopes.items():
                first[name] = f(0.9) * first[name] + f(0.1) * slope
                second[name] = f(0.999) * second[name] + f(0.001) * slope**2
                m = first[name] / f(1 - 0.9**step)
                theta[name] -= f(0.02) * m / (np.sqrt(second[name] / f(1 - 0.999**step)) + f(1e-8))
    return [theta["w"].T.reshape(8, 1, 5, 5), theta["b"], theta["v"].T, theta["d"]]
""",
        "plain steps, a falling rate": """
def train(images, labels, rng):
    signs = labels.max() + 1
    w, b = rng.normal(size=(8, 25)) * 0.28, np.zeros(8)
    v, d = rng.normal(size=(signs, 8)) * 0.35, np.zeros(signs)
    for epoch in range(40):
        for batch in np.array_split(rng.permutation(len(images)), len(images) // 16 + 1):
            seen = np.lib.stride_tricks.sliding_window_view(images[batch, 0], (5, 5), axis=(1, 2))
            seen = seen.reshape(len(batch), 36, 25)
            maps = seen @ w.T + b
            best = maps.argmax(axis=1)
            n, k = np.arange(len(batch))[:, None], np.arange(8)
            h = np.maximum(maps[n, best, k], 0)
            e = np.exp(h @ v.T + d - (h @ v.T + d).max(axis=1, keepdims=True))
            dz = (e / e.sum(axis=1, keepdims=True) - np.eye(signs)[labels[batch]]) / len(batch)
            dh = dz @ v * (h > 0)
            rate = 0.3 * (1 - epoch / 40)
            v -= rate * dz.T @ h
            d -= rate * dz.sum(axis=0)
            w -= rate * np.einsum("nk,nkp->kp", dh, seen[n, best])
            b -= rate * dh.sum(axis=0)
    return [w[:, None].reshape(8, 1, 5, 5), b, v, d]
""",
    },
}

WRONG = {
    "q1": {
        "one way out of the fork at a": ("da = ds * b + (dm if a > c else 0)", "da = ds * b"),
        "the maximum pays both": ("dc = ds + (dm if c > a else 0)", "dc = ds + dm"),
        "slope of the square": ("ds = 2 * s * m", "ds = s * m"),
        "product does not swap": ("db = ds * a", "db = ds * b"),
        "the maximum forgotten on the way back": ("ds = 2 * s * m", "ds = 2 * s"),
        "slope of the maximum is the maximum": ("dm = s**2", "dm = m"),
        "loser paid": ("(dm if a > c else 0)", "(dm if c > a else 0)"),
        "gradients in another order": ("return da, db, dc", "return da, dc, db"),
    },
    "q2": {
        "no margin": (
            "((0, 0), (0, 0), (padding, padding), (padding, padding))",
            "((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding))",
        ),
        "stride for rows only": (
            "i : i + rows : stride, j : j + cols : stride]",
            "i : i + rows : stride, j : j + cols]",
        ),
        "stride forgotten": ("i : i + rows : stride, j : j + cols : stride]", "i : i + rows, j : j + cols]"),
        "averaged over the batch": ("return dweight, ", "return dweight / len(x), "),
        "the first picture only": ('"nors,ncrs->oc", dy, met', '"nors,ncrs->oc", dy[:1], met[:1]'),
        "kernel turned": ("dweight[:, :, i, j]", "dweight[:, :, -1 - i, -1 - j]"),
        "channels before filters": ("dweight, dy.sum", "dweight.swapaxes(0, 1), dy.sum"),
        "bias averaged": ("dy.sum(axis=(0, 2, 3))", "dy.mean(axis=(0, 2, 3))"),
        "a bias for each picture": ("dy.sum(axis=(0, 2, 3))", "dy.sum(axis=(2, 3))"),
        "rows and columns exchanged": (
            "padded[:, :, i : i + rows : stride, j : j + cols : stride]",
            "padded.swapaxes(2, 3)[:, :, i : i + rows : stride, j : j + cols : stride]",
        ),
    },
    "q3": {
        "kernel not where it was": (
            "weight)\n            top",
            "weight[:, :, ::-1, ::-1])\n            top",
        ),
        "margin not cut off": (
            "padded[:, :, padding : padding + H, padding : padding + W]",
            "padded",
        ),
        "margin cut off at the end only": (
            "padded[:, :, padding : padding + H, padding : padding + W]",
            "padded[:, :, :H, :W]",
        ),
        "windows overwrite each other": ("left : left + KW] += share", "left : left + KW] = share"),
        "stride forgotten": ("top, left = r * stride, s * stride", "top, left = r, s"),
        "averaged over the batch": ("share = np", "share = 1 / len(dy) * np"),
        "only the last filter": (
            '"no,ocij->ncij", dy[:, :, r, s], weight)',
            '"no,ocij->ncij", dy[:, -1:, r, s], weight[-1:])',
        ),
        "last place forgotten": ("for s in range(dy.shape[3]):", "for s in range(dy.shape[3] - 1):"),
        "pixels without a window left out": (
            "padded[:, :, padding : padding + H, padding : padding + W]",
            "padded[:, :, padding : padding + (dy.shape[2] - 1) * stride + KH, padding : padding + W]",
        ),
    },
    "q4": {
        "all that tie are paid": (
            """        row, col = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + col] += dy[n, c, r, s]""",
            """        dx[n, c, top : top + kernel_size, left : left + kernel_size] += (
            window == window.max()
        ) * dy[n, c, r, s]""",
        ),
        "those that tie share": (
            """        row, col = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + col] += dy[n, c, r, s]""",
            """        best = window == window.max()
        dx[n, c, top : top + kernel_size, left : left + kernel_size] += best * dy[n, c, r, s] / best.sum()""",
        ),
        "the last that ties": (
            "np.unravel_index(window.argmax(), window.shape)",
            "np.unravel_index(window.size - 1 - window.ravel()[::-1].argmax(), window.shape)",
        ),
        "the first in columns": (
            "np.unravel_index(window.argmax(), window.shape)",
            "np.unravel_index(window.T.argmax(), window.T.shape)[::-1]",
        ),
        "the last window wins": ("] += dy", "] = dy"),
        "stride is the window": ("r * stride, s * stride", "r * kernel_size, s * kernel_size"),
        "zeros outside": (
            "window = x[n, c, top : top + kernel_size, left : left + kernel_size]",
            "window = np.pad(x, ((0, 0), (0, 0), (0, kernel_size), (0, kernel_size)))["
            "n, c, top : top + kernel_size, left : left + kernel_size]",
        ),
        "windows that stick out skipped": (
            "        row, col",
            "        if window.size < kernel_size**2:\n            continue\n        row, col",
        ),
        "winners of the first channel": ("window = x[n, c,", "window = x[n, 0,"),
        "the value instead of the gradient": ("+= dy[n, c, r, s]", "+= window.max()"),
        "the smallest": ("window.argmax()", "window.argmin()"),
    },
    "q5": {
        "gradient not averaged": ("p / len(known)", "p"),
        "mean over all": ("p / len(known)", "p / len(votes)"),
        "loss over all": (
            "return loss, dvotes\n    ### END",
            "return loss * len(known) / len(votes), dvotes\n    ### END",
        ),
        "sum of the losses": (".mean()", ".sum()"),
        "-1 means the last class": ("np.flatnonzero(labels >= 0)", "np.arange(len(labels))"),
        "class 0 unlabelled": ("labels >= 0", "labels > 0"),
        "nothing subtracted": (" - votes[known].max(axis=1, keepdims=True)", ""),
        "one-hot forgotten": ("p[right] -= 1", "p = p + 0"),
        "sign turned": ("p / len(known)", "-p / len(known)"),
        "nobody labelled: not a number": (
            "    if len(known) == 0:\n        return 0.0, dvotes\n",
            "",
        ),
        "votes overwritten": (
            "ahead = votes[known] - votes[known].max(axis=1, keepdims=True)",
            "votes -= votes.max(axis=1, keepdims=True)\n    ahead = votes[known]",
        ),
        "log2": ("np.log(", "np.log2("),
    },
    "q6": {
        "either witness convicts": """
def wrong_entries(f, x, gradient):
    wrong = np.zeros(x.shape, dtype=bool)
    for step in (1e-5, 1e-7):
        for place in np.ndindex(x.shape):
            up, down = x.astype(float), x.astype(float)
            up[place] += step
            down[place] -= step
            measured = (f(up) - f(down)) / (2 * step)
            allowed = 0.001 * max(1, abs(gradient[place]))
            wrong[place] |= abs(measured - gradient[place]) > allowed
    return wrong
""",
        "the long step only": ("(1e-5, 1e-7)", "(1e-5,)"),
        "the short step only": ("(1e-5, 1e-7)", "(1e-7,)"),
        "one-sided": ("(f(up) - f(down)) / (2 * step)", "(f(up) - f(x)) / step"),
        "divided by the step": ("/ (2 * step)", "/ step"),
        "fixed tolerance": ("0.001 * max(1, abs(gradient[place]))", "0.001"),
        "relative tolerance only": ("0.001 * max(1, abs(gradient[place]))", "0.001 * abs(gradient[place])"),
        "whole numbers stay whole": (
            "x.astype(float), x.astype(float)  # astype makes a copy",
            "x.copy(), x.copy()",
        ),
        "in single precision": (
            "x.astype(float), x.astype(float)  # astype makes a copy",
            "x.astype(np.float32), x.astype(np.float32)",
        ),
        "nudges x itself": (
            "up, down = x.astype(float), x.astype(float)  # astype makes a copy",
            "up, down = x.astype(float), x.astype(float)\n            x[place] = 0.5 * x[place]",
        ),
        "one answer for all": ("return wrong", "return np.full(x.shape, wrong.any())"),
        "sign lost": ("abs(measured - gradient[place]) >", "measured - gradient[place] >"),
        "right where wrong": ("return wrong", "return ~wrong"),
        "too lenient": ("0.001 *", "0.2 *"),
    },
    "q7": {
        "filters stay as they were": (
            'dweight = np.einsum("no,nok->ok", dtop, winners)',
            "dweight = np.zeros((8, 25))",
        ),
        "uphill": ("velocity -= 0.05 * gradient", "velocity += 0.05 * gradient"),
        "starts at zero": ("rng.normal(size=(8, 25)) * np.sqrt(2 / 25)", "np.zeros((8, 25))"),
        "one epoch": ("range(25)", "range(1)"),
        "one-hot forgotten": ("p[np.arange(len(batch)), right] -= 1\n", "\n"),
        "labels of other sheets": ("labels[batch]", "labels[: len(batch)]"),
        "shape of the filters": ("weight.reshape(8, 1, 5, 5)", "weight"),
        "another order": (
            "return [weight.reshape(8, 1, 5, 5), bias, ",
            "return [bias, weight.reshape(8, 1, 5, 5), ",
        ),
        "biases forgotten": ("bias, vote_weight, vote_bias]\n    ###", "vote_weight]\n    ###"),
        "not divided by the batch": ("dvotes = p / len(batch)", "dvotes = p * 10"),
        "the pool pays the first place": (
            "place = maps.argmax(axis=1)[:, np.newaxis]",
            "place = 0 * maps.argmax(axis=1)[:, np.newaxis]",
        ),
        "the sheet's corner instead of the winner": (
            "winners = np.take_along_axis(seen, place[:, 0, :, np.newaxis], axis=1)",
            "winners = np.take_along_axis(seen, 0 * place[:, 0, :, np.newaxis], axis=1)",
        ),
    },
}
