"""Answers that must get the points, and mistakes that must not: a change of the solution or a whole cell."""

CORRECT = {
    "q1": {
        "one loop over the feature": """
def match_map(image, feature):
    image, feature = np.asarray(image, float), np.asarray(feature, float)
    KH, KW = feature.shape
    rows, cols = image.shape[0] - KH + 1, image.shape[1] - KW + 1
    total = np.zeros((rows, cols))
    for i in range(KH):
        for j in range(KW):
            total += feature[i, j] * image[i:i + rows, j:j + cols]
    return total / feature.size
""",
        "windows at once": """
def match_map(image, feature):
    windows = np.lib.stride_tricks.sliding_window_view(image, feature.shape)
    return (windows * feature).mean(axis=(2, 3))
""",
        "a list of lists, and prints": """
def match_map(image, feature):
    print("matching", image.shape)
    KH, KW = feature.shape
    return [[float(np.mean(image[r:r + KH, c:c + KW] * feature)) for c in range(image.shape[1] - KW + 1)]
            for r in range(image.shape[0] - KH + 1)]
""",
        "float32": """
def match_map(image, feature):
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(np.float32), feature.shape)
    return np.einsum("rcij,ij->rc", windows, feature.astype(np.float32)) / np.float32(feature.size)
""",
    },
    "q2": {
        "padded with minus infinity": """
def max_pool(maps, size=2, stride=2, keep_last=True):
    C, H, W = maps.shape
    if keep_last:
        maps = np.pad(maps.astype(float), ((0, 0), (0, size), (0, size)), constant_values=-np.inf)
        rows, cols = -(-H // stride), -(-W // stride)
    else:
        rows, cols = (H - size) // stride + 1, (W - size) // stride + 1
    y = np.empty((C, rows, cols))
    for r in range(rows):
        for c in range(cols):
            y[:, r, c] = maps[:, r * stride:r * stride + size, c * stride:c * stride + size].max(axis=(1, 2))
    return y
""",
        "nested lists": """
def max_pool(maps, size=2, stride=2, keep_last=True):
    result = []
    for one in maps:
        lines = []
        for r in range(0, len(one), stride):
            if not keep_last and r + size > len(one):
                break
            line = []
            for c in range(0, len(one[0]), stride):
                if keep_last or c + size <= len(one[0]):
                    line.append(max(float(v) for row in one[r:r + size] for v in row[c:c + size]))
            lines.append(line)
        result.append(lines)
    return result
""",
        "rows first, then columns": """
def max_pool(maps, size=2, stride=2, keep_last=True):
    def along(values):  # pools the last axis
        length = values.shape[-1]
        starts = [s for s in range(0, length, stride) if keep_last or s + size <= length]
        return np.stack([values[..., s:s + size].max(axis=-1) for s in starts], axis=-1)
    return along(along(maps).swapaxes(1, 2)).swapaxes(1, 2)
""",
    },
    "q3": {
        "seven loops": """
def conv2d(x, weight, bias=None, stride=1, padding=0):
    N, C, H, W = x.shape
    O, _, KH, KW = weight.shape
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding:padding + H, padding:padding + W] = x
    y = np.zeros((N, O, (H + 2 * padding - KH) // stride + 1, (W + 2 * padding - KW) // stride + 1))
    for n, o, r, c in np.ndindex(y.shape):
        for k in range(C):
            for i in range(KH):
                for j in range(KW):
                    y[n, o, r, c] += weight[o, k, i, j] * padded[n, k, r * stride + i, c * stride + j]
        y[n, o, r, c] += 0 if bias is None else bias[o]
    return y
""",
        "windows and einsum": """
def conv2d(x, weight, bias=None, stride=1, padding=0):
    p = padding
    padded = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], axis=(2, 3))
    y = np.einsum("nkrcij,okij->norc", windows[:, :, ::stride, ::stride], weight)
    return y if bias is None else y + np.reshape(bias, (1, -1, 1, 1))
""",
        "one matrix product": """
def conv2d(x, weight, bias=None, stride=1, padding=0):
    O, C, KH, KW = weight.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows = range(0, padded.shape[2] - KH + 1, stride)
    cols = range(0, padded.shape[3] - KW + 1, stride)
    columns = np.array([padded[:, :, r:r + KH, c:c + KW].reshape(len(x), -1) for r in rows for c in cols])
    y = columns @ weight.reshape(O, -1).T  # (places, N, O)
    if bias is not None:
        y = y + bias
    return y.transpose(1, 2, 0).reshape(len(x), O, len(rows), len(cols))
""",
        "float32": """
def conv2d(x, weight, bias=None, stride=1, padding=0):
    x, weight = x.astype("float32"), weight.astype("float32")
    O, C, KH, KW = weight.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    H, W = (x.shape[2] - KH) // stride + 1, (x.shape[3] - KW) // stride + 1
    y = np.zeros((len(x), O, H, W), np.float32)
    for i in range(KH):
        for j in range(KW):
            part = x[:, :, i:i + stride * (H - 1) + 1:stride, j:j + stride * (W - 1) + 1:stride]
            y += np.einsum("nkrc,ok->norc", part, weight[:, :, i, j])
    return y if bias is None else y + bias.astype("float32")[:, None, None]
""",
    },
    "q4": {
        "lists": """
def trace(shape, layers):
    out = []
    for layer in layers:
        n = 0
        if layer["kind"] in ("conv", "pool"):
            K = layer["kernel_size"]
            S = layer.get("stride", K if layer["kind"] == "pool" else 1)
            P, D = layer.get("padding", 0), layer.get("dilation", 1)
            after = [shape[0]]
            for size in shape[1:]:
                span = D * K - D + 1
                if size + 2 * P < span:
                    raise ValueError("no place")
                after.append(int(np.floor((size + 2 * P - span) / S)) + 1)
            if layer["kind"] == "conv":
                after[0] = layer["out_channels"]
                n = after[0] * shape[0] * K * K + (after[0] if layer.get("bias", True) else 0)
            shape = after
        elif layer["kind"] == "flatten":
            shape = [int(np.prod(shape))]
        elif layer["kind"] == "linear":
            n = layer["out_features"] * shape[0] + layer["out_features"] * int(layer.get("bias", True))
            shape = [layer["out_features"]]
        out.append([list(shape), n])
    return out
""",
        "defaults first": """
DEFAULTS = {"padding": 0, "dilation": 1, "bias": True}
def trace(shape, layers):
    steps = []
    for given in layers:
        one = {**DEFAULTS, "stride": given.get("kernel_size", 1) if given["kind"] == "pool" else 1, **given}
        match one["kind"]:
            case "conv" | "pool":
                span = one["dilation"] * (one["kernel_size"] - 1) + 1
                room = [size + 2 * one["padding"] - span for size in shape[1:]]
                if min(room) < 0:
                    raise ValueError(f"no room: {room}")
                weights = (one.get("out_channels", 0), shape[0], one["kernel_size"], one["kernel_size"])
                learned = int(np.prod(weights)) + one["bias"] * weights[0]
                shape = (weights[0] or shape[0], *(r // one["stride"] + 1 for r in room))
            case "flatten":
                learned, shape = 0, (int(np.prod(shape)),)
            case "linear":
                learned = (shape[0] + one["bias"]) * one["out_features"]
                shape = (one["out_features"],)
            case _:
                learned = 0
        steps.append((shape, learned))
    return steps
""",
        "numpy numbers": """
def trace(shape, layers):
    shape, result = np.array(shape), []
    for layer in layers:
        kind, count = layer["kind"], np.int64(0)
        if kind == "conv" or kind == "pool":
            K = layer["kernel_size"]
            span = (K - 1) * layer.get("dilation", 1) + 1
            stride = layer.get("stride") or (K if kind == "pool" else 1)
            room = shape[1:] + 2 * layer.get("padding", 0) - span
            if (room < 0).any():
                raise ValueError
            C = layer["out_channels"] if kind == "conv" else shape[0]
            if kind == "conv":
                count = C * (shape[0] * K ** 2 + (1 if layer.get("bias", True) else 0))
            shape = np.array([C, *(room // stride + 1)])
        if kind == "flatten":
            shape = np.array([shape.prod()])
        if kind == "linear":
            count = layer["out_features"] * (shape[0] + int(layer.get("bias", True)))
            shape = np.array([layer["out_features"]])
        result.append((tuple(shape), count))
    return tuple(result)
""",
    },
    "q5": {
        "loops": """
def fold(weight, bias, mean, std):
    O, C, KH, KW = weight.shape
    w, b = np.zeros(weight.shape), np.zeros(O)
    for o in range(O):
        b[o] = bias[o]
        for k in range(C):
            for i in range(KH):
                for j in range(KW):
                    w[o, k, i, j] = weight[o, k, i, j] / std[k]
                    b[o] -= w[o, k, i, j] * mean[k]
    return w, b
""",
        "by asking the old layer": """
def fold(weight, bias, mean, std):
    black = -np.asarray(mean) / np.asarray(std)  # what a picture of zeros becomes
    new_bias = [b + sum(w[k].sum() * black[k] for k in range(len(black))) for w, b in zip(weight, bias)]
    return [weight / np.reshape(std, (1, -1, 1, 1)), new_bias]
""",
        "einsum in float32": """
def fold(weight, bias, mean, std):
    scale = (1 / std).astype("float32")
    w = np.einsum("ockl,c->ockl", weight.astype("float32"), scale)
    return w, (bias - np.einsum("ockl,c->o", w, mean.astype("float32"))).astype("float32")
""",
    },
    "q6": {
        "loops": """
def votes_from_examples(values, labels, classes):
    weight, bias = [], []
    for k in range(classes):
        mine = [v for v, label in zip(values, labels) if label == k]
        mean = sum(mine) / len(mine)
        weight.append(mean)
        bias.append(-sum(m * m for m in mean) / 2)
    return weight, bias
""",
        "one-hot product": """
def votes_from_examples(values, labels, classes):
    hot = (labels[:, None] == np.arange(classes)).astype(float)
    weight = hot.T @ values / hot.sum(axis=0)[:, None]
    return weight, -np.einsum("kf,kf->k", weight, weight) / 2
""",
        "add.at": """
def votes_from_examples(values, labels, classes):
    weight = np.zeros((classes, values.shape[1]))
    np.add.at(weight, labels, values)
    weight /= np.bincount(labels, minlength=classes)[:, None]
    return [weight, -np.linalg.norm(weight, axis=1) ** 2 / 2]
""",
    },
    "q7": {
        "gradient descent": """
rng = np.random.default_rng(5)
features, bias = rng.standard_normal((32, 3, 3)), rng.standard_normal(32)
pictures, labels = letters(800, rng)
values = toy_values(pictures, features, bias)
centre, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
seen, target = (values - centre) / spread, np.eye(2)[labels]
weight, vote_bias = np.zeros((2, 128)), np.zeros(2)
for step in range(200):
    votes = seen @ weight.T + vote_bias
    votes = np.exp(votes - votes.max(axis=1, keepdims=True))
    error = (votes / votes.sum(axis=1, keepdims=True) - target) / len(seen)
    weight, vote_bias = weight - 0.1 * error.T @ seen, vote_bias - 0.1 * error.sum(axis=0)
network = features, bias, weight / spread, vote_bias - (weight / spread) @ centre
""",
        "features of -1 and 1, lists": """
rng = np.random.default_rng(11)
features = rng.choice([-1.0, 1.0], (32, 3, 3)) / 9
bias = -0.1 * np.ones(32)
pictures, labels = letters(1500, rng)
values = np.hstack([toy_values(pictures, features, bias), np.ones((1500, 1))])
solved = np.linalg.solve(values.T @ values + 0.01 * np.eye(129), values.T @ (2.0 * labels - 1))
network = [part.tolist() for part in (features, bias, np.array([-solved[:-1], solved[:-1]]),
                                      np.array([-solved[-1], solved[-1]]))]
""",
        "24 features in float32": """
rng = np.random.default_rng(2)
features, bias = rng.standard_normal((24, 3, 3)), np.zeros(24)
pictures, labels = letters(1500, rng)
values = np.hstack([toy_values(pictures, features, bias), np.ones((1500, 1))])
solved = np.linalg.lstsq(values, np.eye(2)[labels], rcond=None)[0]
network = tuple(part.astype(np.float32) for part in (features, bias, solved[:-1].T, solved[-1]))
""",
    },
}

_RANDOM = """
rng = np.random.default_rng(0)
features, bias = rng.standard_normal((32, 3, 3)), rng.standard_normal(32)
"""
_LEAST_SQUARES = """
values = np.hstack([toy_values(pictures, features, bias), np.ones((len(pictures), 1))])
solved = np.linalg.lstsq(values, 2.0 * labels - 1, rcond=None)[0]
network = features, bias, np.array([-solved[:-1], solved[:-1]]), np.array([-solved[-1], solved[-1]])
"""

WRONG = {
    "q1": {
        "not divided": (".sum() / feature.size", ".sum()"),
        "divided by nine whatever the feature": ("/ feature.size", "/ 9"),
        "divided by the height squared": ("/ feature.size", "/ height**2"),
        "divided by the ink of the feature": ("/ feature.size", "/ (feature == 1).sum()"),
        "turned around": ("patch * feature)", "patch * feature[::-1, ::-1])"),
        "one place too few": ("- height + 1, image.shape[1] - width + 1", "- height, image.shape[1] - width"),
        "rows and columns exchanged": ("matches[row, col]", "matches[col, row]"),
        "square pictures only": ("image.shape[1] - width + 1", "image.shape[0] - width + 1"),
        "whole numbers": ("np.empty((rows, cols))", "np.empty((rows, cols), dtype=image.dtype)"),
        "rounded down": (".sum() / feature.size", ".sum() // feature.size"),
        "counts agreements": ("(patch * feature).sum()", "(patch == feature).sum()"),
        "forgets to return": ("    return matches\n", "    matches\n"),
    },
    "q2": {
        "always drops the last window": ("size - 1 if keep_last else 0", "0"),
        "always keeps the last window": ("size - 1 if keep_last else 0", "size - 1"),
        "starts from zero": ("window.max(axis=(1, 2))", "window.max(axis=(1, 2), initial=0)"),
        "pads with zeros": (
            "    height, width = maps.shape[1:]\n",
            "    height, width = maps.shape[1:]\n    maps = np.pad(maps, ((0, 0), (0, size), (0, size)))\n",
        ),
        "moves by the size": ("+ beyond, stride)\n    cols", "+ beyond, size)\n    cols"),
        "windows as large as the stride": (
            "row : row + size, col : col + size",
            "row : row + stride, col : col + stride",
        ),
        "the mean": ("window.max(", "window.mean("),
        "one maximum for all maps": ("window.max(axis=(1, 2))", "np.full(len(maps), window.max())"),
        "square maps only": ("range(0, width - size", "range(0, height - size"),
        "maps last": (".transpose(2, 0, 1)", ""),
        "rows and columns exchanged": (".transpose(2, 0, 1)", ".transpose(2, 1, 0)"),
        "changes the maps": ("    windows = [", "    maps[maps < 0] = 0\n    windows = ["),
        "one window too many": ("size - 1 if keep_last else 0", "size - 1 if keep_last else 1"),
    },
    "q3": {
        "no bias": ("        y += np.asarray(bias)[:, np.newaxis, np.newaxis]\n", "        pass\n"),
        "turned around": ("tensordot(window, weight,", "tensordot(window, weight[:, :, ::-1, ::-1],"),
        "divided like a match": (
            "axes=([1, 2, 3], [1, 2, 3]))",
            "axes=([1, 2, 3], [1, 2, 3])) / weight[0].size",
        ),
        "ignores the stride where it looks": ("row * stride, col * stride", "row, col"),
        "stride for rows only": ("row * stride, col * stride", "row * stride, col"),
        "ignores the padding": ("margin = (padding, padding)", "margin = (0, 0)"),
        "padding on one side": ("margin = (padding, padding)", "margin = (0, padding)"),
        "square filters only": (
            "kernel_height, kernel_width = weight.shape[2:]",
            "kernel_height = kernel_width = weight.shape[2]",
        ),
        "a place too many": ("- kernel_height) // stride + 1", "- kernel_height + stride - 1) // stride + 1"),
        "first channel only": (
            "axes=([1, 2, 3], [1, 2, 3]))",
            "axes=([1, 2, 3], [1, 2, 3])) * 0\n"
            "            y[:, :, row, col] += np.tensordot(window[:, 0], weight[:, 0], 2 * ([1, 2],))",
        ),
        "first picture only": ("tensordot(window, weight,", "tensordot(window[:1], weight,"),
        "whole numbers": (
            "y = np.empty((len(x), len(weight), rows, cols))",
            "y = np.empty((len(x), len(weight), rows, cols), x.dtype)\n"
            "    bias = None if bias is None else np.asarray(bias).astype(x.dtype)",
        ),
        "bias along the columns": (
            "[:, np.newaxis, np.newaxis]",
            "[:cols] if len(bias) == cols else bias[0]",
        ),
        "adds the bias to the filters": (
            "    if bias is not None:\n        y +=",
            "    if bias is not None:\n"
            "        weight += np.asarray(bias).astype(weight.dtype)[:, None, None, None]\n"
            "        y +=",
        ),
        "needs a bias": ("    if bias is not None:\n        y +=", "    if True:\n        y +="),
    },
    "q4": {
        "no biases": ("+ bias)\n            shape = (filters", ")\n            shape = (filters"),
        "one bias for the layer": (
            'filters * (channels * layer["kernel_size"] ** 2 + bias)',
            'filters * channels * layer["kernel_size"] ** 2 + bias',
        ),
        "always a bias": ('layer.get("bias", True)', "True"),
        "ignores the dilation": ('layer.get("dilation", 1) * (kernel_size - 1) + 1', "kernel_size"),
        "span one too large": ("(kernel_size - 1) + 1", "kernel_size"),
        "padding on one side": ('2 * layer.get("padding", 0)', 'layer.get("padding", 0)'),
        "rounds up": (
            'room // layer.get("stride", default) + 1',
            '-(-room // layer.get("stride", default)) + 1',
        ),
        "pools by 1": ('kernel_size if layer["kind"] == "pool" else 1', "1"),
        "no error": (
            '            raise ValueError(f"a window that spans {span} has no place in {size} pixels")\n',
            "            return 0\n",
        ),
        "an error without room": ("if room < 0", "if room <= 0"),
        "channels stay": ("shape = (filters, places", "shape = (channels, places"),
        "flatten forgets the channels": ("shape[0] * shape[1] * shape[2],)", "shape[1] * shape[2],)"),
        "a filter is flat": ('(channels * layer["kernel_size"] ** 2', '(layer["kernel_size"] ** 2'),
        "square pictures only": (
            "(filters, places(shape[1], layer), places(shape[2], layer))",
            "(filters, places(shape[1], layer), places(shape[1], layer))",
        ),
        "the last layer only": (
            "        rows.append((tuple(shape), parameters))",
            "        rows = [(tuple(shape), parameters)]",
        ),
        "skips what learns nothing": (
            "        rows.append(",
            "        if parameters:\n            rows.append(",
        ),
    },
    "q5": {
        "bias as it was": ("bias - new_weight.sum(axis=(2, 3)) @ mean", "np.array(bias)"),
        "bias with the wrong sign": ("bias - new_weight", "bias + new_weight"),
        "old weights in the bias": ("bias - new_weight.sum", "bias - weight.sum"),
        "multiplied by the spread": ("weight / std[", "weight * std["),
        "adds over channels only": ("new_weight.sum(axis=(2, 3)) @ mean", "new_weight[:, :, 0, 0] @ mean"),
        "mean over the window": ("new_weight.sum(axis=(2, 3))", "new_weight.mean(axis=(2, 3))"),
        "along the columns": ("std[:, np.newaxis, np.newaxis]", "np.resize(std, weight.shape[3])"),
        "spread of the filter": (
            "std[:, np.newaxis, np.newaxis]",
            "np.resize(std, len(weight))[:, None, None, None]",
        ),
        "one mean for all channels": ("@ mean", "@ np.full(len(mean), mean.mean())"),
        "changes the weights": (
            "    new_weight = weight / std[:, np.newaxis, np.newaxis]\n",
            "    weight /= std[:, np.newaxis, np.newaxis]\n    new_weight = weight\n",
        ),
        "bias divided too": ("bias - new_weight", "bias / std.mean() - new_weight"),
        "the mean divided twice": ("@ mean", "@ (mean / std)"),
    },
    "q6": {
        "no bias": ("-0.5 * (weight**2).sum(axis=1)", "np.zeros(classes)"),
        "positive bias": ("-0.5 *", "0.5 *"),
        "bias not halved": ("-0.5 *", "-1.0 *"),
        "length, not squared": ("(weight**2).sum(axis=1)", "np.sqrt((weight**2).sum(axis=1))"),
        "the sum": (".mean(axis=0)", ".sum(axis=0)"),
        "the median": ("values[labels == k].mean(axis=0)", "np.median(values[labels == k], axis=0)"),
        "one number for each class": (".mean(axis=0)", ".mean() + 0 * values[0]"),
        "transposed": ("return weight, bias", "return weight.T, bias"),
        "labels sorted, equally many": (
            "values[labels == k].mean",
            "values[k * (len(values) // classes) : (k + 1) * (len(values) // classes)].mean",
        ),
        "classes as they come": ("for k in range(classes)", "for k in dict.fromkeys(labels.tolist())"),
        "two classes only": ("for k in range(classes)", "for k in range(2)"),
        "the wrong way round": ("return weight, bias", "return bias, weight"),
        "last class left out": ("for k in range(classes)", "for k in range(max(labels))"),
        "divided by all examples": (
            "values[labels == k].mean(axis=0)",
            "values[labels == k].sum(axis=0) / len(values)",
        ),
    },
    "q7": {
        "the lecture's features and votes": """
features, bias = xo.FEATURES / 9, np.zeros(3)
weight = np.zeros((2, 12))
weight[0, [0, 3, 4, 9, 10]], weight[1, [1, 2, 8, 11]] = 1 / 5, 1 / 4
network = features, bias, weight, np.zeros(2)
""",
        "the lecture's features, votes learned": "features, bias = xo.FEATURES / 9, np.zeros(3)\n"
        "pictures, labels = letters(1000, np.random.default_rng(0))" + _LEAST_SQUARES,
        "learned from two perfect letters": _RANDOM
        + "pictures, labels = np.array([xo.X, xo.O]), np.array([0, 1])"
        + _LEAST_SQUARES,
        "learned from thirty letters": _RANDOM + "pictures, labels = letters(30, rng)" + _LEAST_SQUARES,
        "means of four features": """
rng = np.random.default_rng(0)
features, bias = rng.standard_normal((4, 3, 3)), rng.standard_normal(4)
pictures, labels = letters(1000, rng)
values = toy_values(pictures, features, bias)
weight = np.array([values[labels == k].mean(axis=0) for k in (0, 1)])
network = features, bias, weight, -0.5 * (weight**2).sum(axis=1)
""",
        "votes at random": _RANDOM
        + "network = features, bias, rng.standard_normal((2, 128)), rng.standard_normal(2)\n",
        "votes exchanged": ("targets = 2.0 * labels - 1", "targets = 1 - 2.0 * labels"),
        "64 features": (
            "features = rng.standard_normal((32, 3, 3))  # random, as in chapter 4\n"
            "bias = rng.standard_normal(32)",
            "features = rng.standard_normal((64, 3, 3))\nbias = rng.standard_normal(64)",
        ),
        "one vote only": (
            "network = (features, bias, weight, vote_bias)",
            "network = (features, bias, weight[1:], vote_bias[1:])",
        ),
        "weight transposed": ("(features, bias, weight, vote_bias)", "(features, bias, weight.T, vote_bias)"),
        "no biases": ("(features, bias, weight, vote_bias)", "(features, weight)"),
        "labels of the training letters": ("(features, bias, weight, vote_bias)", "labels"),
        "not a number": ("weight, vote_bias = np.array(", "weight, vote_bias = np.nan * np.array("),
    },
}
