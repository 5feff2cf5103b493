"""Answers to assignment 6 to try the tests on: right ones that differ, and mistakes that people make."""

DROPOUT = "def dropout(x, p, rng, training=True, inverted=True, maps=False):\n"
GRADIENTS = "def thinned_gradients(x, factor, weight1, bias1, weight2, dy):\n"
HEARD = "def heard(h, weight, bias, p, inverted=False):\n"
MASKS = "def all_masks(p):\n"
MEANS = "def two_means(votes, shares):\n"
ASK = "def ask_some(hidden, weight, bias, p, passes, rng):\n"
CONNECT = "def dropconnect_relu(x, weight, bias, p):\n"
STAND = "def stand_in(x, weight1, bias1, weight2, bias2, p):\n"

CORRECT = {
    "q1": {
        "coin by coin": DROPOUT
        + """
    q = 1 - p
    factor = np.empty(x.shape)
    if not training:
        factor[...] = 1 if inverted else q
    elif maps:
        for n in range(x.shape[0]):
            for c in range(x.shape[1]):
                factor[n, c] = rng.binomial(1, q) / (q if inverted else 1)
    else:
        for at in np.ndindex(*x.shape):
            factor[at] = rng.binomial(1, q) / (q if inverted else 1)
    return factor * x, factor
""",
        "choice and repeat": DROPOUT
        + """
    kept = np.ones_like(x)
    if training and maps:
        some = rng.choice([0.0, 1.0], size=x.shape[:2], p=[p, 1 - p])
        kept = np.repeat(some, x[0, 0].size).reshape(x.shape)
    elif training:
        kept = rng.choice([0.0, 1.0], size=x.shape, p=[p, 1 - p])
    if inverted and training:
        kept = kept / (1 - p)
    if not inverted and not training:
        kept = kept * (1 - p)
    return kept * x, kept
""",
        "float32, from the last example": DROPOUT
        + """
    if not training:
        factor = np.ones(x.shape, np.float32) * np.float32(1.0 if inverted else 1 - p)
        return x * factor, factor
    size = (x.shape[0], x.shape[1], 1, 1) if maps else x.shape
    mask = (rng.random(size, dtype=np.float32) >= np.float32(p)).astype(np.float32)[::-1]
    if inverted:
        mask = mask / np.float32(1 - p)
    mask = np.broadcast_to(mask, x.shape).copy()
    return x.astype(np.float32) * mask, mask
""",
    },
    "q2": {
        "loops": GRADIENTS
        + """
    dw1, db1, dw2, dx = (np.zeros(array.shape) for array in (weight1, bias1, weight2, x))
    for n in range(len(x)):
        sums = weight1 @ x[n] + bias1
        says = np.where(sums > 0, sums, 0) * factor[n]
        dw2 += np.outer(dy[n], says)
        back = (weight2.T @ dy[n]) * factor[n]
        back[sums <= 0] = 0
        dw1 += np.outer(back, x[n])
        db1 += back
        dx[n] = weight1.T @ back
    return dw1, db1, dw2, dx
""",
        "by what was said": GRADIENTS
        + """
    hidden = np.maximum(x @ weight1.T + bias1, 0) * factor
    d = (dy @ weight2) * factor * (hidden > 0)
    return [d.T @ x, d.sum(0), dy.T @ hidden, d @ weight1]
""",
        "einsum": GRADIENTS
        + """
    sums = np.einsum("nd,md->nm", x, weight1) + bias1
    gate = (sums > 0) * factor
    d = np.einsum("nc,cm,nm->nm", dy, weight2, gate)
    dw2 = np.einsum("nc,nm->cm", dy, sums * gate)
    return np.einsum("nm,nd->md", d, x), np.einsum("nm->m", d), dw2, np.einsum("nm,md->nd", d, weight1)
""",
        "float32": GRADIENTS
        + """
    x, factor, dy = np.float32(x), np.float32(factor), np.float32(dy)
    w1, w2 = np.float32(weight1), np.float32(weight2)
    sums = x @ w1.T + np.float32(bias1)
    d = dy @ w2 * factor * (sums > 0)
    return d.T @ x, d.sum(axis=0), dy.T @ (np.maximum(sums, 0) * factor), d @ w1
""",
    },
    "q3": {
        "loops": HEARD
        + """
    N, M = h.shape
    p = [float(p)] * M if np.ndim(p) == 0 else list(p)
    mean, variance = np.zeros((N, len(weight))), np.zeros((N, len(weight)))
    for n in range(N):
        for o in range(len(weight)):
            mean[n, o] = bias[o]
            for i in range(M):
                part, q = weight[o, i] * h[n, i], 1 - p[i]
                mean[n, o] += part * (1 if inverted else q)
                variance[n, o] += part**2 * (p[i] / q if inverted else p[i] * q)
    return mean, variance
""",
        "all masks": "import itertools\n\n"
        + HEARD
        + """
    p = np.broadcast_to(p, h.shape[-1:])
    total = square = 0
    for mask in itertools.product([0, 1], repeat=h.shape[-1]):
        mask = np.array(mask)
        share = np.where(mask == 1, 1 - p, p).prod()
        sums = (h * mask / (1 - p if inverted else 1)) @ weight.T + bias
        total, square = total + share * sums, square + share * sums**2
    return total, square - total**2
""",
        "moments of a coin": HEARD
        + """
    p = np.zeros(h.shape[1]) + p
    first, second = 1 - p, 1 - p
    if inverted:
        first, second = first / (1 - p), second / (1 - p) ** 2
    parts = weight[np.newaxis] * h[:, np.newaxis]
    return [(parts * first).sum(axis=2) + bias, (parts**2 * (second - first**2)).sum(axis=-1)]
""",
    },
    "q4": {
        "product": "from itertools import product\n\n"
        + MASKS
        + """
    masks = list(product([0, 1], repeat=len(p)))
    shares = []
    for mask in masks:
        share = 1.0
        for kept, drop in zip(mask, p):
            share *= (1 - drop) if kept else drop
        shares.append(share)
    return masks, shares
""",
        "doubling": MASKS
        + """
    masks, shares = np.zeros((1, 0)), np.ones(1)
    for drop in p:
        ones, zeros = np.ones((len(masks), 1)), np.zeros((len(masks), 1))
        masks = np.vstack([np.hstack([masks, ones]), np.hstack([masks, zeros])])
        shares = np.concatenate([shares * (1 - drop), shares * drop])
    return masks, shares
""",
        "bits as text": MASKS
        + """
    M = len(p)
    masks = np.array([[digit == "1" for digit in format(k, f"0{M}b")] for k in range(2**M)])
    return masks, np.exp((np.log(1 - p) * masks + np.log(p) * ~masks).sum(axis=1))
""",
    },
    "q5": {
        "the identity": MEANS
        + """
    def softmax(votes):
        powers = np.exp(votes - votes.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    return shares @ softmax(votes), softmax(shares @ votes)
""",
        "loops": MEANS
        + """
    arithmetic, logs = np.zeros(votes.shape[1]), np.zeros(votes.shape[1])
    for member, share in zip(votes, shares):
        total = np.logaddexp.reduce(member)
        for c in range(len(member)):
            arithmetic[c] += share * np.exp(member[c] - total)
            logs[c] += share * (member[c] - total)
    return arithmetic, np.exp(logs - np.logaddexp.reduce(logs))
""",
        "by ratios": MEANS
        + """
    says = [[1 / np.exp(np.clip(v - v[c], -np.inf, 700)).sum() for c in range(len(v))] for v in votes]
    middle = (shares[:, np.newaxis] * votes).sum(axis=0)
    ratios = np.exp(np.minimum(middle[:, np.newaxis] - middle, 700))
    return np.average(says, axis=0, weights=shares), 1 / ratios.sum(axis=0)
""",
        "float32": MEANS
        + """
    votes, shares = np.float32(votes), np.float32(shares)
    powers = np.exp(votes - votes.max(axis=1, keepdims=True))
    middle = shares @ votes
    geometric = np.exp(middle - middle.max())
    return shares @ (powers / powers.sum(axis=1, keepdims=True)), geometric / geometric.sum()
""",
    },
    "q6": {
        "pass by pass": ASK
        + """
    total, squares = np.zeros(len(bias)), np.zeros(len(bias))
    says = []
    for _ in range(passes):
        mask = np.array([rng.random() < 1 - p for _ in hidden])
        votes = weight @ (mask * hidden) + bias
        powers = np.exp(votes - np.max(votes))
        says.append(powers / np.sum(powers))
    mean = sum(says) / passes
    squares = sum((one - mean) ** 2 for one in says)
    return mean, np.sqrt(squares / (passes - 1) / passes)
""",
        "binomial, covariance": ASK
        + """
    masks = rng.binomial(1, 1 - p, size=(len(hidden), passes))
    votes = weight @ (masks * hidden[:, None]) + bias[:, None]
    logs = votes - np.logaddexp.reduce(votes, axis=0)
    says = np.exp(logs)
    return says.sum(axis=1) / passes, np.sqrt(np.diag(np.cov(says)) / passes)
""",
        "running mean": ASK
        + """
    mean = square = 0.0
    for t in range(1, passes + 1):
        votes = (weight * (rng.uniform(size=hidden.shape) > p)) @ hidden + bias
        powers = np.exp(votes - votes.max())
        says = powers / powers.sum()
        away = says - mean
        mean = mean + away / t
        square = square + away * (says - mean)
    return [mean, (square / (passes - 1)) ** 0.5 / passes**0.5]
""",
        "float32": ASK
        + """
    masks = (rng.random((passes, hidden.size), dtype=np.float32) >= np.float32(p)).astype(np.float32)
    votes = (masks * np.float32(hidden)) @ np.float32(weight).T + np.float32(bias)
    votes -= votes.max(axis=1, keepdims=True)
    says = np.exp(votes) / np.exp(votes).sum(axis=1, keepdims=True)
    return says.mean(axis=0), says.std(axis=0, ddof=1) / np.sqrt(np.float32(passes))
""",
    },
    "q7": {
        "loops": CONNECT
        + """
    found = np.zeros((len(x), len(weight)))
    for n in range(len(x)):
        for i in range(len(weight)):
            terms = [w * v for w, v in zip(weight[i], x[n])] + [bias[i]]
            mu = (1 - p) * sum(terms)
            sigma = math.sqrt(p * (1 - p) * sum(term * term for term in terms))
            if sigma == 0:
                found[n, i] = max(mu, 0)
                continue
            z = mu / sigma
            below = 0.5 * (1 + math.erf(z / math.sqrt(2)))
            found[n, i] = mu * below + sigma * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return found
""",
        "the bias as one more weight": CONNECT
        + """
    x = np.hstack([x, np.ones((len(x), 1))])
    weight = np.hstack([weight, bias[:, np.newaxis]])
    mu, sigma = (1 - p) * x @ weight.T, np.sqrt((1 - p) * p * (x * x) @ (weight * weight).T)
    sigma = np.maximum(sigma, 1e-300)
    z = np.clip(mu / sigma, -40, 40)
    erf = np.array([[math.erf(value / 2**0.5) for value in row] for row in z])
    return mu * (1 + erf) / 2 + sigma * np.exp(-0.5 * z * z) / (2 * math.pi) ** 0.5
""",
        "nan repaired": CONNECT
        + """
    q = 1 - p
    mu = q * x @ weight.T + q * bias
    sigma = (q * p * (x**2 @ (weight**2).T + bias**2)) ** 0.5
    with np.errstate(all="ignore"):
        z = mu / sigma
        erfc = np.vectorize(math.erfc)
        said = mu * erfc(-z / np.sqrt(2)) / 2 + sigma * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return np.where(sigma == 0, np.maximum(mu, 0), said).tolist()
""",
    },
    "q8": {
        "loop over masks": "import itertools\n\n"
        + STAND
        + """
    says = np.zeros(len(bias1))
    for mask in itertools.product([0, 1], repeat=len(x)):
        share = np.prod([1 - p if kept else p for kept in mask])
        says += share * np.maximum(weight1 @ (np.array(mask) * x) + bias1, 0)
    votes = weight2 @ ((1 - p) * says) + bias2
    votes -= votes.max()
    return np.exp(votes) / np.exp(votes).sum()
""",
        "input by input": STAND
        + """
    sums, shares = bias1[np.newaxis], np.ones(1)
    for j in range(len(x)):
        sums = np.concatenate([sums, sums + weight1[:, j] * x[j]])
        shares = np.concatenate([shares * p, shares * (1 - p)])
    mean = (shares[:, np.newaxis] * np.where(sums > 0, sums, 0)).sum(axis=0)
    votes = (1 - p) * (weight2 @ mean) + bias2
    return np.exp(votes - np.logaddexp.reduce(votes))
""",
        "the geometric mean over the lower masks": STAND
        + """
    D = len(x)
    masks = np.array([[int(bit) for bit in np.binary_repr(k, D)] for k in range(2**D)])
    shares = (1 - p) ** masks.sum(axis=1) * p ** (D - masks.sum(axis=1))
    each = (1 - p) * np.maximum((masks * x) @ weight1.T + bias1, 0) @ weight2.T + bias2
    logs = each - np.log(np.exp(each - each.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
    middle = (shares[:, None] * logs).sum(axis=0)
    powers = np.exp(middle - middle.max())
    return list(powers / powers.sum())
""",
    },
}

WRONG = {
    "q1": {
        "p is what is kept": ("coins < q", "coins < p"),
        "p for q": ("1 / q", "1 / p"),
        "no scale in training": ("(1 / q if inverted else 1.0)", "1.0"),
        "scaled down in training": ("1 / q", "q"),
        "scaled in training and in testing": ("1.0 if inverted else q", "q"),
        "nothing in testing": ("1.0 if inverted else q", "1.0"),
        "rules swapped": DROPOUT
        + """
    q = 1 - p
    if not training:
        factor = np.full(x.shape, q if inverted else 1.0)
    else:
        coins = rng.random((*x.shape[:2], 1, 1) if maps else x.shape)
        factor = np.zeros(x.shape) + (coins < q) * (1.0 if inverted else 1 / q)
    return x * factor, factor
""",
        "drops in testing": ("if not training", "if p < 0"),
        "one mask for the batch": ("else x.shape)", "else (1, *x.shape[1:]))"),
        "one coin for each example": ("else x.shape)", "else (len(x), *[1] * (x.ndim - 1)))"),
        "maps ignored": ("(*x.shape[:2], 1, 1) if maps else x.shape", "x.shape"),
        "one coin for each channel": ("(*x.shape[:2], 1, 1)", "(1, x.shape[1], 1, 1)"),
        "one coin for each image": ("(*x.shape[:2], 1, 1)", "(x.shape[0], 1, 1, 1)"),
        "one coin for each place": ("(*x.shape[:2], 1, 1)", "(1, 1, *x.shape[2:])"),
        "a generator of its own": ("coins = rng.random", "coins = np.random.default_rng(0).random"),
        "global randomness": ("coins = rng.random", "coins = np.random.random"),
        "factor forgotten": ("return x * factor, factor", "return x * factor"),
        "the other way round": ("return x * factor, factor", "return factor, x * factor"),
        "x in place": ("return x * factor, factor", "x *= factor\n    return x, factor"),
        "mask for factor": ("return x * factor, factor", "return x * factor, (factor > 0) * 1.0"),
        "normal coins": ("coins < q", "rng.normal(size=coins.shape) < q"),
        "exactly the share": DROPOUT
        + """
    q = 1 - p
    factor = np.full(x.shape, 1.0 if inverted else q)
    if training:
        shape = (*x.shape[:2], 1, 1) if maps else x.shape
        kept = np.zeros(int(np.prod(shape)))
        kept[: round(q * kept.size)] = 1
        factor = np.zeros(x.shape) + rng.permutation(kept).reshape(shape) * (1 / q if inverted else 1.0)
    return x * factor, factor
""",
    },
    "q2": {
        "no factor on the way back": ("dy @ weight2 * factor", "dy @ weight2"),
        "mask on the way back": ("dy @ weight2 * factor", "dy @ weight2 * (factor > 0)"),
        "factor twice": ("* factor * (sums > 0)", "* factor**2 * (sums > 0)"),
        "no ReLU on the way back": (" * (sums > 0)", ""),
        "hidden numbers before dropout": ("dy.T @ hidden", "dy.T @ np.maximum(sums, 0)"),
        "no ReLU forward": ("np.maximum(sums, 0)", "sums"),
        "mean over the examples": ("dsums.T @ x,", "dsums.T @ x / len(x),"),
        "transposed": ("dsums.T @ x,", "x.T @ dsums,"),
        "bias not summed": ("dsums.sum(axis=0)", "dsums"),
        "bias forgotten": ("x @ weight1.T + bias1", "x @ weight1.T"),
        "dx left out": (", dsums @ weight1", ""),
        "order of the results": (
            "dsums.T @ x, dsums.sum(axis=0), dy.T @ hidden",
            "dsums.T @ x, dy.T @ hidden, dsums.sum(axis=0)",
        ),
        "gate by the gradient": ("(sums > 0)", "(dy @ weight2 > 0)"),
        "divided by the factor": (
            "dy @ weight2 * factor",
            "dy @ weight2 / np.where(factor > 0, factor, np.inf)",
        ),
    },
    "q3": {
        "p for q": ("else (q, q * (1 - q))", "else (1 - q, q * (1 - q))"),
        "q for the variance": ("q * (1 - q))", "q)"),
        "variance not squared": ("(h**2 * variance) @ weight.T**2", "(h * variance) @ weight.T"),
        "weights not squared": ("@ weight.T**2", "@ weight.T"),
        "inverted as the lecture's": (
            "(1, (1 - q) / q) if inverted else (q, q * (1 - q))",
            "(q, q * (1 - q))",
        ),
        "lecture's as inverted": ("(1, (1 - q) / q) if inverted else (q, q * (1 - q))", "(1, (1 - q) / q)"),
        "inverted upside down": ("(1 - q) / q", "q / (1 - q)"),
        "inverted mean only": ("(1, (1 - q) / q)", "(1, q * (1 - q))"),
        "inverted by 1/q once": ("(1, (1 - q) / q)", "(1, 1 - q)"),
        "bias is scaled": ("(h * mean) @ weight.T + bias", "(h @ weight.T + bias) * np.mean(mean)"),
        "bias forgotten": ("weight.T + bias", "weight.T"),
        "bias varies": ("@ weight.T**2", "@ weight.T**2 + bias**2 * np.mean(variance)"),
        "deviation": (
            "(h**2 * variance) @ weight.T**2",
            "np.sqrt((h**2 * variance) @ weight.T**2)",
        ),
        "square of the mean": ("(h**2 * variance) @ weight.T**2", "np.mean(variance) * (h @ weight.T) ** 2"),
        "one p for all": ("q = 1 - np.asarray(p)", "q = 1 - np.mean(p)"),
        "mean over the batch": (
            "return (h * mean)",
            "h = h.mean(axis=0, keepdims=True)\n    return (h * mean)",
        ),
    },
    "q4": {
        "shares swapped": ("1 - p, p)", "p, 1 - p)"),
        "all alike": (
            "np.prod(np.where(masks == 1, 1 - p, p), axis=1)",
            "np.full(len(masks), 1 / len(masks))",
        ),
        "kept units only": ("np.where(masks == 1, 1 - p, p)", "np.where(masks == 1, 1 - p, 1)"),
        "sum for product": ("np.prod(", "np.sum("),
        "one p for all": (
            "np.prod(np.where(masks == 1, 1 - p, p), axis=1)",
            "(1 - p.mean()) ** masks.sum(axis=1) * p.mean() ** (len(p) - masks.sum(axis=1))",
        ),
        "shares of the reversed masks": ("return masks,", "return masks[:, ::-1],"),
        "one mask is missing": ("np.arange(2 ** len(p))[:", "np.arange(1, 2 ** len(p))[:"),
        "transposed": ("return masks,", "return masks.T,"),
        "drawn at random": (
            "(np.arange(2 ** len(p))[:, np.newaxis] >> digits) % 2",
            "np.random.default_rng(0).integers(0, 2, (2 ** len(p), len(p)))",
        ),
        "by how many are kept": (
            "    return masks,",
            "    masks = (np.arange(len(p)) < masks.sum(axis=1, keepdims=True)) * 1\n    return masks,",
        ),
        "masks alone": ("return masks, np.prod(np.where(masks == 1, 1 - p, p), axis=1)", "return masks"),
        "dropped is 1": ("return masks,", "return 1 - masks,"),
    },
    "q5": {
        "shares ignored": ("mean_logs = shares @ logs", "mean_logs = logs.mean(axis=0)"),
        "shares ignored in the first": ("shares @ np.exp(logs)", "np.exp(logs).mean(axis=0)"),
        "not renormalised": ("geometric / geometric.sum()", "np.exp(mean_logs)"),
        "votes for probabilities": ("shares @ np.exp(logs)", "shares @ votes"),
        "softmax of the mean vote, twice": ("shares @ np.exp(logs)", "geometric / geometric.sum()"),
        "the same twice": (
            "return shares @ np.exp(logs), geometric / geometric.sum()",
            "return shares @ np.exp(logs), shares @ np.exp(logs)",
        ),
        "overflow": ("    votes = votes - votes.max(axis=1, keepdims=True)\n", ""),
        "logarithm of a probability": (
            "mean_logs = shares @ logs",
            "mean_logs = shares @ np.log(np.exp(logs))",
        ),
        "logarithm with a small number": (
            "mean_logs = shares @ logs",
            "mean_logs = shares @ np.log(np.exp(logs) + 1e-12)",
        ),
        "softmax over the members": (
            "np.exp(votes).sum(axis=1, keepdims=True)",
            "np.exp(votes).sum(axis=0, keepdims=True)",
        ),
        "order": (
            "return shares @ np.exp(logs), geometric / geometric.sum()",
            "return geometric / geometric.sum(), shares @ np.exp(logs)",
        ),
        "harmonic": (
            "mean_logs = shares @ logs",
            "mean_logs = -np.log(shares @ np.exp(-np.maximum(logs, -700)))",
        ),
        "one largest vote for all": ("votes.max(axis=1, keepdims=True)", "votes.max()"),
        "largest class only": ("shares @ np.exp(logs)", "shares @ (logs == logs.max(axis=1, keepdims=True))"),
    },
    "q6": {
        "p is what is kept": (">= p", "< p"),
        "inverted": (
            "masks = rng.random((passes, len(hidden))) >= p",
            "masks = (rng.random((passes, len(hidden))) >= p) / (1 - p + 1e-9 * (p == 0))",
        ),
        "deviation for the error": (" / np.sqrt(passes)", ""),
        "divided by the passes": ("/ np.sqrt(passes)", "/ passes"),
        "variance": ("says.std(axis=0, ddof=1)", "says.var(axis=0, ddof=1)"),
        "T below": (", ddof=1", ""),
        "one mask for all passes": ("(passes, len(hidden))", "(1, len(hidden))"),
        "one coin for all units": ("(passes, len(hidden))", "(passes, 1)"),
        "votes averaged": (
            "    powers = np.exp",
            "    votes = votes.mean(axis=0, keepdims=True) + 0 * votes\n    powers = np.exp",
        ),
        "softmax over the passes": (
            "powers / powers.sum(axis=1, keepdims=True)",
            "powers / powers.sum(axis=0, keepdims=True)",
        ),
        "bias is dropped, too": ("weight.T + bias", "weight.T + bias * masks[:, :1]"),
        "bias forgotten": ("weight.T + bias", "weight.T"),
        "a generator of its own": ("rng.random(", "np.random.default_rng(0).random("),
        "global randomness": ("rng.random(", "np.random.random("),
        "the scaled network": (
            "masks = rng.random((passes, len(hidden))) >= p",
            "masks = np.full((passes, len(hidden)), 1 - p)",
        ),
        "classes averaged": ("says.mean(axis=0)", "says.mean()"),
        "always a hundred passes": ("(passes, len(hidden))", "(100, len(hidden))"),
        "overflow": ("votes - votes.max(axis=1, keepdims=True)", "votes"),
    },
    "q7": {
        "the scaled network": (
            "np.where(varies, mean * below + deviation * density, np.maximum(mean, 0))",
            "np.maximum(mean, 0)",
        ),
        "bias without a coin": ("q * (x @ weight.T + bias)", "q * (x @ weight.T) + bias"),
        "bias does not vary": (" + bias**2", ""),
        "bias not squared": ("+ bias**2", "+ bias"),
        "variance for deviation": (
            "np.sqrt(q * p * (x**2 @ weight.T**2 + bias**2))",
            "q * p * (x**2 @ weight.T**2 + bias**2)",
        ),
        "p for q": ("q * (x @", "p * (x @"),
        "inverted": ("q * (x @", "(x @"),
        "without the root of 2": ("(z / math.sqrt(2))", "(z)"),
        "erf for Phi": (
            "(1 + np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2))) / 2",
            "np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2))",
        ),
        "density without its constant": (" / math.sqrt(2 * math.pi)", ""),
        "density alone": ("mean * below + deviation * density", "deviation * density"),
        "no density": ("mean * below + deviation * density", "mean * below"),
        "density not times sigma": ("+ deviation * density", "+ density"),
        "nan where nothing varies": (
            "np.where(varies, mean * below + deviation * density, np.maximum(mean, 0))",
            "np.where(varies, mean * below + deviation * density, np.nan)",
        ),
        "divides by zero": (
            "np.where(varies, mean * below + deviation * density, np.maximum(mean, 0))",
            "mean * below + deviation * density + 0 * (mean / deviation)",
        ),
        "zero where nothing varies": (
            "mean * below + deviation * density, np.maximum(mean, 0))",
            "mean * below + deviation * density, 0)",
        ),
        "negative sums pass": ("np.maximum(mean, 0))", "mean)"),
        "weights not squared": ("x**2 @ weight.T**2", "x**2 @ weight.T"),
    },
    "q8": {
        "the scaled network": (
            "says = shares @ np.maximum((masks * x) @ weight1.T + bias1, 0)",
            "says = np.maximum(q * x @ weight1.T + bias1, 0)",
        ),
        "ReLU of the mean": (
            "shares @ np.maximum((masks * x) @ weight1.T + bias1, 0)",
            "np.maximum(shares @ ((masks * x) @ weight1.T + bias1), 0)",
        ),
        "hidden masks forgotten": ("q * weight2 @ says", "weight2 @ says"),
        "bias scaled": ("q * weight2 @ says + bias2", "q * (weight2 @ says + bias2)"),
        "first bias scaled": ("weight1.T + bias1", "weight1.T + q * bias1"),
        "first bias is dropped": (
            "(masks * x) @ weight1.T + bias1",
            "(masks * x) @ weight1.T + bias1 * masks[:, :1]",
        ),
        "masks alike": ("np.prod(np.where(masks == 1, q, p), axis=1)", "np.full(len(masks), 1 / len(masks))"),
        "shares swapped": ("np.where(masks == 1, q, p)", "np.where(masks == 1, p, q)"),
        "p for q behind": ("q * weight2 @ says", "p * weight2 @ says"),
        "q twice": ("q * weight2 @ says", "q * q * weight2 @ says"),
        "no ReLU": ("np.maximum((masks * x) @ weight1.T + bias1, 0)", "((masks * x) @ weight1.T + bias1)"),
        "inverted inputs": ("(masks * x)", "(masks * x / q)"),
        "nobody drops an input": (
            "shares @ np.maximum((masks * x) @ weight1.T + bias1, 0)",
            "np.maximum(x @ weight1.T + bias1, 0)",
        ),
        "arithmetic mean over the lower masks": STAND
        + """
    q = 1 - p
    masks = (np.arange(2 ** len(x))[:, np.newaxis] >> np.arange(len(x))) % 2
    shares = np.prod(np.where(masks == 1, q, p), axis=1)
    votes = q * np.maximum((masks * x) @ weight1.T + bias1, 0) @ weight2.T + bias2
    powers = np.exp(votes - votes.max(axis=1, keepdims=True))
    return shares @ (powers / powers.sum(axis=1, keepdims=True))
""",
        "votes, not probabilities": ("return powers / powers.sum()", "return votes"),
        "moment matching": STAND
        + """
    q = 1 - p
    mean = q * x @ weight1.T + bias1
    deviation = np.sqrt(q * p * x**2 @ weight1.T**2)
    z = mean / deviation
    below = (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2
    says = mean * below + deviation * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    votes = q * weight2 @ says + bias2
    powers = np.exp(votes - votes.max())
    return powers / powers.sum()
""",
    },
}
