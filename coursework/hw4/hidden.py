"""The hidden tests of assignment 4, and the references that they are made with."""

import numpy as np

from coursework.check import Case
from coursework.hw4.public import EXACT, RELU, TELL, breaks, conv, linear, pool, tells, vgg16, write_sheets
from coursework.question import Assignment, Question

SENTINEL = "hidden-hw4-47cf347d1c3a242c"


# References: windows are put down one by one, weights are counted filter by filter.


def places_reference(length, layer):
    """Where windows can begin on a row of so many pixels, margin included: the first pixel of each."""
    # hidden-hw4-47cf347d1c3a242c
    padding, dilation = layer.get("padding", 0), layer.get("dilation", 1)
    pixels = range(-padding, length + padding)
    starts = [
        start
        for start in pixels[:: layer["stride"]]
        if start + dilation * (layer["kernel_size"] - 1) in pixels
    ]
    if not starts:
        raise ValueError("no window fits")
    return starts


def shapes_reference(layers, shape):
    # hidden-hw4-47cf347d1c3a242c
    shapes = []
    for layer in layers:
        if layer["kind"] == "linear":
            shape = (layer["out_features"],)
        elif layer["kind"] != "relu":
            rows, cols = (len(places_reference(length, layer)) for length in shape[1:])
            shape = (layer.get("out_channels", shape[0]), rows, cols)
        shapes.append(shape)
    return tuple(shapes)


def costs_reference(layers, shapes):
    # hidden-hw4-47cf347d1c3a242c
    total = {"parameters": 0, "multiply_adds": 0, "activations": int(np.prod(shapes[0]))}
    for layer, before, after in zip(layers, shapes, shapes[1:], strict=False):
        if layer["kind"] == "relu":
            continue
        total["activations"] += int(np.prod(after))
        if layer["kind"] == "conv":
            block = before[0] // layer["groups"]
            for _ in range(layer["out_channels"]):  # each filter
                total["parameters"] += block * layer["kernel_size"] ** 2 + 1
                total["multiply_adds"] += after[1] * after[2] * block * layer["kernel_size"] ** 2
        elif layer["kind"] == "linear":
            for _ in range(layer["out_features"]):
                total["parameters"] += int(np.prod(before)) + 1
                total["multiply_adds"] += int(np.prod(before))
    return total


def memory_reference(layers, shapes, parameters, batch_size):
    # hidden-hw4-47cf347d1c3a242c
    sizes = [int(np.prod(shape)) for shape in shapes]
    passing = [
        (-(sizes[i] * (i > 0) + sizes[i + 1]), i) for i, layer in enumerate(layers) if layer["kind"] != "relu"
    ]
    most, index = min(passing)
    return index, 4 * (parameters + batch_size * (sizes[0] - most))


def batch_reference(layers, shapes, parameters, room):
    # hidden-hw4-47cf347d1c3a242c
    empty, one = (memory_reference(layers, shapes, parameters, count)[1] for count in (0, 1))
    return max(0, room - empty) // (one - empty)


def seen_reference(layers, size, unit):
    """Touch each pixel, and see whether the unit feels it."""
    # hidden-hw4-47cf347d1c3a242c
    felt = []
    for pixel in range(size):
        row = np.arange(size) == pixel
        for layer in layers:
            if layer["kind"] == "relu":
                continue
            reach = [layer.get("dilation", 1) * k for k in range(layer["kernel_size"])]
            starts = places_reference(len(row), layer)
            row = np.array([any(row[s + k] for k in reach if 0 <= s + k < len(row)) for s in starts])
        if row[unit]:
            felt.append(pixel)
    return felt[0], felt[-1]


def affords(shape, out_shape, field, most):
    """Make a judge of designs that only reads them."""

    # hidden-hw4-47cf347d1c3a242c
    def judge(got):
        if not isinstance(got, list | tuple) or not 0 < len(got) <= 200:
            return f"expected a list of 1 to 200 layers, got a {type(got).__name__}"
        names = {
            "conv": {"kind", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"},
            "pool": {"kind", "kernel_size", "stride"},
            "relu": {"kind"},
        }
        for layer in got:
            kind = layer.get("kind") if isinstance(layer, dict) else None
            if not isinstance(kind, str) or kind not in names:
                return "every layer must be a convolution, a ReLU or a pooling"
            if set(layer) != names[kind]:
                return f"a {kind} layer has not the entries that the functions above give it"
            for name in names[kind] - {"kind"}:
                if type(layer[name]) is not int or not (name != "padding") <= layer[name] <= 10_000:
                    return f"{name} must be a whole number from 1 (padding from 0) to 10,000"
        if got[0]["kind"] != "conv":
            return "the first layer must be a convolution"
        if broken := breaks(got):
            return broken
        channels, side, parameters, sees, jump = shape[0], shape[1:], 0, 1, 1
        for layer in got:
            if layer["kind"] == "relu":
                continue
            rooms = [length + 2 * layer.get("padding", 0) - layer["kernel_size"] for length in side]
            if min(rooms) < 0:
                return "a window does not fit"
            side = [room // layer["stride"] + 1 for room in rooms]
            sees += (layer["kernel_size"] - 1) * jump
            jump *= layer["stride"]
            if layer["kind"] == "conv":
                parameters += layer["out_channels"] * (channels * layer["kernel_size"] ** 2 + 1)
                channels = layer["out_channels"]
        if (channels, *side) != tuple(out_shape):
            return f"the output has the shape {(channels, *side)}, {tuple(out_shape)} is wanted"
        if parameters > most:
            return f"it has {parameters} parameters, {most} are allowed"
        return f"a unit sees {sees} pixels each way, {field} are wanted" if sees < field else None

    return judge


# Cases.


def _window(rng, kind):
    """A random layer whose window is not too large for small pictures."""
    if kind == "pool":
        return pool(int(rng.integers(2, 4)), int(rng.integers(1, 4)))
    kernel_size, dilation = int(rng.integers(1, 5)), int(rng.integers(1, 3))
    padding = int(rng.integers(0, 3)) if kernel_size > 2 else 0
    return conv(2 * int(rng.integers(1, 5)), kernel_size, int(rng.integers(1, 3)), padding, dilation)


def _stack(rng, size, kinds=("conv", "relu", "pool", "conv", "relu")):
    """Random layers that fit on a picture of this size (rows, columns)."""
    while True:
        layers = [RELU if kind == "relu" else _window(rng, kind) for kind in kinds]
        try:
            shapes = shapes_reference(layers, (2, *size))
        except ValueError:
            continue
        if min(shapes[-1][1:]) >= 2:
            return layers


# Whatever is raised counts: which name it has in the student's notebook, only that notebook knows.
REFUSED = "try:\n    result = output_shapes(layers, shape)\nexcept:\n    result = 'refused'"


def q1_cases(rng):
    cases = []
    for end in ([], [linear(7), RELU, linear(3)]):
        for _ in range(4):
            size = rng.integers(14, 25, 2).tolist()
            layers, shape = [*_stack(rng, size), *end], (2, *size)
            cases.append(
                Case(
                    f"{len(layers)} layers on a picture of {size[0]} x {size[1]}",
                    "output_shapes(layers, shape)",
                    {"layers": layers, "shape": shape},
                    expected=shapes_reference(layers, shape),
                    hint="Work out one layer with a pencil: span, room, places, for rows and for columns.",
                )
            )
    tight = int(rng.integers(3, 7))
    for says, layers, shape, fits in (
        ("a window that just fits", [conv(4, tight)], (1, tight, tight + 3), True),
        ("a window that fits because of its margin", [conv(4, 5, padding=1)], (1, 3, 6), True),
        ("a window with gaps that is too wide", [conv(4, 3, dilation=2)], (1, 9, 4), False),
        ("a pooling, deep inside, that does not fit", [conv(4, 3), pool(2), pool(4)], (1, 20, 8), False),
    ):
        cases.append(
            Case(
                says,
                REFUSED,
                {"layers": layers, "shape": shape},
                expected=shapes_reference(layers, shape) if fits else "refused",
                hint="The span must be at most rows (and columns) + 2 · padding; else it is a ValueError.",
            )
        )
    return cases


def q2_cases(rng):
    hint = "Count one layer with a pencil: its filters, the numbers of a filter, its bias, its places."
    cases = []
    layers, shapes = vgg16()
    networks = [("VGG16", layers, shapes)]
    for _ in range(3):
        size = rng.integers(14, 20, 2).tolist()
        layers = [*_stack(rng, size), linear(int(rng.integers(5, 30))), RELU, linear(int(rng.integers(2, 9)))]
        networks.append(("a small network", layers, [(2, *size), *shapes_reference(layers, (2, *size))]))
    for groups in (2, 6):
        shape = (6, *rng.integers(7, 12, 2).tolist())
        layers = [conv(12, 3, padding=1, groups=groups), RELU, conv(4, 2, stride=2), linear(3)]
        networks.append((f"{groups} groups", layers, [shape, *shapes_reference(layers, shape)]))
    for says, layers, shapes in networks:
        inputs = {"layers": layers, "shapes": shapes}
        expected = costs_reference(layers, shapes)
        cases.append(Case(says, "costs(layers, shapes)", inputs, expected=expected, hint=hint, **EXACT))
    return cases


def q3_cases(rng):
    cases = []

    def add(says, layers, shapes, parameters):
        batch = int(rng.integers(2, 40))
        index, size = memory_reference(layers, shapes, parameters, batch)
        inputs = {"layers": layers, "shapes": shapes, "parameters": parameters, "batch_size": batch}
        cases.append(
            Case(
                f"{says}, {batch} pictures",
                "forward_memory(layers, shapes, parameters, batch_size)",
                inputs,
                expected=(index, size),
                hint="Weights once; for each picture the picture, and what goes into and out of one layer.",
                **EXACT,
            )
        )
        for room, what in ((size, "exactly enough room"), (size - 1, "a byte too little")):
            cases.append(
                Case(
                    f"{says}, {what} for {batch} pictures",
                    "largest_batch(layers, shapes, parameters, room)",
                    inputs | {"room": room},
                    expected=batch_reference(layers, shapes, parameters, room),
                    hint="A batch fits if its bytes are at most the room.",
                    **EXACT,
                )
            )

    add("VGG16", *vgg16(), 138357544)
    for _ in range(3):
        size = rng.integers(14, 20, 2).tolist()
        layers = [*_stack(rng, size), linear(int(rng.integers(5, 30)))]
        add("a small network", layers, [(2, *size), *shapes_reference(layers, (2, *size))], 1234)
    wide = [conv(2, 3, padding=1), RELU, conv(1, 1), linear(200), RELU, linear(180)]
    add("a network that is fullest at its end", wide, [(1, 4, 4), *shapes_reference(wide, (1, 4, 4))], 999)
    first = [conv(4, 3, padding=1), RELU, pool(4)]
    add("a network that is fullest at a pooling", first, [(9, 8, 8), *shapes_reference(first, (9, 8, 8))], 99)
    inputs = {"layers": first, "shapes": [(9, 8, 8), *shapes_reference(first, (9, 8, 8))], "parameters": 500}
    cases.append(
        Case(
            "no room for the weights alone",
            "largest_batch(layers, shapes, parameters, 1500)",
            inputs,
            expected=0,
            hint="A batch is never smaller than 0.",
            **EXACT,
        )
    )
    return cases


def q4_cases(rng):
    hint = "Go down layer by layer: which units are in the window, and which of these exist?"
    cases = []

    def add(says, layers, size, unit):
        inputs = {"layers": layers, "size": size, "unit": unit}
        expected = seen_reference(layers, size, unit)
        cases.append(Case(says, "seen_pixels(layers, size, unit)", inputs, expected=expected, hint=hint))

    for _ in range(3):
        size = int(rng.integers(18, 28))
        layers = _stack(rng, (size, size))
        units = shapes_reference(layers, (2, size, size))[-1][1]
        for unit, where in ((0, "first"), (units // 2, "middle"), (units - 1, "last")):
            add(f"the {where} of {units} units, {size} pixels", layers, size, unit)
    deep = [conv(1, 3, padding=1), RELU, conv(1, 3, padding=1), pool(2)] * 3
    add("three blocks as in VGG, a unit inside", deep, 64, int(rng.integers(3, 5)))
    add("three blocks as in VGG, the last unit", deep, 64, 7)
    size = 2 * int(rng.integers(4, 9))  # an even row: the last pixel is in no window of stride 2
    units = (size - 3) // 2 + 1
    add("a margin inside the network", [conv(1, 3, stride=2), conv(1, 3, padding=1)], size, units - 1)
    add("gaps at the border", [conv(1, 3, padding=1, dilation=2)], size, 0)
    add("gaps at the other border", [conv(1, 3, padding=1, dilation=2)], size, size - 3)
    return cases


def q5_cases(rng):
    cases = []
    for halvings in (1, 2, 3):
        channels, out = int(rng.integers(1, 5)), int(rng.integers(8, 20))
        side, more = 2**halvings * int(rng.integers(5, 9)), int(rng.integers(4, 8))
        field = 1 + 2**halvings * (2 * more + 1)  # a strided convolution in place of a pooling will do
        small = 8 * (9 * channels + 1) + (more - 1) * 584  # all but the last two layers
        most = int(1.03 * max(small + 584 + 9 * out, small + 73 * out))
        shape, out_shape = (channels, side, side), (out, side // 2**halvings, side // 2**halvings)
        cases.append(
            Case(
                f"{shape} to {out_shape}, a field of {field}, at most {most} parameters",
                "design(shape, out_shape, field, most)",
                {"shape": shape, "out_shape": out_shape, "field": field, "most": most},
                judge=affords(shape, out_shape, field, most),
                hint="Small windows, thin layers, and most of them where a step is many pixels wide.",
            )
        )
    return cases


def q6_cases(rng):
    images, labels = write_sheets(400, rng)
    new = write_sheets(500, rng)
    return [
        Case(
            "500 new sheets",
            TELL,
            {"images": images, "labels": labels, "seed": int(rng.integers(1000))},
            judge=tells(*new),
            hint="Does it work with every start? Train more than once and keep the best.",
        )
    ]


ASSIGNMENT = Assignment(
    "hw4",
    "A network's table, and a network on a budget",
    questions=(
        Question("q1", 2, "Shapes through a stack", ("output_shapes",), q1_cases),
        Question("q2", 3, "What a network costs", ("costs",), q2_cases),
        Question("q3", 3, "How many pictures fit?", ("forward_memory", "largest_batch"), q3_cases),
        Question("q4", 3, "What a unit really sees", ("seen_pixels",), q4_cases),
        Question("q5", 4, "See far for little", ("design",), q5_cases),
        Question("q6", 6, "Sixty numbers", ("small_network",), q6_cases, seconds=20.0),
    ),
    cnnlib=(
        *("__init__.py", "xo.py", "windows.py", "precision.py", "convolution.py", "pooling.py", "losses.py"),
        *(
            f"layers/{name}.py"
            for name in (
                *("__init__", "activation", "base", "convolution", "linear", "normalization", "pooling"),
            )
        ),
    ),
)
