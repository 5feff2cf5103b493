"""The table of a network: the lecture's numbers, five other networks by hand, PyTorch's own counters."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from cnnlib import layers, network
from cnnlib.receptive_field import receptive_field
from cnnlib.summary import Row, Summary, summarize
from cnnlib.tracing import Axis, MemoryMeter
from cnnlib.vgg import VGG16

# The lecture's table: shape as it prints it (rows, columns, channels), memory, weights.
DECK = """
    224x224x3   150K 0
    224x224x64  3.2M 1,728
    224x224x64  3.2M 36,864
    112x112x64  800K 0
    112x112x128 1.6M 73,728
    112x112x128 1.6M 147,456
    56x56x128   400K 0
    56x56x256   800K 294,912
    56x56x256   800K 589,824
    56x56x256   800K 589,824
    28x28x256   200K 0
    28x28x512   400K 1,179,648
    28x28x512   400K 2,359,296
    28x28x512   400K 2,359,296
    14x14x512   100K 0
    14x14x512   100K 2,359,296
    14x14x512   100K 2,359,296
    14x14x512   100K 2,359,296
    7x7x512     25K  0
    4096        4096 102,760,448
    4096        4096 16,777,216
    1000        1000 4,096,000
"""


def on_meta(make, *args, **kwargs):
    with torch.device("meta"):
        return make(*args, **kwargs)


def lenet():
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )


class Residual(nn.Module):
    """A block with a shortcut, of which a part is written as functions."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return F.relu(x + self.b(F.relu(self.norm(self.a(x)))))


NETWORKS = {  # with the shape of an image
    "VGG16": (lambda: VGG16(10, width=0.1, image_size=64), (3, 64, 64)),
    "VGG16 with batch norm": (lambda: VGG16(10, width=0.1, image_size=32, batch_norm=True), (3, 32, 32)),
    "LeNet": (lenet, (1, 32, 32)),
    "residual": (Residual, (4, 8, 8)),
    "grouped": (
        lambda: nn.Sequential(nn.Conv2d(8, 12, 3, padding=1, groups=4), nn.Conv2d(12, 12, 3, groups=12)),
        (8, 6, 6),
    ),
    "dilated": (
        lambda: nn.Sequential(*(nn.Conv2d(1, 1, 3, dilation=d, bias=False) for d in (1, 2, 4))),
        (1, 20, 20),
    ),
    "1-D": (
        lambda: nn.Sequential(
            *(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(4, 4, 3, dilation=2)),
            *(nn.AvgPool1d(2), nn.Flatten(), nn.Linear(20, 5)),
        ),
        (2, 30),
    ),
}
every_network = pytest.mark.parametrize(("make", "shape"), NETWORKS.values(), ids=NETWORKS)


def rows(summary, *fields):
    """Some fields of the rows that have something to count, the image left out."""
    return [tuple(getattr(row, field) for field in fields) for row in summary.rows[1:] if row.counts]


# By hand: VGG16 and the lecture.


def rounded_down(printed):
    """The range of numbers that the lecture prints as, for example, 3.2M or 800K."""
    units = {"K": 1e3, "M": 1e6}
    unit = units.get(printed[-1], 1)
    number = float(printed.rstrip("KM"))
    step = {"K": 1, "M": 0.1}.get(printed[-1], 0)
    return number * unit, (number + step) * unit * (1.004 if step else 1)


def test_the_table_of_vgg16_is_the_lectures_row_by_row():
    found = [row for row in summarize(on_meta(VGG16), (3, 224, 224)).rows if row.counts]
    deck = [line.split() for line in DECK.strip().splitlines()]
    assert len(found) == len(deck) == 22
    for row, (shape, memory, weights) in zip(found, deck, strict=True):
        *sides, channels = map(int, shape.split("x"))
        assert row.shape == (channels, *sides)
        assert row.weights == int(weights.replace(",", ""))
        low, high = rounded_down(memory)
        assert low <= row.activations <= high


def test_the_sums_of_vgg16_are_those_of_the_paper_and_of_hand_arithmetic():
    summary = summarize(on_meta(VGG16), (3, 224, 224))
    assert summary.weights == 138_344_128
    assert summary.parameters == 138_357_544
    assert summary.multiply_adds == 15_470_264_320
    pixels = {224: 3 + 2 * 64, 112: 64 + 2 * 128, 56: 128 + 3 * 256, 28: 256 + 3 * 512, 14: 4 * 512, 7: 512}
    assert summary.activations == sum(s**2 * c for s, c in pixels.items()) + 4096 + 4096 + 1000 == 15_237_608


def test_relus_with_memory_of_their_own_add_as_much_as_the_layers_before_them():
    """15,237,608 and once more the convolutions' and the hidden layers' outputs: 28.8 million, 115 MB."""
    net = on_meta(VGG16)
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    convolutions = 224**2 * 2 * 64 + 112**2 * 2 * 128 + 56**2 * 3 * 256 + 28**2 * 3 * 512 + 14**2 * 3 * 512
    assert summarize(net, (3, 224, 224)).activations == 15_237_608 + convolutions + 2 * 4096 == 28_793_320


def test_receptive_fields_after_the_five_poolings():
    summary = summarize(on_meta(VGG16), (3, 224, 224))
    pools = [row.receptive_field for row in summary.rows if row.kind == "MaxPool2d"]
    assert pools == [(6, 6), (16, 16), (44, 44), (100, 100), (212, 212)]
    assert summary.rows[-1].receptive_field == (404, 404)  # 7 units, 32 pixels apart: 212 + 6 * 32


def test_vgg16_keeps_for_the_way_back_what_was_measured():
    """Outputs of convolutions and poolings, and the image: 4 bytes; positions of maxima: 8 bytes."""
    maps = 224**2 * 2 * 64 + 112**2 * 2 * 128 + 56**2 * 3 * 256 + 28**2 * 3 * 512 + 14**2 * 3 * 512
    pooled = 112**2 * 64 + 56**2 * 128 + 28**2 * 256 + 14**2 * 512 + 7**2 * 512
    hidden = 2 * 4096 * 3  # after the ReLU; the dropout's mask and its output
    summary = summarize(on_meta(VGG16), (3, 224, 224))
    assert summary.kept_bytes() == 4 * (3 * 224**2 + maps + pooled + hidden) + 8 * pooled
    assert round(summary.kept_bytes() / 2**20, 1) == 69.9


# By hand: five other networks.


def test_lenet():
    summary = summarize(lenet(), (1, 32, 32))
    assert rows(summary, "kind", "shape", "activations", "weights", "multiply_adds", "receptive_field") == [
        ("Conv2d", (6, 28, 28), 4704, 6 * 25, 4704 * 25, (5, 5)),
        ("ReLU", (6, 28, 28), 4704, 0, 0, (5, 5)),
        ("MaxPool2d", (6, 14, 14), 1176, 0, 0, (6, 6)),
        ("Conv2d", (16, 10, 10), 1600, 16 * 150, 1600 * 150, (14, 14)),
        ("ReLU", (16, 10, 10), 1600, 0, 0, (14, 14)),
        ("MaxPool2d", (16, 5, 5), 400, 0, 0, (16, 16)),
        ("Linear", (120,), 120, 48000, 48000, (32, 32)),
        ("ReLU", (120,), 120, 0, 0, (32, 32)),
        ("Linear", (84,), 84, 10080, 10080, (32, 32)),
        ("ReLU", (84,), 84, 0, 0, (32, 32)),
        ("Linear", (10,), 10, 840, 840, (32, 32)),
    ]
    assert summary.parameters == 61706
    assert summary.rows[0] == Row("input", "Input", (1, 32, 32), 1024, receptive_field=(1, 1), kept_bytes=0)


def test_the_numpy_lenet_gives_the_same_table():
    theirs, ours = summarize(lenet(), (1, 32, 32)), summarize(network.LeNet5(), (1, 32, 32))
    assert [row[:9] for row in ours.rows] == [row[:9] for row in theirs.rows]
    assert [row.trainable for row in ours.rows] == [row.trainable for row in theirs.rows]


def test_a_layer_on_the_pixels_sees_them_all():
    ours = network.Sequential(layers.Flatten(), layers.Linear(30, 2), layers.Linear(2, 2))
    theirs = nn.Sequential(nn.Flatten(), nn.Linear(30, 2), nn.Linear(2, 2))
    for net in (ours, theirs):
        assert rows(summarize(net, (1, 5, 6)), "weights", "receptive_field") == [(60, (5, 6)), (4, (5, 6))]


def test_a_residual_block_with_functions():
    summary = summarize(Residual(), (4, 8, 8))
    one = 4 * 8 * 8
    fields = "name", "kind", "activations", "multiply_adds", "receptive_field", "kept_bytes"
    assert rows(summary, *fields) == [
        ("a", "Conv2d", one, one * 36, (3, 3), 4 * one),  # keeps the image
        ("norm", "BatchNorm2d", one, 0, (3, 3), 4 * one),  # keeps what comes in
        ("", "relu", one, 0, (3, 3), 4 * one),  # keeps what goes out, which b needs, too
        ("b", "Conv2d", one, one * 36, (5, 5), 0),
        ("", "add", one, 0, (5, 5), 0),
        ("", "relu", one, 0, (5, 5), 4 * one),
    ]
    assert summary.weights == 2 * 4 * 4 * 9 + 4
    assert summary.biases == 4 + 4 + 4


def test_groups_see_the_channels_of_their_own_block():
    make, shape = NETWORKS["grouped"]
    found = rows(summarize(make(), shape), "shape", "weights", "biases", "multiply_adds", "receptive_field")
    assert found == [
        ((12, 6, 6), 12 * 2 * 9, 12, 12 * 36 * 18, (3, 3)),
        ((12, 4, 4), 12 * 1 * 9, 12, 12 * 16 * 9, (5, 5)),
    ]


def test_dilation_widens_the_view_and_costs_nothing():
    make, shape = NETWORKS["dilated"]
    found = rows(summarize(make(), shape), "shape", "weights", "multiply_adds", "receptive_field")
    assert found == [
        ((1, 18, 18), 9, 324 * 9, (3, 3)),
        ((1, 14, 14), 9, 196 * 9, (7, 7)),
        ((1, 6, 6), 9, 36 * 9, (15, 15)),
    ]


def test_one_dimension():
    """After the pooling units are 2 apart: 4 + 2 * 2 * 2 = 12; five means, 4 apart, see 14 + 4 * 4 = 30."""
    make, shape = NETWORKS["1-D"]
    found = rows(summarize(make(), shape), "kind", "shape", "multiply_adds", "receptive_field")
    assert found == [
        ("Conv1d", (4, 28), 112 * 6, (3,)),
        ("ReLU", (4, 28), 0, (3,)),
        ("MaxPool1d", (4, 14), 0, (4,)),
        ("Conv1d", (4, 10), 40 * 12, (12,)),
        ("AvgPool1d", (4, 5), 0, (14,)),
        ("Linear", (5,), 5 * 20, (30,)),
    ]


# What others count.


@every_network
def test_multiply_adds_are_half_of_what_pytorchs_own_counter_says(make, shape):
    net = make()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(torch.zeros(1, *shape))
    assert 2 * summarize(net, shape).multiply_adds == counter.get_total_flops()


@every_network
def test_what_is_kept_is_what_autograd_asks_to_keep(make, shape):
    net, kept = make().train(), {}

    def pack(tensor):
        if not any(tensor.untyped_storage()._cdata == p.untyped_storage()._cdata for p in net.parameters()):
            kept[tensor.untyped_storage()._cdata] = tensor  # is not given back while we look
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        out = net(torch.rand(5, *shape))
    assert out.requires_grad
    size = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    statistics = 8 * sum(m.num_features for m in net.modules() if isinstance(m, nn.BatchNorm2d))
    assert size - summarize(net, shape).kept_bytes(5) in (statistics, 2 * statistics)


def measured(net, x, states):
    """The most memory of a pass without gradients, and of a training step."""
    memories = []
    optimizer = {
        0: lambda p: torch.optim.SGD(p),
        1: lambda p: torch.optim.SGD(p, momentum=0.9),
        2: lambda p: torch.optim.Adam(p, foreach=False),
    }[states]([p for p in net.parameters() if p.requires_grad])
    net.train()
    for step in range(2):  # in the first one the optimiser begins to remember
        optimizer.zero_grad()
        remembered = [
            value
            for state in optimizer.state.values()
            for value in state.values()
            if isinstance(value, torch.Tensor) and value.ndim
        ]
        with MemoryMeter(list(net.parameters()), list(net.buffers()), x, remembered) as memory:
            F.cross_entropy(net(x).flatten(1), torch.zeros(len(x), dtype=torch.long)).backward()
            if states < 2 or step == 0:  # Adam's step needs a copy of the largest parameter
                optimizer.step()
    memories.append(memory.peak)
    del memory
    optimizer.zero_grad()
    with torch.no_grad(), MemoryMeter(list(net.parameters()), x) as memory:
        net.eval()(x)
    return [memory.peak, *memories]


@pytest.mark.parametrize("states", [0, 1, 2])
@pytest.mark.parametrize("batch_size", [1, 8, 32])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_memory_is_as_predicted(states, batch_size, batch_norm):
    torch.manual_seed(0)
    net = VGG16(10, width=0.125, image_size=64, batch_norm=batch_norm)
    summary, x = summarize(net, (3, 64, 64)), torch.rand(batch_size, 3, 64, 64)
    inference, training = measured(net, x, states)
    assert summary.inference_bytes(batch_size) == pytest.approx(inference, rel=0.01)
    assert summary.training_bytes(batch_size, optimizer_states=states) == pytest.approx(training, rel=0.01)


def test_frozen_layers_keep_nothing_and_have_no_gradients():
    torch.manual_seed(0)
    net = VGG16(10, width=0.125, image_size=64)
    everything = summarize(net, (3, 64, 64))
    net.features.requires_grad_(False)
    head = summarize(net, (3, 64, 64))
    values, hidden = 64 * 2 * 2, 512
    assert head.kept_bytes() == 4 * (values + 2 * 3 * hidden)
    assert sum(row.trainable for row in head.rows) == sum(p.numel() for p in net.classifier.parameters())
    assert head.training_bytes(32) < everything.training_bytes(32)
    _, training = measured(net, torch.rand(32, 3, 64, 64), 1)
    assert head.training_bytes(32) == pytest.approx(training, rel=0.01)


def test_a_frozen_layer_after_one_that_learns_keeps_nothing():
    """The gradient goes through it, for which its weights are enough: 4 numbers for the first layer."""
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    net[1].requires_grad_(False)
    assert summarize(net, (4,)).kept_bytes() == 4 * 4


def test_a_dropout_that_drops_nothing_keeps_nothing():
    kept = [summarize(nn.Sequential(nn.Linear(4, 3), nn.Dropout(p)), (4,)).kept_bytes() for p in (0, 0.5)]
    assert kept == [4 * 4, 4 * 4 + 2 * 4 * 3]


def test_fields_know_where_they_are():
    """A window of 3 with a border of 1 is centred on the first pixel; 0 to 1 and -1 to 0 make -1 to 1."""
    assert Axis(1, 1, 0.0, 8).through(3, 2, 1, 1, 4) == Axis(3, 2, 0.0, 4)
    assert Axis(2, 1, 0.5, 8).joined(Axis(2, 1, -0.5, 8)) == Axis(3, 1, 0.0, 8)


SIZES = st.integers(1, 3)
WINDOWS = st.one_of(
    st.builds(
        lambda k, s, p, d: nn.Conv2d(2, 2, k, s, p, d, bias=False), st.integers(1, 4), SIZES, SIZES, SIZES
    ),
    st.builds(nn.MaxPool2d, st.integers(2, 4), SIZES),
    st.builds(nn.AvgPool2d, st.integers(1, 4), SIZES),
    st.just(nn.Conv2d(2, 2, (1, 3), (2, 1), bias=False)),
    st.builds(nn.ReLU),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(WINDOWS, min_size=1, max_size=4))
def test_chains_of_windows_see_what_the_formula_says(chain):
    net = nn.Sequential(*chain)
    found = [row.receptive_field for row in summarize(net, (2, 64, 64)).rows[1:]]
    assert found == [field.size for field in receptive_field(chain)]


class Branches(nn.Module):
    """A 1 x 1 path, a 3 x 5 path, side by side; then a sum over the map."""

    def __init__(self, join, mean=False):
        super().__init__()
        self.join, self.mean = join, mean
        self.one = nn.Conv2d(1, 2, 1, bias=False)
        self.other = nn.Conv2d(1, 2, (3, 5), padding=(1, 2), bias=False)

    def forward(self, x):
        x = self.join(self.one(x), self.other(x))
        return x.mean((2, 3)) if self.mean else x


def seen_by_gradients(net, shape, unit):
    """Which rows and columns of the input can change a unit, by the gradient, for positive weights."""
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    x = torch.ones(1, *shape, requires_grad=True)
    net(x)[0, :, *unit].sum().backward()
    touched = x.grad[0].abs().sum(0) > 0
    return tuple(int(touched.any(dim).sum()) for dim in (1, 0))


@pytest.mark.parametrize("join", [torch.add, lambda a, b: torch.cat([a, b], 1), torch.mul])
def test_where_paths_meet_a_unit_sees_what_both_see(join):
    net = Branches(join)
    assert summarize(net, (1, 16, 16)).rows[-1].receptive_field == (3, 5)
    assert seen_by_gradients(net, (1, 16, 16), (8, 8)) == (3, 5)


def test_a_mean_over_the_map_sees_what_all_its_units_see():
    """8 units with 3 rows each: 10, of which two lie outside, as for 5 columns; gradients stay inside."""
    net = Branches(torch.add, mean=True)
    assert summarize(net, (1, 8, 8)).rows[-1].receptive_field == (10, 12)
    assert seen_by_gradients(net, (1, 8, 8), ()) == (8, 8)


def test_what_is_seen_is_not_guessed():
    up = nn.Sequential(nn.ConvTranspose2d(1, 1, 2), nn.Conv2d(1, 1, 3))
    found = summarize(up, (1, 5, 5))
    assert rows(found, "multiply_adds", "receptive_field") == [(25 * 4, None), (16 * 9, None)]
    assert "?" in str(found)
    assert summarize(nn.Upsample(scale_factor=2), (1, 5, 5)).rows[-1].receptive_field is None


# Odd networks.


def test_a_shared_layer_counts_its_parameters_once():
    shared = nn.Conv2d(1, 1, 3, padding=1)
    summary = summarize(nn.Sequential(shared, shared), (1, 4, 4))
    assert rows(summary, "weights", "biases", "multiply_adds") == [(9, 1, 144), (0, 0, 144)]


class Unused(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.used, self.forgotten = nn.Conv2d(1, 1, 1, bias=False), nn.Linear(3, 2)

    def forward(self, x):
        return self.used(x) * self.scale


def test_parameters_outside_of_layers_and_of_forgotten_layers_are_counted():
    summary = summarize(Unused(), (1, 2, 2))
    assert summary.parameters == 1 + 1 + 8
    assert [row.name for row in summary.rows if row.shape is None] == ["", "forgotten"]
    assert "never called" in str(summary)


class Plain(nn.Module):
    def forward(self, x):
        return x.flatten(1) * 2


def test_a_network_without_parameters():
    summary = summarize(Plain(), (2, 3))
    assert (summary.parameters, summary.activations) == (0, 12)
    assert summary.inference_bytes() == 4 * 12


def test_a_layer_of_ones_own_that_computes_with_functions_is_one_row():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2, 1, 3, 3))

        def forward(self, x):
            return F.relu(F.conv2d(x, self.weight))

    found = rows(summarize(Own(), (1, 5, 5)), "kind", "activations", "weights", "multiply_adds")
    assert found == [("Own", 18, 18, 162)]


def test_half_precision_halves_the_bytes():
    net = lenet()
    whole = summarize(net, (1, 32, 32))
    half = summarize(net.to(torch.bfloat16), (1, 32, 32))
    assert half.inference_bytes(3) < 0.6 * whole.inference_bytes(3)
    assert half.itemsize == 2


# What it leaves behind.


def test_the_network_is_left_as_it_was():
    net = VGG16(10, width=0.05, image_size=32, batch_norm=True)
    net.classifier.eval()
    modes = [module.training for module in net.modules()]
    state = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    summarize(net, (3, 32, 32))
    assert [module.training for module in net.modules()] == modes
    assert all(torch.equal(state[name], tensor) for name, tensor in net.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_the_network_is_left_as_it_was_when_the_image_does_not_fit():
    net = VGG16(10, width=0.05, image_size=32)
    with pytest.raises(ValueError, match="at least 32 x 32 pixels"):
        summarize(net, (3, 16, 16))
    assert all(module.training for module in net.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_a_numpy_network_remembers_its_own_pass():
    net = network.Sequential(layers.Linear(4, 2), layers.BatchNorm2d(2))[:1]
    net.forward(np.ones((3, 4)))
    summarize(net, (4,))
    assert net.backward(np.ones((3, 2))).shape == (3, 4)


# How it looks.


def test_the_text_has_a_line_for_each_row_and_the_sums():
    text = str(summarize(lenet(), (1, 32, 32))).splitlines()
    assert text[0] == "Sequential, one image of 1 × 32 × 32"
    assert text[1].split() == list(Summary.columns)
    assert text[-1].split() == ["sum", "15,626", "61,470", "236", "416,520"]
    assert len(text) == 1 + 1 + 1 + 12 + 1 + 1  # Flatten has nothing to count
    assert max(map(len, text)) <= 110


def test_html_says_the_same_as_the_text_and_escapes():
    summary = summarize(lenet(), (1, 32, 32))
    html = summary._repr_html_()
    assert html.count("<tr>") == 12 + 2
    assert ">61,470</td>" in html[html.index("<tfoot") :]  # a heading without words would be no heading
    summary.rows[1] = summary.rows[1]._replace(name="<b>")
    assert "<b>" not in summary._repr_html_()
    assert "&lt;b&gt;" in summary._repr_html_()


def test_records_are_what_a_data_frame_takes():
    records = summarize(lenet(), (1, 32, 32)).records()
    assert records[1]["multiply_adds"] == 117600
    assert all(record.keys() == set(Row._fields) for record in records)


# Messages.


@pytest.mark.parametrize(
    ("model", "shape", "error", "message"),
    [
        (nn.Linear(2, 2), (0,), ValueError, "each size of input_shape must be at least 1: got 0"),
        (nn.Linear(2, 2), (2.0,), TypeError, r"each size of input_shape must be an integer: got 2\.0"),
        (nn.Linear(2, 2), (3,), RuntimeError, "shapes cannot be multiplied"),
        (len, (2,), TypeError, r"torch\.nn\.Module or a cnnlib.* got builtin_function_or_method"),
    ],
)
def test_bad_input_is_named(model, shape, error, message):
    with pytest.raises(error, match=message):
        summarize(model, shape)


def test_memory_of_numpy_networks_is_not_predicted():
    summary = summarize(network.LeNet5(), (1, 32, 32))
    for method in (summary.kept_bytes, summary.inference_bytes, summary.training_bytes):
        with pytest.raises(TypeError, match="PyTorch networks only"):
            method()


def test_batches_and_states_are_checked():
    summary = summarize(nn.Linear(2, 2), (2,))
    with pytest.raises(ValueError, match="batch_size must be at least 1: got 0"):
        summary.training_bytes(0)
    with pytest.raises(ValueError, match="batch_size must be at least 1: got -1"):
        summary.inference_bytes(-1)
    with pytest.raises(TypeError, match="optimizer_states must be an integer"):
        summary.training_bytes(1, optimizer_states=0.5)


# The meter.


def test_the_meter_counts_memory_once_and_when_it_is_given_back():
    x = torch.zeros(100)
    with MemoryMeter(x, [x]) as memory:
        assert memory.live == 400
        a = x + 1  # 800
        b = a[:50]  # shares
        del a
        assert memory.live == 800
        c = torch.zeros(10, dtype=torch.int64)  # 880
        del b
        assert memory.live == 480
    assert memory.peak == 880
    assert c.numel() == 10


def test_the_meter_sees_the_way_back():
    x = torch.ones(100, requires_grad=True)
    with MemoryMeter(x) as memory:
        (x * 2).sum().backward()
    assert x.grad is not None
    assert memory.live >= 800


def test_a_linear_layer_over_one_axis_of_several_is_not_said_to_see_everything():
    assert summarize(nn.Linear(5, 2), (3, 5)).rows[-1].receptive_field is None
