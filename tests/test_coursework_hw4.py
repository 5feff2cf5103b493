"""Assignment 4: right answers get their points, wrong ones do not, and the references are PyTorch's."""

import numpy as np
import pytest
import torch
from coursework_lab import sandbox_or_skip
from coursework_variants import Promises
from numpy.testing import assert_allclose
from torch import nn

from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.losses import CrossEntropyLoss
from cnnlib.network import Sequential
from cnnlib.receptive_field import receptive_field
from cnnlib.summary import summarize
from cnnlib.vgg import VGG16
from coursework import variants
from coursework.check import difference
from coursework.hw4 import hidden, public
from coursework.hw4.public import RELU, conv, linear, pool
from coursework.question import load
from coursework.unit import grade_one


class TestHw4(Promises):
    name = "hw4"
    fresh_may_raise = ("filters",)


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def torch_network(layers, shape):
    """The same network in PyTorch, without numbers."""
    modules = []
    with torch.device("meta"):
        x = torch.empty(1, *shape)
        for layer in layers:
            match layer["kind"]:
                case "conv":
                    settings = {name: layer[name] for name in layer if name not in ("kind", "out_channels")}
                    made = [nn.Conv2d(x.shape[1], layer["out_channels"], **settings)]
                case "pool":
                    made = [nn.MaxPool2d(layer["kernel_size"], layer["stride"])]
                case "relu":
                    made = [nn.ReLU(inplace=True)]
                case "linear":
                    flat = x.flatten(1)
                    made = [nn.Flatten()] * (x.ndim > 2) + [nn.Linear(flat.shape[1], layer["out_features"])]
            for module in made:
                x = module(x)
            modules += made
    return nn.Sequential(*modules)


def networks(rng):
    """VGG16 and random networks: layers and shapes, the picture's first."""
    yield public.vgg16()
    for end in ([], [linear(7), RELU, linear(3)]):
        for _ in range(6):
            size = rng.integers(14, 25, 2).tolist()
            layers = [*hidden._stack(rng, size), *end]
            yield layers, [(2, *size), *hidden.shapes_reference(layers, (2, *size))]
    layers = [conv(12, 3, padding=1, groups=6), RELU, pool(3, 2), conv(4, 2, stride=2, groups=4), linear(5)]
    yield layers, [(6, 9, 11), *hidden.shapes_reference(layers, (6, 9, 11))]


def test_the_shapes_reference_is_pytorchs(rng):
    for layers, shapes in networks(rng):
        x, after = torch.empty(1, *shapes[0], device="meta"), []
        for module in torch_network(layers, shapes[0]):
            x = module(x)
            after += [tuple(x.shape[1:])] if not isinstance(module, nn.Flatten) else []
        assert list(shapes[1:]) == after


def test_the_costs_reference_is_what_pytorch_counts(rng):
    for layers, shapes in networks(rng):
        network = torch_network(layers, shapes[0])
        counted, ours = summarize(network, shapes[0]), hidden.costs_reference(layers, shapes)
        assert ours["parameters"] == sum(p.numel() for p in network.parameters())
        assert ours["multiply_adds"] == counted.multiply_adds
        assert ours["activations"] == counted.activations


def test_vgg16_is_vgg16():
    layers, shapes = public.vgg16()
    with torch.device("meta"):
        table = summarize(VGG16(), (3, 224, 224))
    totals = {"parameters": 138_357_544, "multiply_adds": 15_470_264_320, "activations": 15_237_608}
    assert hidden.costs_reference(layers, shapes) == totals
    assert totals == {name: getattr(table, name) for name in totals}
    for batch in (1, 8):
        assert hidden.memory_reference(layers, shapes, 138_357_544, batch) == (
            2,
            table.inference_bytes(batch),
        )
    most = hidden.batch_reference(layers, shapes, 138_357_544, 24 * 10**9)
    assert table.inference_bytes(most) <= 24 * 10**9 < table.inference_bytes(most + 1)


def test_what_is_seen_is_what_pytorchs_gradient_reaches(rng):
    for _ in range(20):
        size = int(rng.integers(14, 25))
        layers = hidden._stack(rng, (size, size))
        row = torch.ones(1, 1, size, dtype=torch.float64, requires_grad=True)
        x = row
        for layer in layers:
            if layer["kind"] == "conv":
                kernel = torch.ones(1, 1, layer["kernel_size"], dtype=torch.float64)
                settings = layer["stride"], layer["padding"], layer["dilation"]
                x = nn.functional.conv1d(x, kernel, None, *settings)
            elif layer["kind"] == "pool":
                x = nn.functional.avg_pool1d(x, layer["kernel_size"], layer["stride"])
        for unit in range(x.shape[2]):
            (gradient,) = torch.autograd.grad(x[0, 0, unit], row, retain_graph=True)
            felt = np.flatnonzero(gradient.numpy())
            assert hidden.seen_reference(layers, size, unit) == (felt[0], felt[-1])


def test_both_judges_of_designs_agree():
    """The public one builds the network and looks, the hidden one reads."""
    shapes = [((3, 32, 32), (16, 8, 8)), ((1, 64, 64), (10, 16, 16))]
    for case, shape in zip(public.TESTS["q5"], shapes, strict=True):
        field, most = ((37, 3200), (69, 5000))[shape[0][0] == 1]
        judge = hidden.affords(*shape, field, most)
        answers = {**variants.variants("hw4", "CORRECT"), **variants.variants("hw4", "WRONG")}
        for (question, variant), source in answers.items():
            if question == "q5":
                names, _ = variants.names_after("hw4", {"q5": source})
                design = names["design"](*shape, field, most)
                assert (judge(design) is None) == (difference(case, design) is None), variant


@pytest.mark.parametrize("seed", variants.SEEDS)
def test_the_field_that_designs_are_judged_by_is_cnnlibs(seed):
    names, _ = variants.names_after("hw4")
    for case in variants.hidden("hw4", seed)["q5"]:
        design = names["design"](**case.inputs)
        network = torch_network(design, case.inputs["shape"])
        field = receptive_field(network)[-1].size
        assert min(field) >= case.inputs["field"]
        assert sum(p.numel() for p in network.parameters()) <= case.inputs["most"]
        larger = hidden.affords(case.inputs["shape"], case.inputs["out_shape"], field[0] + 1, 10**9)
        assert f"sees {field[0]} pixels" in larger(design)


def test_the_notebooks_layers_and_sheets_are_the_graders():
    names, _ = variants.names_after("hw4")
    assert names["conv"](3, 5, 2, 1, 2, 3) == conv(3, 5, 2, 1, 2, 3)
    assert names["pool"](2) == pool(2)
    assert names["pool"](3, 1) == pool(3, 1)
    assert names["linear"](4) == linear(4)
    ours, theirs = (
        write(9, np.random.default_rng(1)) for write in (names["write_sheets"], public.write_sheets)
    )
    assert_allclose(ours[0], theirs[0])


def test_the_graders_network_is_pytorchs(rng):
    weight, bias = rng.normal(size=(2, 1, 3, 3)), rng.normal(size=2)
    last = rng.normal(size=(2, 2 * 3 * 3))
    network = [
        {"kind": "conv", "weight": weight, "bias": bias, "stride": 2, "padding": 1},
        {"kind": "relu"},
        {"kind": "pool", "kernel_size": 3, "stride": 2},
        {"kind": "linear", "weight": last, "bias": bias},
    ]
    x = torch.tensor(public._new[0][:5])
    maps = nn.functional.conv2d(x, torch.tensor(weight), torch.tensor(bias), 2, 1).relu()
    expected = nn.functional.max_pool2d(maps, 3, 2).flatten(1).numpy() @ last.T + bias
    assert_allclose(public.votes(network, public._new[0][:5]), expected, rtol=1e-10, atol=1e-12)


NETWORK = [
    {"kind": "conv", "weight": np.ones((2, 1, 5, 5)), "bias": np.zeros(2)},
    {"kind": "relu"},
    {"kind": "pool", "kernel_size": 10},
    {"kind": "linear", "weight": np.ones((2, 2)), "bias": np.zeros(2)},
]


def changed(index, **entries):
    return [layer | entries if i == index else layer for i, layer in enumerate(NETWORK)]


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (None, "expected a list of 1 to 20 layers, got a NoneType"),
        (NETWORK * 6, "expected a list of 1 to 20 layers"),
        ([*NETWORK, 3], "a layer is a dict, got a int"),
        (changed(1, kind="tanh"), "kind is conv, relu, pool or linear, got 'tanh'"),
        (changed(1, kind=["relu"]), "kind is conv, relu, pool or linear"),
        (changed(1, bias=np.zeros(2)), "beside its kind a relu layer has nothing"),
        (changed(0, weight=[1.0, 2]), "weight of a conv layer is an array of 4 axes"),
        (changed(0, weight=np.ones((2, 25))), "weight of a conv layer is an array of 4 axes"),
        (changed(0, bias=np.zeros(3)), "one bias for each output"),
        (changed(0, bias=np.array([np.nan, 0])), "not finite"),
        (changed(0, stride=0), "stride of a conv layer must be a whole number"),
        (changed(0, padding=10**9), "padding of a conv layer must be a whole number"),
        (changed(2, kernel_size=10.0), "kernel_size of a pool layer must be a whole number"),
        (changed(0, weight=np.ones((3, 1, 5, 5)), bias=np.zeros(3)), "84 numbers, 60 are allowed"),
        (changed(2, kernel_size=12), "does not work: kernel_size must fit"),
        (changed(2, kernel_size=5), "a linear layer takes 2 values, and 8 come"),
        (changed(0, weight=np.ones((1, 2, 5, 5)), bias=np.zeros(1)), "does not work"),
        (NETWORK[:3], "two votes for each sheet are wanted"),
        (NETWORK, "58 numbers tell .* of 400 new sheets, 85% are wanted"),
    ],
)
def test_the_judge_of_networks_says_what_is_wrong(network, says):
    case = public.TESTS["q6"][0]
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(difference(case, network))


@pytest.mark.parametrize(
    ("design", "says"),
    [
        (7, "expected a list of 1 to 200 layers, got a int"),
        ([], "expected a list of 1 to 200 layers"),
        ([None], "every layer must be"),
        ([conv(16, 3), linear(3)], "every layer must be"),
        ([{"kind": "conv", "out_channels": 16}], "not the entries"),
        ([conv(16.0, 3)], "out_channels must be a whole number"),
        ([conv(16, 3, stride=0)], "stride must be a whole number"),
        ([pool(2), conv(16, 3)], "first layer must be a convolution"),
        ([conv(7, 3), conv(16, 3)], "at least 8 channels"),
        ([conv(16, 3, dilation=2)], "neither dilation nor groups"),
        ([conv(16, 3, groups=3)], "neither dilation nor groups"),
        ([conv(16, 50)], "a window does not fit"),
        ([conv(16, 3)], r"has the shape \(16, 30, 30\), \(16, 8, 8\) is wanted"),
        ([conv(16, 5, 4, 2), conv(16, 3, padding=1)], "it has 3536 parameters, 3200 are allowed"),
        ([conv(16, 5, 4, 2)], "sees 5 pixels each way, 37 are wanted"),
    ],
)
def test_the_judge_of_designs_says_what_is_wrong(design, says):
    judge = hidden.affords((3, 32, 32), (16, 8, 8), 37, 3200)
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(judge(design))


def test_an_honest_network_tells_with_a_margin():
    names, _ = variants.names_after("hw4")
    right = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        learn, new = public.write_sheets(400, rng), public.write_sheets(400, rng)
        network = [public._tidy(layer) for layer in names["small_network"](*learn, rng)]
        right.append(np.mean(public.votes(network, new[0]).argmax(axis=1) == new[1]))
    assert min(right) > 0.88


def numbers_and_share(layers, learn, new, rng):
    """How many numbers a network has, and which share it tells after training."""
    network, loss = Sequential(*layers), CrossEntropyLoss()
    velocities = [np.zeros_like(parameter) for parameter in network.parameters()]
    for epoch in range(20):
        for batch in np.array_split(rng.permutation(len(learn[0])), 13):
            loss.forward(network.forward(learn[0][batch]), learn[1][batch])
            network.backward(loss.backward(), need_dx=False)
            moves = zip(network.parameters(), velocities, network.gradients(), strict=True)
            for parameter, velocity, gradient in moves:
                velocity *= 0.9
                velocity -= 0.05 * (1 - epoch / 20) * gradient
                parameter += velocity
    share = np.mean(network.forward(new[0]).argmax(axis=1) == new[1])
    return sum(parameter.size for parameter in network.parameters()), share


@pytest.mark.slow_grading
def test_what_the_text_of_question_6_says_of_other_networks():
    """Pixels: 394 numbers, about 58 %. Five filters of 3 x 3: 62 numbers, about 92 %."""
    shares = {}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        learn, new = public.write_sheets(400, rng), public.write_sheets(1000, rng)
        pixels = [Flatten(), Linear(196, 2, rng=rng)]
        filters = [Conv2d(1, 5, 3, rng=rng), ReLU(), MaxPool2d(12), Flatten(), Linear(5, 2, rng=rng)]
        for layers in (pixels, filters):
            count, share = numbers_and_share(layers, learn, new, rng)
            shares.setdefault(count, []).append(share)
    means = {count: round(float(np.mean(share)), 2) for count, share in shares.items()}
    assert means == {394: pytest.approx(0.58, abs=0.04), 62: pytest.approx(0.92, abs=0.03)}


def test_the_grader_gives_the_solution_all_points():
    sandbox_or_skip()
    result = grade_one(load("hw4").notebook.read_bytes(), "hw4", seed=5)
    assert result["score"] == result["max_score"] == 21
    assert {cell["status"] for cell in result["cells"]} == {"ok"}
