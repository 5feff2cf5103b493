"""Right answers to assignment 4 that look different, and wrong ones that students give."""

_TRAIN = """
def small_network(images, labels, rng):
    from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
    from cnnlib.losses import CrossEntropyLoss

    best = (9.0, None)
    for _ in range(3):
        {start}
        loss, moves = CrossEntropyLoss(), {{}}
        for epoch in range({epochs}):
            total = 0
            for batch in np.array_split(rng.permutation(len(images)), 13):
                x = images[batch]
                for layer in net:
                    x = layer.forward(x)
                total += loss.forward(x, labels[batch]) / 13
                dy = loss.backward()
                for layer in reversed(net):
                    dy = layer.backward(dy)
                for k, layer in enumerate(net):
                    for name in ("weight", "bias"):
                        if getattr(layer, name, None) is not None:
                            step = 0.05 * (1 - epoch / {epochs}) * getattr(layer, "d" + name)
                            moves[k, name] = 0.9 * moves.get((k, name), 0) - step
                            setattr(layer, name, getattr(layer, name) + moves[k, name])
        if total < best[0]:
            best = (total, net)
        if total < {enough}:
            break
    net = best[1]
    return {give}
"""

CORRECT = {
    "q1": {
        "window by window, as lists": """
def output_shapes(layers, shape):
    shapes = []
    for layer in layers:
        if layer["kind"] in ("conv", "pool"):
            sides = []
            for length in shape[1:]:
                width = length + 2 * layer.get("padding", 0)
                last = (layer["kernel_size"] - 1) * layer.get("dilation", 1)
                count = 0
                start = 0
                while start + last < width:
                    count += 1
                    start += layer["stride"]
                if count == 0:
                    raise ValueError("does not fit")
                sides.append(count)
            channels = layer["out_channels"] if layer["kind"] == "conv" else shape[0]
            shape = [channels] + sides
        if layer["kind"] == "linear":
            shape = [layer["out_features"]]
        shapes.append(shape)
    return shapes
""",
        "recursion, with a print": """
def output_shapes(layers, shape):
    if not layers:
        return []
    layer = layers[0]
    print(layer["kind"], shape)
    match layer["kind"]:
        case "relu":
            out = tuple(shape)
        case "linear":
            out = (layer["out_features"],)
        case kind:
            p, d = layer.get("padding", 0), layer.get("dilation", 1)
            K, s = layer["kernel_size"], layer["stride"]
            sides = tuple((n + 2 * p - d * (K - 1) - 1 + s) // s for n in shape[1:])
            if min(sides) < 1:
                raise ValueError(f"{kind} does not fit on {shape}")
            out = (layer["out_channels"] if kind == "conv" else shape[0], *sides)
    return [out] + output_shapes(layers[1:], out)
""",
        "cnnlib knows the rule": """
def output_shapes(layers, shape):
    from cnnlib.windows import output_size

    shapes = [tuple(shape)]
    for layer in layers:
        now = shapes[-1]
        if layer["kind"] == "linear":
            now = (layer["out_features"],)
        elif layer["kind"] != "relu":
            keys = ("kernel_size", "stride", "padding", "dilation")
            settings = {key: layer[key] for key in keys if key in layer}
            sides = [output_size(side, **settings) for side in now[1:]]
            now = np.array([layer.get("out_channels", now[0]), *sides])
        shapes.append(now)
    return tuple(shapes[1:])
""",
    },
    "q2": {
        "arrays that are only measured": """
def costs(layers, shapes):
    p, m, a = 0, 0, np.broadcast_to(0.0, shapes[0]).size
    for i, layer in enumerate(layers):
        if layer["kind"] == "relu":
            continue
        out = np.broadcast_to(0.0, shapes[i + 1])
        a += out.size
        if layer["kind"] == "pool":
            continue
        if layer["kind"] == "conv":
            k = layer["kernel_size"]
            weight = np.broadcast_to(0.0, (layer["out_channels"], shapes[i][0] // layer["groups"], k, k))
        else:
            weight = np.broadcast_to(0.0, (layer["out_features"], np.broadcast_to(0, shapes[i]).size))
        p += weight.size + len(weight)
        m += out.size // len(weight) * weight.size
    return dict(parameters=p, multiply_adds=m, activations=a)
""",
        "one total after the other, as floats": """
def costs(layers, shapes):
    def size(shape):
        total = 1.0
        for side in shape:
            total *= side
        return total

    def inputs(i):
        layer = layers[i]
        if layer["kind"] == "conv":
            return shapes[i][0] / layer["groups"] * layer["kernel_size"] ** 2
        return size(shapes[i])

    learn = [i for i in range(len(layers)) if layers[i]["kind"] in ("conv", "linear")]
    keep = [i for i in range(len(layers)) if layers[i]["kind"] != "relu"]
    return {
        "activations": size(shapes[0]) + sum(size(shapes[i + 1]) for i in keep),
        "multiply_adds": sum(size(shapes[i + 1]) * inputs(i) for i in learn),
        "parameters": sum(shapes[i + 1][0] * inputs(i) + shapes[i + 1][0] for i in learn),
    }
""",
        "group by group": """
def costs(layers, shapes):
    total = np.zeros(3, dtype=np.int64)
    total[2] = np.prod(shapes[0], dtype=np.int64)
    for layer, before, after in zip(layers, shapes, shapes[1:]):
        if layer["kind"] == "conv":
            for _ in range(layer["groups"]):
                filters, seen = layer["out_channels"] // layer["groups"], before[0] // layer["groups"]
                total[0] += filters * seen * layer["kernel_size"] ** 2 + filters
                total[1] += filters * seen * layer["kernel_size"] ** 2 * after[1] * after[2]
        if layer["kind"] == "linear":
            total[0] += after[0] * (np.prod(before) + 1)
            total[1] += after[0] * np.prod(before)
        total[2] += np.prod(after) if layer["kind"] != "relu" else 0
    return {"parameters": total[0], "multiply_adds": total[1], "activations": total[2]}
""",
    },
    "q3": {
        "a list of pairs; the batch by trying": """
def forward_memory(layers, shapes, parameters, batch_size):
    count = [np.prod(s) for s in shapes]
    pairs = []
    for i in range(len(layers)):
        pair = count[i] + count[i + 1] if i else count[1]
        pairs.append(0 if layers[i]["kind"] == "relu" else pair)
    return [int(np.argmax(pairs)), 4 * parameters + 4 * batch_size * (count[0] + max(pairs))]


def largest_batch(layers, shapes, parameters, room):
    n = 0
    while forward_memory(layers, shapes, parameters, n + 1)[1] <= room:
        n += 1
    return n
""",
        "bisection": """
def forward_memory(layers, shapes, parameters, batch_size):
    best = (-1, 0)
    for i in reversed(range(len(layers))):
        if layers[i]["kind"] == "relu":
            continue
        passing = int(np.prod(shapes[i + 1]))
        if i:
            passing += int(np.prod(shapes[i]))
        if passing >= best[0]:
            best = (passing, i)
    picture = int(np.prod(shapes[0]))
    return best[1], parameters * 4 + batch_size * 4 * picture + batch_size * 4 * best[0]


def largest_batch(layers, shapes, parameters, room):
    low, high = 0, 10**6
    while low < high:
        middle = (low + high + 1) // 2
        if forward_memory(layers, shapes, parameters, middle)[1] <= room:
            low = middle
        else:
            high = middle - 1
    return low
""",
        "a helper of its own": """
def per_picture(layers, shapes):
    passing = {}
    for i, layer in enumerate(layers):
        if layer["kind"] != "relu":
            passing[i] = int(np.prod(shapes[i + 1])) + (int(np.prod(shapes[i])) if i else 0)
    fullest = max(passing, key=passing.get)
    return fullest, 4 * (int(np.prod(shapes[0])) + passing[fullest])


def forward_memory(layers, shapes, parameters, batch_size):
    fullest, size = per_picture(layers, shapes)
    return np.array([fullest, 4 * parameters + batch_size * size])


def largest_batch(layers, shapes, parameters, room):
    left = room - 4 * parameters
    return left // per_picture(layers, shapes)[1] if left > 0 else 0
""",
    },
    "q4": {
        "touches every pixel": """
def seen_pixels(layers, size, unit):
    rows = np.eye(size)
    for layer in layers:
        if layer["kind"] == "relu":
            continue
        p, d, K = layer.get("padding", 0), layer.get("dilation", 1), layer["kernel_size"]
        rows = np.pad(rows, ((0, 0), (p, p)))
        last = rows.shape[1] - d * (K - 1)
        rows = sum(rows[:, d * k : d * k + last] for k in range(K))[:, :: layer["stride"]]
    seen = np.flatnonzero(rows[:, unit])
    return seen[0], seen[-1]
""",
        "recursion": """
def seen_pixels(layers, size, unit):
    windows = [layer for layer in layers if layer["kind"] != "relu"]

    def length(depth):
        if depth == 0:
            return size
        layer = windows[depth - 1]
        room = length(depth - 1) + 2 * layer.get("padding", 0)
        room -= layer.get("dilation", 1) * (layer["kernel_size"] - 1)
        return (room - 1) // layer["stride"] + 1

    def pixels(depth, index):
        if not 0 <= index < length(depth):
            return set()
        if depth == 0:
            return {index}
        layer, seen = windows[depth - 1], set()
        for k in (0, *range(1, layer["kernel_size"])):
            below = index * layer["stride"] - layer.get("padding", 0) + k * layer.get("dilation", 1)
            seen |= pixels(depth - 1, below)
        return seen

    found = sorted(pixels(len(windows), unit))
    return [found[0], found[-1]]
""",
        "boolean arrays": """
def seen_pixels(layers, size, unit):
    lengths, chain = [size], []
    for layer in layers:
        if layer["kind"] == "relu":
            continue
        s, K = layer["stride"], layer["kernel_size"]
        p, d = (layer["padding"], layer["dilation"]) if layer["kind"] == "conv" else (0, 1)
        chain.append((K, s, p, d))
        lengths.append(len(range(0, lengths[-1] + 2 * p - d * (K - 1), s)))
    mask = np.zeros(lengths[-1], dtype=bool)
    mask[unit] = True
    for (K, s, p, d), n in zip(chain[::-1], lengths[-2::-1]):
        below = np.zeros(n + 2 * p, dtype=bool)
        for index in np.flatnonzero(mask):
            below[index * s : index * s + d * (K - 1) + 1 : d] = True
        mask = below[p : p + n]
    return int(mask.argmax()), len(mask) - 1 - int(mask[::-1].argmax())
""",
    },
    "q5": {
        "counts first": """
def design(shape, out_shape, field, most):
    halvings = int(np.log2(shape[1] / out_shape[1]))
    jump = 2**halvings
    more = max(0, int(np.ceil((field - 2 - jump) / (2 * jump))))
    layers = [conv(8, 3, padding=1), RELU] + [pool(2)] * halvings
    layers += [conv(8, 3, padding=1), RELU] * more
    return layers + [conv(out_shape[0], 1), RELU]
""",
        "the last window is a 3x3, too": """
def design(shape, out_shape, field, most):
    layers = [conv(8, 3, padding=1)]
    sees, jump = 3, 1
    for _ in range(20):
        if shape[1] // jump == out_shape[1]:
            break
        layers.append(pool(2))
        sees += jump
        jump *= 2
    while sees + 2 * jump < field:
        layers.append(conv(8, 3, padding=1))
        sees += 2 * jump
    layers.append(conv(out_shape[0], 3, padding=1))
    return layers
""",
        "strides in place of a pooling": """
def design(shape, out_shape, field, most):
    layers, sees, jump = [conv(8, 3, stride=2, padding=1)], 3, 2
    while shape[1] // jump > out_shape[1]:
        layers.append(pool(2))
        sees, jump = sees + jump, 2 * jump
    while sees < field:
        layers.append({"kind": "conv", "out_channels": 8, "kernel_size": 3, "stride": 1,
                       "padding": 1, "dilation": 1, "groups": 1})
        sees += 2 * jump
    layers.append(conv(out_shape[0], 1))
    return tuple(layers)
""",
    },
    "q6": {
        "three filters of 4x4, with cnnlib's layers": _TRAIN.format(
            start="net = [Conv2d(1, 3, 4, rng=rng), ReLU(), MaxPool2d(11), Flatten(), Linear(3, 2, rng=rng)]",
            epochs=10,
            enough=0.3,
            give="""[
        {"kind": "conv", "weight": net[0].weight, "bias": net[0].bias, "stride": 1, "padding": 0},
        {"kind": "relu"},
        {"kind": "pool", "kernel_size": 11, "stride": 11},
        {"kind": "linear", "weight": net[4].weight, "bias": net[4].bias},
    ]""",
        ),
        "two filters of 5x5 with padding, in single precision": _TRAIN.format(
            start="a, b = Conv2d(1, 2, 5, 1, 1, rng=rng), Linear(2, 2, rng=rng)\n"
            "        net = [a, ReLU(), MaxPool2d(12), Flatten(), b]",
            epochs=9,
            enough=0.3,
            give="""(
        {"kind": "conv", "weight": net[0].weight.astype(np.float32), "bias": net[0].bias, "padding": 1},
        {"kind": "relu"},
        {"kind": "pool", "kernel_size": 12},
        {"kind": "linear", "weight": net[4].weight.astype(np.float32), "bias": net[4].bias},
    )""",
        ),
        "numbers found at home": """
def small_network(images, labels, rng):
    filters = [
        [1.0, 0.2, 0.6, 0.4, -0.1],
        [0.3, -0.2, 0.3, 0.3, 0.3],
        [1.0, -0.3, -0.8, 0.3, 0.5],
        [0.9, 0.1, -0.5, -0.2, 0.0],
        [0.1, 0.5, 1.0, 0.7, 1.2],
        [-0.0, 0.6, 0.5, 0.3, 0.1],
        [0.2, 0.6, 0.8, -0.2, -0.1],
        [-0.3, 0.2, 0.6, 0.9, 0.8],
        [0.2, 0.9, 0.1, 0.3, 0.1],
        [0.6, 0.2, -0.2, 0.2, 0.3],
    ]
    return [
        {"kind": "conv", "weight": np.array(filters).reshape(2, 1, 5, 5), "bias": np.array([-0.7, 0.1])},
        {"kind": "relu"},
        {"kind": "pool", "kernel_size": 10},
        {"kind": "linear", "weight": np.array([[-1.4, 1.4], [2.0, -1.4]]), "bias": np.array([1.1, -1.1])},
    ]
""",
    },
}

WRONG = {
    "q1": {
        "padding on one side": ("length + 2 * layer.get", "length + layer.get"),
        "one place too few": ('room // layer["stride"] + 1', 'room // layer["stride"]'),
        "rounded up": ('room // layer["stride"] + 1', '-(-room // layer["stride"]) + 1'),
        "dilation forgotten": ('layer.get("dilation", 1) * (layer', "1 * (layer"),
        "span without the plus one": ('(layer["kernel_size"] - 1) + 1', '(layer["kernel_size"] - 1)'),
        "no complaint": ("if min(rooms) < 0:", "if False:"),
        "complains when it just fits": ("min(rooms) < 0", "min(rooms) <= 0"),
        "rows only": (
            'shape = (layer.get("out_channels", shape[0]), *places)',
            'shape = (layer.get("out_channels", shape[0]), places[0], places[0])',
        ),
        "stride forgotten": ('// layer["stride"]', "// 1"),
        "ReLU left out": (
            "shapes.append(tuple(shape))",
            'if layer["kind"] != "relu":\n            shapes.append(tuple(shape))',
        ),
        "with the picture": ("    shapes = []", "    shapes = [shape]"),
        "linear keeps the shape": (
            'shape = (layer["out_features"],)',
            'shape = (layer["out_features"], 1, 1)',
        ),
    },
    "q2": {
        "biases forgotten": ('layer["out_channels"] * (products + 1)', 'layer["out_channels"] * products'),
        "linear without a bias": ("parameters += values * (products + 1)", "parameters += values * products"),
        "groups forgotten": ('before[0] // layer["groups"] *', "before[0] *"),
        "a filter of one channel": ('before[0] // layer["groups"] * layer', "layer"),
        "one row of a window": ('layer["kernel_size"] ** 2', 'layer["kernel_size"]'),
        "biases counted as products": (
            "multiply_adds += values * products\n        elif",
            "multiply_adds += values * (products + 1)\n        elif",
        ),
        "ReLU has memory": (
            '        if layer["kind"] == "relu":\n            continue\n        activations += values',
            "        activations += values",
        ),
        "without the picture": ("activations = int(np.prod(shapes[0]))", "activations = 0"),
        "pooling has no memory": ('if layer["kind"] == "relu":', 'if layer["kind"] in ("relu", "pool"):'),
        "a bias for each value": (
            'parameters += layer["out_channels"] * (products + 1)',
            'parameters += layer["out_channels"] * products + values',
        ),
        "in thousands": ('"parameters": parameters,', '"parameters": round(parameters, -3),'),
        "places of the input": (
            "multiply_adds += values * products\n        elif",
            "multiply_adds += after[0] * before[1] * before[2] * products\n        elif",
        ),
    },
    "q3": {
        "the picture twice": ("if index > 0 else 0", "if index >= 0 else 0"),
        "ReLU as a layer with memory": ('layer["kind"] != "relu" and passing', "passing"),
        "only what comes out": (
            "passing = sizes[index + 1] + (sizes[index] if index > 0 else 0)",
            "passing = sizes[index + 1]",
        ),
        "weights for every picture": (
            "4 * (parameters + batch_size * (sizes[0] + most))",
            "4 * batch_size * (parameters + sizes[0] + most)",
        ),
        "pictures forgotten": ("(sizes[0] + most)", "most"),
        "eight bytes": ("fullest, 4 *", "fullest, 8 *"),
        "values, not bytes": ("fullest, 4 *", "fullest,"),
        "counted from 1": ("fullest, most = index, passing", "fullest, most = index + 1, passing"),
        "all layers at once": (
            "(parameters + batch_size * (sizes[0] + most))",
            "(parameters + batch_size * sum(sizes))",
        ),
        "one picture too many": ("// (with_one - always))", "// (with_one - always) + 1)"),
        "exactly full is too full": ("(room - always) //", "(room - always - 1) //"),
        "less than nothing": (
            "max(0, (room - always) // (with_one - always))",
            "(room - always) // (with_one - always)",
        ),
        "weights as if they were free": ("(room - always)", "room"),
    },
    "q4": {
        "the margin is seen": ("if 0 <= index < length}", "}"),
        "the margin is seen above": ("if 0 <= index < length}", "if 0 <= index}"),
        "cut off at the picture only": (
            "    return min(seen), max(seen)",
            "    return min(seen), max(seen)\n\n\n"
            "def seen_pixels(layers, size, unit):\n"
            "    first = last = unit\n"
            "    for layer in reversed([layer for layer in layers if layer['kind'] != 'relu']):\n"
            "        first = first * layer['stride'] - layer.get('padding', 0)\n"
            "        last = last * layer['stride'] - layer.get('padding', 0)\n"
            "        last += layer.get('dilation', 1) * (layer['kernel_size'] - 1)\n"
            "    return max(first, 0), min(last, size - 1)",
        ),
        "gaps forgotten": ('begin + layer.get("dilation", 1) * k', "begin + k"),
        "padding forgotten": ('index * layer["stride"] - layer.get("padding", 0)', 'index * layer["stride"]'),
        "padding added": ('layer["stride"] - layer.get', 'layer["stride"] + layer.get'),
        "stride forgotten": ('begin = index * layer["stride"]', "begin = index"),
        "one pixel too many": ("return min(seen), max(seen)", "return min(seen), max(seen) + 1"),
        "how many": ("return min(seen), max(seen)", "return min(seen), max(seen) - min(seen) + 1"),
        "from the first layer up": (
            "zip(reversed(windows), reversed(lengths[:-1]), strict=True)",
            "zip(windows, lengths[:-1], strict=True)",
        ),
        "a window too small": (
            'for k in range(layer["kernel_size"])',
            'for k in range(layer["kernel_size"] - 1)',
        ),
        "ceil in place of floor": ('// layer["stride"] + 1)', '// layer["stride"] + 2)'),
    },
    "q5": {
        "windows before the poolings": (
            "    while side > out_shape[1]:",
            "    while sees + shape[1] // out_shape[1] - 1 < field:\n"
            "        layers += [conv(8, 3, padding=1), RELU]\n"
            "        sees += 2\n"
            "    while side > out_shape[1]:",
        ),
        "one large window": (
            "    while sees < field:\n        layers += [conv(8, 3, padding=1), RELU]\n"
            "        sees += 2 * jump",
            "    half = -(-(field - sees) // (2 * jump))\n"
            "    layers += [conv(8, 2 * half + 1, padding=half), RELU]\n",
        ),
        "sixteen channels": ("layers += [conv(8, 3", "layers += [conv(16, 3"),
        "one channel": ("layers += [conv(8, 3", "layers += [conv(1, 3"),
        "the jump forgotten": ("sees += 2 * jump", "sees += 2"),
        "field one layer short": ("while sees < field:", "while sees + 2 * jump < field:"),
        "no padding": ("layers += [conv(8, 3, padding=1), RELU]", "layers += [conv(8, 3), RELU]"),
        "channels not as wanted": ("conv(out_shape[0], 1)", "conv(8, 1)"),
        "pools first": (
            "[conv(8, 3, padding=1), RELU], 3, 1, shape[1]",
            "[RELU, conv(8, 3, padding=1)], 3, 1, shape[1]",
        ),
        "a step too few": ("while side > out_shape[1]:", "while side > 2 * out_shape[1]:"),
        "gaps in the windows": (
            "layers += [conv(8, 3, padding=1), RELU]\n        sees += 2 * jump",
            "layers += [conv(8, 3, padding=2, dilation=2), RELU]\n        sees += 4 * jump",
        ),
        "5x5 windows": (
            "layers += [conv(8, 3, padding=1), RELU]\n        sees += 2 * jump",
            "layers += [conv(8, 5, padding=2), RELU]\n        sees += 4 * jump",
        ),
    },
    "q6": {
        "not trained": ("range(epochs)", "range(0)"),
        "filters stay as they were": ('np.einsum("no,nok->ok", dtop, winners)', "np.zeros((2, 25))"),
        "uphill": ("velocity -= 0.05", "velocity += 0.05"),
        "three filters of 5x5, 86 numbers": (
            """    best = (np.inf, None)""",
            """    best = (np.inf, None)
    return [
        {"kind": "conv", "weight": np.ones((3, 1, 5, 5)), "bias": np.ones(3)},
        {"kind": "relu"},
        {"kind": "pool", "kernel_size": 10},
        {"kind": "linear", "weight": np.ones((2, 3)), "bias": np.ones(2)},
    ]
""",
        ),
        "the pooling forgotten": ('        {"kind": "pool", "kernel_size": 10},\n', ""),
        "another pooling than trained": ('"kernel_size": 10', '"kernel_size": 5'),
        "votes exchanged": (
            '"weight": vote_weight, "bias": vote_bias}',
            '"weight": vote_weight[::-1], "bias": vote_bias[::-1]}',
        ),
        "kernels as rows": ("filters.reshape(2, 1, 5, 5)", "filters"),
        "labels of other sheets": ("labels[batch])", "labels[: len(batch)])"),
        "weights in a list": ('"weight": vote_weight,', '"weight": vote_weight.tolist(),'),
        "no biases": (', "bias": bias}', "}"),
        "the arrays alone": (
            '    return [\n        {"kind": "conv"',
            '    return best[1]\n    return [\n        {"kind": "conv"',
        ),
        "the loss explodes": ("0.05 * (1", "5000 * (1"),
        "one vote": (
            '"weight": vote_weight, "bias": vote_bias}',
            '"weight": vote_weight[1:], "bias": vote_bias[1:]}',
        ),
    },
}
