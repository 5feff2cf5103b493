"""The public tests of assignment 4: numbers that a pencil can check, and VGG16's own."""

import numpy as np

from coursework.check import Case

SHEET, LETTER, BUDGET, WANTED = 14, 9, 60, 0.85  # pixels, pixels, numbers, share


def conv(out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1):
    layer = {"kind": "conv", "out_channels": out_channels, "kernel_size": kernel_size}
    return layer | {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def pool(kernel_size, stride=None):
    stride = kernel_size if stride is None else stride
    return {"kind": "pool", "kernel_size": kernel_size, "stride": stride}


def linear(out_features):
    return {"kind": "linear", "out_features": out_features}


RELU = {"kind": "relu"}


def vgg16():
    """The layers of VGG16, and their shapes: the picture's first."""
    layers, shapes = [], [(3, 224, 224)]
    for channels, count, side in ((64, 2, 224), (128, 2, 112), (256, 3, 56), (512, 3, 28), (512, 3, 14)):
        layers += [conv(channels, 3, padding=1), RELU] * count + [pool(2)]
        shapes += [(channels, side, side)] * (2 * count) + [(channels, side // 2, side // 2)]
    layers += [linear(4096), RELU, linear(4096), RELU, linear(1000)]
    return layers, shapes + [(4096,)] * 4 + [(1000,)]


def breaks(layers):
    """Which rule the convolutions of a design break; None if they keep to them."""
    filters = [layer for layer in layers if layer["kind"] == "conv"]
    if min(layer["out_channels"] for layer in filters) < 8:
        return "every convolution needs at least 8 channels"
    if any((layer["dilation"], layer["groups"]) != (1, 1) for layer in filters):
        return "neither dilation nor groups are allowed"
    return None


def meets(shape, out_shape, field, most):
    """Make a judge of designs that builds them from cnnlib's layers and looks."""

    def judge(got):
        if not isinstance(got, list | tuple) or not got or not all(isinstance(x, dict) for x in got):
            return f"expected a list of layers, got a {type(got).__name__}"
        kinds = {str(layer.get("kind")) for layer in got}
        if not kinds <= {"conv", "pool", "relu"}:
            return f"only convolutions, ReLU and pooling are allowed, got {sorted(kinds)}"
        if got[0]["kind"] != "conv":
            return f"the first layer must be a convolution, got {got[0]['kind']!r}"
        if broken := breaks(got):
            return broken
        try:
            network = _build(got, shape[0])
            out = _forward(network, np.ones((1, *shape))).shape[1:]
        except ValueError as error:
            return f"the network does not work: {error}"
        learn = [layer for layer in network if layer.weight is not None]
        parameters = sum(layer.weight.size + layer.bias.size for layer in learn)
        if out != tuple(out_shape):
            return f"the output has the shape {out}, {tuple(out_shape)} is wanted"
        if parameters > most:
            return f"it has {parameters} parameters, {most} are allowed"
        sees = _sees(network, np.ones((1, shape[0], 2 * field, 4 * field)))
        return f"a unit sees {sees} pixels each way, {field} are wanted" if sees < field else None

    return judge


def _build(layers, channels):
    """Make layers of cnnlib, all weights 1; averages in place of maxima, so that every pixel is felt."""
    from cnnlib.layers import AvgPool2d, Conv2d

    network = []
    for layer in layers:
        if layer["kind"] == "conv":
            settings = layer["kernel_size"], layer["stride"], layer["padding"]
            network.append(Conv2d(channels, layer["out_channels"], *settings))
            network[-1].weight[...] = 1
            channels = layer["out_channels"]
        elif layer["kind"] == "pool":
            network.append(AvgPool2d(layer["kernel_size"], layer["stride"]))
    return network


def _forward(network, x):
    for layer in network:
        x = layer.forward(x)
    return x


def _sees(network, x):
    """How many columns of x a unit in the middle feels."""
    y = _forward(network, x)
    dx = np.zeros(y.shape)
    dx[0, 0, y.shape[2] // 2, y.shape[3] // 2] = 1
    for layer in reversed(network):
        dx = layer.backward(dx)
    return int((np.abs(dx[0, 0]).sum(axis=0) > 0).sum())


def write_sheets(count, rng):
    """Crooked X's (label 0) and O's (label 1), each somewhere on a sheet of 14x14 pixels."""
    from cnnlib import xo

    labels = rng.integers(0, 2, count)
    images = -np.ones((count, 1, SHEET, SHEET))
    for image, label in zip(images, labels, strict=True):
        row, col = rng.integers(0, SHEET - LETTER + 1, 2)
        image[0, row : row + LETTER, col : col + LETTER] = xo.draw("XO"[label], rng=rng)
    return images, labels


def votes(network, x):
    """Send sheets through a network of question 6; a ValueError says what does not fit."""
    from cnnlib.layers import Conv2d, MaxPool2d

    for layer in network:
        if layer["kind"] == "conv":
            weight = layer["weight"]
            made = Conv2d(weight.shape[1], len(weight), weight.shape[2:], layer["stride"], layer["padding"])
            made.weight, made.bias = weight, layer["bias"]
            x = made.forward(x)
        elif layer["kind"] == "relu":
            x = np.maximum(x, 0)
        elif layer["kind"] == "pool":
            x = MaxPool2d(layer["kernel_size"], layer["stride"]).forward(x)
        else:
            x, takes = x.reshape(len(x), -1), layer["weight"].shape[1]
            if x.shape[1] != takes:
                raise ValueError(f"a linear layer takes {takes} values, and {x.shape[1]} come")
            x = x @ layer["weight"].T + layer["bias"]
    return x


def _tidy(layer):
    """A layer of a student's network with all its settings, checked; a ValueError says what is wrong."""
    if not isinstance(layer, dict):
        raise ValueError(f"a layer is a dict, got a {type(layer).__name__}")
    kind, tidy = layer.get("kind"), dict(layer)
    known = {"conv": ["weight", "bias", "stride", "padding"], "relu": [], "linear": ["weight", "bias"]}
    known["pool"] = ["kernel_size", "stride"]
    if not isinstance(kind, str) or kind not in known:
        raise ValueError(f"a layer's kind is conv, relu, pool or linear, got {str(kind)[:40]!r}")
    if kind == "conv":
        tidy = {"stride": 1, "padding": 0, **tidy}
    if kind == "pool":
        tidy = {"stride": tidy.get("kernel_size"), **tidy}
    if set(tidy) != {"kind", *known[kind]}:
        found = sorted(str(name)[:40] for name in layer if name != "kind")[:9]
        raise ValueError(f"beside its kind a {kind} layer has {known[kind] or 'nothing'}, got {found}")
    for name in known[kind]:
        value = tidy[name]
        if name in ("weight", "bias"):
            sides = {"conv": 4, "linear": 2}[kind] if name == "weight" else 1
            if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.ndim != sides:
                raise ValueError(f"the {name} of a {kind} layer is an array of {sides} axes")
            if not np.isfinite(value).all():
                raise ValueError(f"the {name} of a {kind} layer holds numbers that are not finite")
            tidy[name] = value.astype(float)
        elif type(value) is not int or not (name != "padding") <= value <= SHEET:
            raise ValueError(f"the {name} of a {kind} layer must be a whole number up to {SHEET}")
    if "weight" in tidy and (0 in tidy["weight"].shape or tidy["bias"].shape != tidy["weight"].shape[:1]):
        raise ValueError(f"a {kind} layer has one bias for each output")
    return tidy


def tells(images, labels):
    """Make a judge of networks: few numbers, and most of the labels right."""

    def judge(got):
        if not isinstance(got, list | tuple) or not 0 < len(got) <= 20:
            return f"expected a list of 1 to 20 layers, got a {type(got).__name__}"
        try:
            network = [_tidy(layer) for layer in got]
            count = sum(layer[name].size for layer in network for name in ("weight", "bias") if name in layer)
            if count > BUDGET:
                return f"it has {count} numbers, {BUDGET} are allowed"
            answer = votes(network, images)
        except ValueError as error:
            return f"the network does not work: {error}"
        if answer.shape != (len(images), 2):
            return f"two votes for each sheet are wanted, so ({len(images)}, 2), got {answer.shape}"
        right = np.mean(answer.argmax(axis=1) == labels)
        if right < WANTED:
            return f"{count} numbers tell {right:.0%} of {len(labels)} new sheets, {WANTED:.0%} are wanted"
        return None

    return judge


_LAYERS, _SHAPES = vgg16()
_SMALL = [conv(2, 3), RELU, linear(5)]
_SMALL_SHAPES = [(3, 4, 4), (2, 2, 2), (2, 2, 2), (5,)]
_LENET = [conv(6, 5), RELU, pool(2), conv(16, 5), RELU, pool(2), linear(120)]
EXACT = {"rtol": 0, "atol": 0.5}
TELL = "import numpy\nresult = small_network(images, labels, numpy.random.default_rng(seed))"
_rng = np.random.default_rng(60)
_learn, _new = write_sheets(400, _rng), write_sheets(400, _rng)

TESTS = {
    "q1": [
        Case(
            "the beginning of LeNet-5",
            "output_shapes(layers, (1, 32, 32))",
            {"layers": _LENET},
            expected=(
                *((6, 28, 28), (6, 28, 28), (6, 14, 14)),
                *((16, 10, 10), (16, 10, 10), (16, 5, 5), (120,)),
            ),
            hint="One shape for each layer. A window of 5 on 32 pixels has 32 - 5 + 1 = 28 places.",
        ),
        Case(
            "stride 2, padding 1 and dilation 2 on a picture that is not square",
            "output_shapes(layers, (3, 9, 12))",
            {"layers": [conv(4, 3, stride=2, padding=1), conv(4, 2, dilation=2)]},
            expected=((4, 5, 6), (4, 3, 4)),
            hint="Rows and columns each follow the rule; places that do not fit are dropped.",
        ),
        Case(
            "a window of 5 on 4 pixels",
            "try:\n    output_shapes(layers, (1, 4, 8))\n    result = 'no error'\n"
            "except ValueError:\n    result = 'ValueError'",
            {"layers": [conv(1, 5)]},
            expected="ValueError",
            hint="Write `raise ValueError(...)` where there is no place for a window.",
        ),
    ],
    "q2": [
        Case(
            "the example with a pencil",
            "costs(layers, shapes)",
            {"layers": _SMALL, "shapes": _SMALL_SHAPES},
            expected={"parameters": 101, "multiply_adds": 256, "activations": 61},
            hint="Parameters 56 + 45, multiply-adds 8 · 27 + 8 · 5, activations 48 + 8 + 5.",
            **EXACT,
        ),
        Case(
            "one filter for each channel, then a 1x1 convolution",
            "costs(layers, shapes)",
            {
                "layers": [conv(4, 3, padding=1, groups=4), conv(6, 1)],
                "shapes": [(4, 5, 5), (4, 5, 5), (6, 5, 5)],
            },
            expected={"parameters": 70, "multiply_adds": 1500, "activations": 350},
            hint="With 4 groups a filter sees 4 / 4 = 1 channel: 4 · (9 + 1) parameters. Then 6 · (4 + 1).",
            **EXACT,
        ),
        Case(
            "VGG16",
            "costs(layers, shapes)",
            {"layers": _LAYERS, "shapes": _SHAPES},
            expected={"parameters": 138357544, "multiply_adds": 15470264320, "activations": 15237608},
            hint="Off by 13,416: the biases. 28.8 million activations: each ReLU counted, too.",
            **EXACT,
        ),
    ],
    "q3": [
        Case(
            "the example with a pencil, two pictures",
            "forward_memory(layers, shapes, 101, 2)",
            {"layers": _SMALL, "shapes": _SMALL_SHAPES},
            expected=(2, 892),
            hint="The first layer reads the picture, which is there anyway: it needs 8 more, the last 8 + 5.",
            **EXACT,
        ),
        Case(
            "VGG16, one picture",
            "forward_memory(layers, shapes, 138357544, 1)",
            {"layers": _LAYERS, "shapes": _SHAPES},
            expected=(2, 579722400),
            hint="4 · (138,357,544 + 150,528 + 2 · 3,211,264) bytes. The fullest layer is conv1_2.",
            **EXACT,
        ),
        Case(
            "VGG16 in 24 GB",
            "largest_batch(layers, shapes, 138357544, 24 * 10**9)",
            {"layers": _LAYERS, "shapes": _SHAPES},
            expected=891,
            hint="Take the parameters off first; a picture more costs 26,292,224 bytes.",
            **EXACT,
        ),
        Case(
            "not even one",
            "largest_batch(layers, shapes, 101, 500)",
            {"layers": _SMALL, "shapes": _SMALL_SHAPES},
            expected=0,
            hint="101 parameters take 404 bytes, and a picture 244.",
            **EXACT,
        ),
    ],
    "q4": [
        Case(
            "the toy network of chapter 5",
            "seen_pixels(layers, 9, 0)",
            {"layers": [conv(1, 3), RELU, pool(2), pool(2)]},
            expected=(0, 5),
            hint="One unit, two of the first pooling, four of the convolution, six pixels.",
        ),
        Case(
            "a unit at the border: padding sees nothing",
            "seen_pixels(layers, 8, 3)",
            {"layers": [conv(1, 3, padding=1), pool(2)]},
            expected=(5, 7),
            hint="The last unit pools units 6 and 7, which look at the pixels 5 to 8; 8 is margin.",
        ),
        Case(
            "a margin inside the network sees nothing either",
            "seen_pixels(layers, 6, 1)",
            {"layers": [conv(1, 3, stride=2), conv(1, 3, padding=1)]},
            expected=(0, 4),
            hint="The first layer has two units, 0 to 2 and 2 to 4. A third does not exist: it is a zero.",
        ),
        Case(
            "a window with gaps at the border",
            "seen_pixels(layers, 8, 0)",
            {"layers": [conv(1, 3, padding=1, dilation=2)]},
            expected=(1, 3),
            hint="The window lies on -1, 1 and 3. It steps over pixel 0.",
        ),
    ],
    "q5": [
        Case(
            "3 x 32 x 32 to 16 x 8 x 8, a field of 37, at most 3200 parameters",
            "design((3, 32, 32), (16, 8, 8), 37, 3200)",
            judge=meets((3, 32, 32), (16, 8, 8), 37, 3200),
            hint="How much does a 3x3 window add to the field before the poolings, and how much after them?",
        ),
        Case(
            "1 x 64 x 64 to 10 x 16 x 16, a field of 69, at most 5000 parameters",
            "design((1, 64, 64), (10, 16, 16), 69, 5000)",
            judge=meets((1, 64, 64), (10, 16, 16), 69, 5000),
            hint="8 to 8 channels cost 584 parameters with 3x3, 1,608 with 5x5. And the last layer?",
        ),
    ],
    "q6": [
        Case(
            "400 new sheets",
            TELL,
            {"images": _learn[0], "labels": _learn[1], "seed": 3},
            judge=tells(*_new),
            hint="Where do the 60 numbers do most? Count: a filter of 3x3 costs 10 with its bias.",
        ),
        Case(
            "another start",
            TELL,
            {"images": _learn[0], "labels": _learn[1], "seed": 4},
            judge=tells(*_new),
            hint="If one start in three fails, train several and keep the one with the smallest loss.",
        ),
    ],
}
