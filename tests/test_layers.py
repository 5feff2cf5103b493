"""Layers: forward and backward by hand, against PyTorch, against differences, and what they refuse."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlib.gradcheck import numerical_gradient
from cnnlib.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    LeakyReLU,
    Linear,
    Maxout,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)

CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def images(*rows):
    """One image of one channel, (1, 1, H, W)."""
    return np.array([[rows]], dtype=float)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


EVERY_LAYER = [
    pytest.param(Conv2d(2, 4, 3, stride=2, padding=1, groups=2), (3, 2, 6, 5), id="Conv2d"),
    pytest.param(MaxPool2d(3, stride=2, padding=1), (3, 2, 6, 5), id="MaxPool2d"),
    pytest.param(ReLU(), (3, 4, 2), id="ReLU"),
    pytest.param(Linear(4, 3), (5, 4), id="Linear"),
    pytest.param(Flatten(), (3, 2, 4, 5), id="Flatten"),
    pytest.param(AvgPool2d(3, stride=2, padding=1), (3, 2, 6, 5), id="AvgPool2d"),
    pytest.param(BatchNorm2d(2).eval(), (3, 2, 4, 5), id="BatchNorm2d"),
    pytest.param(Softmax(), (5, 4), id="Softmax"),
    pytest.param(LeakyReLU(0.2), (3, 4, 2), id="LeakyReLU"),
    pytest.param(Sigmoid(), (3, 4, 2), id="Sigmoid"),
    pytest.param(Tanh(), (3, 4, 2), id="Tanh"),
    pytest.param(Maxout(3), (4, 6, 2), id="Maxout"),
]
EVERY_CLASS = [
    lambda: Conv2d(2, 4, 3),
    lambda: MaxPool2d(2),
    ReLU,
    lambda: Linear(4, 3),
    Flatten,
    lambda: AvgPool2d(2),
    lambda: BatchNorm2d(2),
    Softmax,
    LeakyReLU,
    Sigmoid,
    Tanh,
    lambda: Maxout(2),
]


# By hand


def test_conv2d_is_the_lectures_four_sums_and_their_gradients():
    """h11 = W11 X11 + W12 X12 + W21 X21 + W22 X22, and so on; then dh = 1 for h11 and 10 for h22."""
    conv = Conv2d(1, 1, kernel_size=2)
    conv.weight, conv.bias = images([1, 2], [3, 4]), np.array([100.0])
    h = conv.forward(images([1, 2, 3], [4, 5, 6], [7, 8, 9]))
    expected = images(
        [100 + 1 * 1 + 2 * 2 + 3 * 4 + 4 * 5, 100 + 1 * 2 + 2 * 3 + 3 * 5 + 4 * 6],
        [100 + 1 * 4 + 2 * 5 + 3 * 7 + 4 * 8, 100 + 1 * 5 + 2 * 6 + 3 * 8 + 4 * 9],
    )
    np.testing.assert_array_equal(h, expected)

    dx = conv.backward(images([1, 0], [0, 10]))
    np.testing.assert_array_equal(dx, images([1, 2, 0], [3, 4 + 10 * 1, 10 * 2], [0, 10 * 3, 10 * 4]))
    dweight = images([1 + 10 * 5, 2 + 10 * 6], [4 + 10 * 8, 5 + 10 * 9])
    np.testing.assert_array_equal(conv.dweight, dweight)
    np.testing.assert_array_equal(conv.dbias, [1 + 10])


def test_conv2d_adds_over_channels_and_batch_gradients_over_examples():
    conv = Conv2d(2, 1, kernel_size=1, bias=False)
    conv.weight = np.array([[[[2.0]], [[3.0]]]])
    x = np.array([[[[5.0]], [[7.0]]], [[[11.0]], [[13.0]]]])  # two examples, two channels, one pixel
    np.testing.assert_array_equal(conv.forward(x).ravel(), [2 * 5 + 3 * 7, 2 * 11 + 3 * 13])
    dx = conv.backward(np.array([[[[1.0]]], [[[10.0]]]]))
    np.testing.assert_array_equal(dx.ravel(), [2, 3, 20, 30])
    np.testing.assert_array_equal(conv.dweight.ravel(), [5 + 10 * 11, 7 + 10 * 13])
    assert conv.dbias is None


def test_conv2d_groups_see_only_their_own_channels():
    conv = Conv2d(2, 2, kernel_size=1, groups=2, bias=False)
    conv.weight = np.array([[[[2.0]]], [[[3.0]]]])
    y = conv.forward(np.array([[[[5.0]], [[7.0]]]]))
    np.testing.assert_array_equal(y.ravel(), [2 * 5, 3 * 7])


def test_maxpool_takes_the_largest_and_sends_gradient_to_the_argmax():
    pool = MaxPool2d(2)
    y = pool.forward(images([1, 2, 8, 7], [4, 3, 5, 6]))
    np.testing.assert_array_equal(y, images([4, 8]))
    dx = pool.backward(images([10, 20]))
    np.testing.assert_array_equal(dx, images([0, 0, 20, 0], [10, 0, 0, 0]))


def test_maxpool_adds_up_where_one_pixel_wins_twice():
    pool = MaxPool2d((1, 2), stride=1)
    np.testing.assert_array_equal(pool.forward(images([1, 5, 2])), images([5, 5]))
    np.testing.assert_array_equal(pool.backward(images([10, 20])), images([0, 10 + 20, 0]))


def test_maxpool_gives_a_tie_to_the_first_in_reading_order():
    pool = MaxPool2d(2)
    pool.forward(images([0, 3], [3, 3]))
    np.testing.assert_array_equal(pool.backward(images([1])), images([0, 1], [0, 0]))


def test_maxpool_partial_last_window_looks_only_at_pixels_that_exist():
    pool = MaxPool2d(2, ceil_mode=True)
    y = pool.forward(images([-1, -2, -3], [-4, -5, -6], [-7, -8, -9]))
    np.testing.assert_array_equal(y, images([-1, -3], [-7, -9]))  # zeros would win here
    dx = pool.backward(images([1, 2], [3, 4]))
    np.testing.assert_array_equal(dx, images([1, 0, 2], [0, 0, 0], [3, 0, 4]))


def test_maxpool_padding_never_wins():
    pool = MaxPool2d(2, padding=1)
    np.testing.assert_array_equal(pool.forward(images([-1, -2], [-3, -4])), images([-1, -2], [-3, -4]))


def test_maxpool_padding_does_not_win_against_minus_infinity():
    pool = MaxPool2d(2, padding=1)
    pool.forward(np.full((1, 1, 2, 2), -np.inf))
    np.testing.assert_array_equal(pool.backward(images([1, 2], [3, 4])), images([1, 2], [3, 4]))


def test_relu_stops_what_is_negative_and_its_gradient():
    relu = ReLU()
    np.testing.assert_array_equal(relu.forward(np.array([-2.0, 0.0, 3.0])), [0, 0, 3])
    np.testing.assert_array_equal(relu.backward(np.array([10.0, 20.0, 30.0])), [0, 0, 30])


def test_relu_does_not_hide_an_infinite_gradient():
    relu = ReLU()
    relu.forward(np.array([-1.0, 1.0]))
    with pytest.warns(RuntimeWarning, match="invalid value"):
        dx = relu.backward(np.array([np.inf, np.inf]))
    np.testing.assert_array_equal(dx, [np.nan, np.inf])


def test_linear_lets_every_value_vote():
    linear = Linear(2, 2)
    linear.weight, linear.bias = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])
    y = linear.forward(np.array([[5.0, 6.0]]))
    np.testing.assert_array_equal(y, [[1 * 5 + 2 * 6 + 10, 3 * 5 + 4 * 6 + 20]])
    dx = linear.backward(np.array([[1.0, 10.0]]))
    np.testing.assert_array_equal(dx, [[1 * 1 + 10 * 3, 1 * 2 + 10 * 4]])
    np.testing.assert_array_equal(linear.dweight, [[5, 6], [50, 60]])
    np.testing.assert_array_equal(linear.dbias, [1, 10])


def test_flatten_writes_rows_and_back():
    flatten = Flatten()
    x = np.arange(12.0).reshape(2, 3, 1, 2)
    np.testing.assert_array_equal(flatten.forward(x), [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]])
    np.testing.assert_array_equal(flatten.backward(np.arange(12.0).reshape(2, 6)), x)


def test_avgpool_takes_the_mean_and_shares_its_gradient():
    pool = AvgPool2d(2)
    np.testing.assert_array_equal(pool.forward(images([1, 2, 8, 7], [4, 3, 5, 6])), images([2.5, 6.5]))
    np.testing.assert_array_equal(pool.backward(images([4, 8])), images([1, 1, 2, 2], [1, 1, 2, 2]))


def test_avgpool_counts_padding_only_if_asked():
    x = images([8, 8], [8, 8])  # each window of 2 sees one pixel and three of padding
    np.testing.assert_array_equal(AvgPool2d(2, padding=1).forward(x), images([2, 2], [2, 2]))
    pool = AvgPool2d(2, padding=1, count_include_pad=False)
    np.testing.assert_array_equal(pool.forward(x), images([8, 8], [8, 8]))
    np.testing.assert_array_equal(pool.backward(x), images([8, 8], [8, 8]))


def test_batchnorm_brings_each_channel_to_mean_0_and_variance_1_then_scales_and_shifts():
    norm = BatchNorm2d(1, eps=0.0)
    norm.weight, norm.bias = np.array([10.0]), np.array([100.0])
    y = norm.forward(images([1, 1, 5, 5]))  # mean 3, variance 4
    np.testing.assert_array_equal(y, images([90, 90, 110, 110]))
    np.testing.assert_allclose(norm.running_mean, [0.9 * 0 + 0.1 * 3])
    np.testing.assert_allclose(norm.running_var, [0.9 * 1 + 0.1 * 4 * 4 / 3])  # n - 1 = 3


def test_batchnorm_does_not_let_a_gradient_move_the_mean_or_the_variance():
    norm = BatchNorm2d(1, eps=0.0)
    norm.forward(images([1, 1, 5, 5]))
    np.testing.assert_allclose(norm.backward(images([7, 7, 7, 7])), images([0, 0, 0, 0]))
    np.testing.assert_allclose(norm.backward(images([-3, -3, 3, 3])), images([0, 0, 0, 0]), atol=1e-15)
    assert (norm.dweight, norm.dbias) == (12, 0)


def test_batchnorm_after_eval_no_longer_looks_at_the_batch():
    norm = BatchNorm2d(1, eps=0.0).eval()
    norm.running_mean, norm.running_var = np.array([3.0]), np.array([4.0])
    np.testing.assert_array_equal(norm.forward(images([5, 9])), images([1, 3]))
    np.testing.assert_array_equal(norm.backward(images([2, 8])), images([1, 4]))
    np.testing.assert_array_equal(norm.running_mean, [3])


def test_batchnorm_keeps_to_the_pass_it_made():
    norm = BatchNorm2d(1)
    norm.forward(images([1, 1, 5, 5]))
    norm.eval()  # between forward and backward: the pass was one of training
    np.testing.assert_allclose(norm.backward(images([7, 7, 7, 7])), images([0, 0, 0, 0]))


def test_softmax_turns_votes_into_shares():
    softmax = Softmax()
    np.testing.assert_allclose(softmax.forward(np.log([[1.0, 3.0]])), [[0.25, 0.75]])
    np.testing.assert_allclose(softmax.backward(np.array([[16.0, 0.0]])), [[3, -3]])


def test_softmax_of_large_votes_does_not_overflow():
    np.testing.assert_array_equal(Softmax().forward(np.array([[1e4, 0.0], [-1e4, 0.0]])), [[1, 0], [0, 1]])


@pytest.mark.parametrize("layer", [Conv2d(2, 4, 3), Linear(4, 3), BatchNorm2d(2)])
def test_without_dx_the_parameters_still_get_their_gradients(layer):
    x = normal(5, 4) if isinstance(layer, Linear) else normal(3, 2, 6, 5)
    dy = normal(*layer.forward(x).shape, seed=1)
    layer.backward(dy)
    expected = layer.dweight.copy(), layer.dbias.copy()
    layer.dweight = layer.dbias = None
    assert layer.backward(dy, need_dx=False) is None
    for gradient, full in zip((layer.dweight, layer.dbias), expected, strict=True):
        np.testing.assert_array_equal(gradient, full)


def test_train_and_eval_say_so_and_return_the_layer():
    layer = ReLU()
    assert layer.training
    assert layer.eval() is layer
    assert not layer.training
    assert layer.train().training
    assert not layer.train(False).training


@pytest.mark.parametrize("make", [lambda: Conv2d(2, 4, 3), lambda: Linear(4, 3), lambda: BatchNorm2d(2)])
def test_astype_converts_every_array_and_forgets_the_last_pass(make):
    layer = make()
    x = normal(5, 4) if isinstance(layer, Linear) else normal(3, 2, 6, 5)
    layer.backward(layer.forward(x))
    assert layer.astype(np.float32) is layer
    public = {name: value for name, value in vars(layer).items() if not name.startswith("_")}
    types = {name: value.dtype for name, value in public.items() if isinstance(value, np.ndarray)}
    assert types == dict.fromkeys(types, np.float32)
    assert len(types) == (4 if isinstance(layer, BatchNorm2d) else 2)
    assert layer.dweight is None
    assert layer.dbias is None
    with pytest.raises(RuntimeError, match="needs a call of forward"):
        layer.backward(x)
    assert layer.forward(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("layer", [Conv2d(8, 6, 5, groups=2), Linear(100, 50)])
def test_parameters_start_within_one_over_the_root_of_fan_in(layer):
    bound = 1 / 10  # 8 / 2 * 5 * 5 = 100 inputs to each output
    for parameter in (layer.weight, layer.bias):
        assert parameter.dtype == np.float64
        assert abs(parameter).max() < bound
    assert abs(layer.weight).max() > 0.95 * bound
    assert abs(layer.weight.mean()) < 0.1 * bound


def test_parameters_are_drawn_from_the_generator_and_from_nothing_else():
    rng = np.random.default_rng(5)
    weight, bias = rng.uniform(-0.5, 0.5, (3, 4)), rng.uniform(-0.5, 0.5, 3)  # 1 / sqrt(4)
    linear = Linear(4, 3, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(linear.weight, weight)
    np.testing.assert_array_equal(linear.bias, bias)

    rng = np.random.default_rng(0)
    conv = Conv2d(1, 3, 2)
    np.testing.assert_array_equal(conv.weight, rng.uniform(-0.5, 0.5, (3, 1, 2, 2)))
    np.testing.assert_array_equal(conv.bias, rng.uniform(-0.5, 0.5, 3))


# Parity with PyTorch


@st.composite
def convolutions(draw):
    """A convolution and an x that fits."""
    axes = st.tuples(st.integers(1, 3), st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    kernel_size, stride, dilation = draw(axes), draw(axes), draw(axes)
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    size = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    for n, k, p, d in zip(size, kernel_size, padding, dilation, strict=True):
        assume(n + 2 * p >= d * (k - 1) + 1)
    in_channels, out_channels = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    bias = draw(st.booleans())
    conv = Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, rng=rng)
    return conv, rng.normal(size=(draw(st.integers(0, 3)), in_channels, *size)), rng


@settings(deadline=None, derandomize=True, max_examples=200)
@given(case=convolutions())
def test_conv2d_and_all_its_gradients_are_pytorchs(case):
    conv, x, rng = case
    tx, weight = torch.tensor(x, requires_grad=True), torch.tensor(conv.weight, requires_grad=True)
    bias = None if conv.bias is None else torch.tensor(conv.bias, requires_grad=True)
    expected = F.conv2d(tx, weight, bias, conv.stride, conv.padding, conv.dilation, conv.groups)

    y = conv.forward(x)
    np.testing.assert_allclose(y, expected.detach().numpy(), **CLOSE)

    dy = rng.normal(size=y.shape)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(conv.backward(dy), tx.grad.numpy(), **CLOSE)
    np.testing.assert_allclose(conv.dweight, weight.grad.numpy(), **CLOSE)
    if bias is not None:
        np.testing.assert_allclose(conv.dbias, bias.grad.numpy(), **CLOSE)


@st.composite
def poolings(draw):
    """A pooling and an x that fits; small integers, so that many pixels tie."""
    axes = st.tuples(st.integers(1, 4), st.integers(1, 4))
    kernel_size = draw(axes)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel_size)
    pool = MaxPool2d(kernel_size, draw(st.none() | axes), padding, draw(st.booleans()))
    shape = draw(st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 9), st.integers(1, 9)))
    assume(all(n + 2 * p >= k for n, p, k in zip(shape[2:], padding, kernel_size, strict=True)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = draw(st.sampled_from([[-2.0, -1.0], [-1.0, 0.0, 1.0], [-np.inf, -1.0], [-np.inf]]))
    return pool, rng.choice(values, size=shape), rng


@settings(deadline=None, derandomize=True, max_examples=300)
@given(case=poolings())
def test_maxpool_and_its_gradient_are_pytorchs(case):
    pool, x, rng = case
    tx = torch.tensor(x, requires_grad=True)
    expected = F.max_pool2d(tx, pool.kernel_size, pool.stride, pool.padding, ceil_mode=pool.ceil_mode)
    y = pool.forward(x)
    np.testing.assert_array_equal(y, expected.detach().numpy())
    dy = rng.normal(size=y.shape)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(pool.backward(dy), tx.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5, 4, 3), (1, 1, 1), (2, 7, 1)])
def test_linear_and_all_its_gradients_are_pytorchs(shape, bias):
    N, in_features, out_features = shape
    linear = Linear(in_features, out_features, bias)
    twin = torch.nn.Linear(in_features, out_features, bias, dtype=torch.float64)
    twin.load_state_dict(
        {name: torch.tensor(getattr(linear, name)) for name in (("weight", "bias") if bias else ("weight",))}
    )
    x, dy = normal(N, in_features), normal(N, out_features, seed=1)
    tx = torch.tensor(x, requires_grad=True)
    expected = twin(tx)
    np.testing.assert_allclose(linear.forward(x), expected.detach().numpy(), **CLOSE)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(linear.backward(dy), tx.grad.numpy(), **CLOSE)
    np.testing.assert_allclose(linear.dweight, twin.weight.grad.numpy(), **CLOSE)
    if bias:
        np.testing.assert_allclose(linear.dbias, twin.bias.grad.numpy(), **CLOSE)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(ReLU(), torch.nn.ReLU()), (Flatten(), torch.nn.Flatten())], ids=["ReLU", "Flatten"]
)
def test_relu_and_flatten_are_pytorchs(ours, theirs):
    x = np.round(normal(2, 3, 4, 5))  # with zeros
    tx = torch.tensor(x, requires_grad=True)
    expected = theirs(tx)
    y = ours.forward(x)
    np.testing.assert_array_equal(y, expected.detach().numpy())
    dy = normal(*y.shape, seed=1)
    expected.backward(torch.tensor(dy))
    np.testing.assert_array_equal(ours.backward(dy), tx.grad.numpy())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_avgpool_and_its_gradient_are_pytorchs(data):
    kernel = [data.draw(st.integers(1, 4)) for _ in "hw"]
    stride = [data.draw(st.integers(1, 3)) for _ in "hw"]
    padding = [data.draw(st.integers(0, k // 2)) for k in kernel]
    size = [data.draw(st.integers(k, 9)) for k in kernel]
    how = {"ceil_mode": data.draw(st.booleans()), "count_include_pad": data.draw(st.booleans())}
    x = normal(2, 3, *size)
    tx = torch.tensor(x, requires_grad=True)
    expected = F.avg_pool2d(tx, tuple(kernel), tuple(stride), tuple(padding), **how)
    pool = AvgPool2d(tuple(kernel), tuple(stride), tuple(padding), **how)
    np.testing.assert_allclose(pool.forward(x), expected.detach().numpy(), **CLOSE)
    dy = normal(*expected.shape, seed=1)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(pool.backward(dy), tx.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("training", [True, False])
def test_batchnorm_its_gradients_and_its_memory_are_pytorchs(training):
    ours, theirs = BatchNorm2d(3, eps=1e-3, momentum=0.3), torch.nn.BatchNorm2d(3, eps=1e-3, momentum=0.3)
    theirs = theirs.double()
    ours.weight, ours.bias = normal(3, seed=2), normal(3, seed=3)
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(ours.weight))
        theirs.bias.copy_(torch.tensor(ours.bias))
    for seed in range(3):  # the running estimates come from three batches of different sizes
        x = 5 + 2 * normal(2 + seed, 3, 4, 3, seed=seed)
        ours.train().forward(x), theirs.train()(torch.tensor(x))
    np.testing.assert_allclose(ours.running_mean, theirs.running_mean.numpy(), **CLOSE)
    np.testing.assert_allclose(ours.running_var, theirs.running_var.numpy(), **CLOSE)

    ours.train(training), theirs.train(training)
    tx = torch.tensor(x, requires_grad=True)
    expected = theirs(tx)
    np.testing.assert_allclose(ours.forward(x), expected.detach().numpy(), **CLOSE)
    dy = normal(*x.shape, seed=9)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(ours.backward(dy), tx.grad.numpy(), **CLOSE)
    np.testing.assert_allclose(ours.dweight, theirs.weight.grad.numpy(), **CLOSE)
    np.testing.assert_allclose(ours.dbias, theirs.bias.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -3])
def test_softmax_and_its_gradient_are_pytorchs(dim):
    x = normal(3, 4, 5)
    tx = torch.tensor(x, requires_grad=True)
    expected = torch.softmax(tx, dim)
    softmax = Softmax(dim)
    np.testing.assert_allclose(softmax.forward(x), expected.detach().numpy(), **CLOSE)
    dy = normal(3, 4, 5, seed=1)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(softmax.backward(dy), tx.grad.numpy(), **CLOSE)


# Centred differences


def test_gradient_through_the_statistics_of_a_batch_is_what_differences_measure():
    norm, x, dy = BatchNorm2d(2), normal(3, 2, 2, 3), normal(3, 2, 2, 3, seed=1)
    norm.weight = np.array([2.0, -3.0])
    norm.forward(x)
    measured = numerical_gradient(lambda _: (norm.forward(x) * dy).sum(), x)
    norm.forward(x)
    np.testing.assert_allclose(norm.backward(dy), measured, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("layer", "shape"), EVERY_LAYER)
def test_gradients_are_what_differences_measure(layer, shape):
    x = normal(*shape)
    dy = normal(*layer.forward(x).shape, seed=1)

    def loss(_):
        return (layer.forward(x) * dy).sum()

    dx = layer.backward(dy)
    np.testing.assert_allclose(dx, numerical_gradient(loss, x), rtol=1e-6, atol=1e-8)
    for name in ("weight", "bias"):
        if getattr(layer, name) is not None:
            measured = numerical_gradient(loss, getattr(layer, name))
            np.testing.assert_allclose(getattr(layer, f"d{name}"), measured, rtol=1e-6, atol=1e-8)


# What holds for every layer


@pytest.mark.parametrize(("layer", "shape"), EVERY_LAYER)
def test_inputs_are_never_written_to(layer, shape):
    x = normal(*shape)
    x.setflags(write=False)
    dy = layer.forward(x).copy()
    dy.setflags(write=False)
    layer.backward(dy)
    np.testing.assert_array_equal(x, normal(*shape))


@pytest.mark.parametrize(("layer", "shape"), EVERY_LAYER)
def test_empty_batch_works(layer, shape):
    y = layer.forward(np.zeros((0, *shape[1:])))
    assert y.shape == (0, *layer.forward(normal(*shape)).shape[1:])
    layer.forward(np.zeros((0, *shape[1:])))
    assert layer.backward(y).shape == (0, *shape[1:])
    for name in ("weight", "bias"):
        if getattr(layer, name) is not None:
            gradient = getattr(layer, f"d{name}")
            np.testing.assert_array_equal(gradient, np.zeros_like(getattr(layer, name)))


def as_float32(layer):
    for name in ("weight", "bias"):
        if getattr(layer, name) is not None:
            setattr(layer, name, getattr(layer, name).astype(np.float32))
    return layer


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (as_float32(Conv2d(2, 4, 3, padding=1)), (3, 2, 6, 5)),
        (MaxPool2d(3, stride=2, padding=1), (3, 2, 6, 5)),
        (ReLU(), (3, 4, 2)),
        (as_float32(Linear(4, 3)), (5, 4)),
        (Flatten(), (3, 2, 4)),
        (AvgPool2d(3, stride=2, padding=1), (3, 2, 6, 5)),
        (BatchNorm2d(2).astype(np.float32), (3, 2, 6, 5)),
        (Softmax(), (5, 4)),
        (LeakyReLU(), (5, 4)),
        (Sigmoid(), (5, 4)),
        (Tanh(), (5, 4)),
        (Maxout(2), (5, 4)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_float32_stays_float32(layer, shape):
    y = layer.forward(normal(*shape).astype(np.float32))
    assert y.dtype == np.float32
    assert layer.backward(y).dtype == np.float32
    for gradient in (layer.dweight, layer.dbias):
        assert gradient is None or gradient.dtype == np.float32


@pytest.mark.parametrize("layer", [ReLU(), MaxPool2d(2)], ids=["ReLU", "MaxPool2d"])
def test_nan_comes_through(layer):
    x = images([1, np.nan], [3, 4])
    assert np.isnan(layer.forward(x)).sum() == 1


def test_maxpool_sends_gradient_to_a_nan():
    pool = MaxPool2d(2)
    pool.forward(images([1, np.nan], [3, 4]))
    np.testing.assert_array_equal(pool.backward(images([1])), images([0, 1], [0, 0]))


@pytest.mark.parametrize(
    "layer",
    [
        Conv2d(1, 3, 3),
        Conv2d(2, 4, (3, 1), stride=2, padding=(1, 0), dilation=2, groups=2, bias=False),
        MaxPool2d(2),
        MaxPool2d(3, 2, padding=1, ceil_mode=True),
        ReLU(),
        Linear(4, 3),
        Linear(4, 3, bias=False),
        Flatten(),
        AvgPool2d((3, 2), stride=1, padding=1, count_include_pad=False),
        BatchNorm2d(3, eps=0.001, momentum=0.5),
        Softmax(dim=-1),
        LeakyReLU(0.2),
        Sigmoid(),
        Tanh(),
        Maxout(3, dim=-1),
    ],
    ids=repr,
)
def test_repr_is_the_call_that_makes_the_layer(layer):
    twin = eval(repr(layer))
    assert repr(twin) == repr(layer)
    configuration = {name: value for name, value in vars(layer).items() if not isinstance(value, np.ndarray)}
    assert {name: vars(twin)[name] for name in configuration} == configuration


def test_repr_is_short():
    assert repr(Conv2d(1, 3, 3)) == "Conv2d(1, 3, kernel_size=(3, 3))"
    assert repr(MaxPool2d(2)) == "MaxPool2d(kernel_size=(2, 2), stride=(2, 2))"
    assert repr(Linear(4, 3)) == "Linear(4, 3, bias=True)"


def test_astype_keeps_arrays_that_are_of_the_type_already():
    linear = Linear(4, 3)
    weight = linear.weight
    assert linear.astype(np.float64).weight is weight


def test_maxpool_does_not_pool_again_on_its_way_back(monkeypatch):
    pool = MaxPool2d(2)
    y = pool.forward(images([1, 2], [3, 4]))
    monkeypatch.setattr("cnnlib.pooling.max_pool2d", None)
    np.testing.assert_array_equal(pool.backward(y), images([0, 0], [0, 4]))


def test_softmax_goes_over_channels_unless_told_otherwise():
    x = normal(2, 3, 4, 5)
    np.testing.assert_allclose(Softmax().forward(x).sum(axis=1), np.ones((2, 4, 5)), **CLOSE)


def test_batchnorm_is_content_with_two_numbers_a_channel():
    y = BatchNorm2d(1, eps=0).forward(images([1, 5]))  # mean 3, variance 4
    np.testing.assert_array_equal(y, images([-1, 1]))


def test_batchnorm_stays_in_float32_whatever_its_settings_are():
    norm = BatchNorm2d(1, eps=np.float64(1e-5), momentum=np.float64(0.1)).astype(np.float32)
    assert norm.forward(np.ones((2, 1, 2, 2), np.float32)).dtype == np.float32
    assert norm.running_mean.dtype == norm.running_var.dtype == np.float32


# Messages


@pytest.mark.parametrize("make", EVERY_CLASS, ids=lambda make: type(make()).__name__)
def test_backward_before_forward_is_refused(make):
    layer = make()
    with pytest.raises(
        RuntimeError, match=rf"{type(layer).__name__}.*backward\(dy\) needs a call of forward"
    ):
        layer.backward(np.zeros((1, 1)))


@pytest.mark.parametrize(("layer", "shape"), EVERY_LAYER)
@pytest.mark.parametrize("dtype", [int, np.uint8, bool, complex, np.float16, np.longdouble])
def test_integers_are_refused_with_the_remedy(layer, shape, dtype):
    with pytest.raises(TypeError, match=r"needs floating point.*got x of .*; convert with x.astype\(np"):
        layer.forward(np.ones(shape, dtype))


@pytest.mark.parametrize(("layer", "shape"), [EVERY_LAYER[0], EVERY_LAYER[3]])
def test_mixed_precision_is_refused(layer, shape):
    with pytest.raises(TypeError, match="same type: got x of float32 and weight of float64; convert"):
        layer.forward(normal(*shape).astype(np.float32))


def test_bias_of_another_precision_is_refused():
    linear = Linear(4, 3)
    linear.weight = linear.weight.astype(np.float32)
    with pytest.raises(TypeError, match="same type: got x of float32 and bias of float64"):
        linear.forward(np.ones((1, 4), np.float32))


@pytest.mark.parametrize(("layer", "shape"), EVERY_LAYER)
def test_gradient_of_the_wrong_shape_or_type_is_refused(layer, shape):
    y = layer.forward(normal(*shape))
    with pytest.raises(ValueError, match=r"expected dy of shape \(.*\), as forward returned: got"):
        layer.backward(y[:-1])
    with pytest.raises(TypeError, match="expected dy of float64, as forward returned: got float32"):
        layer.backward(y.astype(np.float32))


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (Conv2d(3, 6, 5), (2, 1, 9, 9), "(N, 3, H, W)"),
        (Conv2d(3, 6, 5), (3, 9, 9), "(N, 3, H, W)"),
        (MaxPool2d(2), (9, 9), "(N, C, H, W)"),
        (Linear(4, 3), (2, 5), "(N, 4)"),
        (Linear(4, 3), (4,), "(N, 4)"),
        (Flatten(), (4,), "(N, ...)"),
    ],
)
def test_x_of_the_wrong_shape_is_refused(layer, shape, expected):
    with pytest.raises(ValueError, match=r"expected x of shape") as error:
        layer.forward(np.zeros(shape))
    assert str(error.value) == f"{layer} expected x of shape {expected}: got {shape}"


@pytest.mark.parametrize("layer", [Conv2d(1, 1, 5), MaxPool2d(5)])
def test_image_smaller_than_the_window_is_refused(layer):
    with pytest.raises(ValueError, match="got kernel_size=5, but size=2 with padding=0 gives 2"):
        layer.forward(np.zeros((1, 1, 9, 2)))


def test_one_number_has_no_variance():
    with pytest.raises(ValueError, match=r"at least 2 numbers in each channel.*\(1, 2, 1, 1\).*eval\(\)"):
        BatchNorm2d(2).forward(np.zeros((1, 2, 1, 1)))


@pytest.mark.parametrize("dim", [2, -3])
def test_softmax_needs_its_axis(dim):
    with pytest.raises(ValueError, match=rf"expected x with an axis {dim}: got shape \(5, 4\)"):
        Softmax(dim).forward(np.zeros((5, 4)))


def test_groups_must_divide_the_channels():
    with pytest.raises(ValueError, match="groups must divide in_channels: got groups=2 and in_channels=3"):
        Conv2d(3, 4, 1, groups=2)
    with pytest.raises(ValueError, match="groups must divide out_channels: got groups=2 and out_channels=3"):
        Conv2d(4, 3, 1, groups=2)


def test_padding_must_be_at_most_half_the_pooling_window():
    with pytest.raises(ValueError, match="at most half of kernel_size: got padding=2 and kernel_size=3"):
        MaxPool2d(3, padding=2)
    with pytest.raises(ValueError, match=r"got padding=\(1, 1\) and kernel_size=\(2, 1\)"):
        MaxPool2d((2, 1), padding=(1, 1))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda value: Conv2d(value, 1, 1), "in_channels"),
        (lambda value: Conv2d(1, value, 1), "out_channels"),
        (lambda value: Conv2d(1, 1, value), "kernel_size"),
        (lambda value: Conv2d(1, 1, 1, stride=value), "stride"),
        (lambda value: Conv2d(1, 1, 1, dilation=value), "dilation"),
        (lambda value: Conv2d(1, 1, 1, groups=value), "groups"),
        (lambda value: MaxPool2d(value), "kernel_size"),
        (lambda value: MaxPool2d(1, value), "stride"),
        (lambda value: Linear(value, 1), "in_features"),
        (lambda value: Linear(1, value), "out_features"),
        (lambda value: Maxout(value), "num_pieces"),
    ],
)
def test_sizes_must_be_positive_integers(make, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1: got 0"):
        make(0)
    with pytest.raises(TypeError, match=rf"{name} must be an integer: got 1\.5"):
        make(1.5)


@pytest.mark.parametrize("make", [lambda: Conv2d(1, 1, 1, padding=-1), lambda: MaxPool2d(1, padding=-1)])
def test_padding_must_not_be_negative(make):
    with pytest.raises(ValueError, match="padding must be at least 0: got -1"):
        make()


@pytest.mark.parametrize("make", [lambda rng: Conv2d(1, 1, 1, rng=rng), lambda rng: Linear(1, 1, rng=rng)])
def test_rng_must_be_a_generator(make):
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator: got int"):
        make(0)
