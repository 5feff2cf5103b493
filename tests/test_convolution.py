"""conv2d and its three gradients are PyTorch's, for every stride, padding, dilation and group."""

import tracemalloc
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlib import convolution
from cnnlib.convolution import conv2d, conv2d_backward, conv2d_backward_cached, conv2d_forward
from cnnlib.gradcheck import numerical_gradient

PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))


def images(*rows):
    """One image of one channel, (1, 1, H, W)."""
    return np.array([[rows]], dtype=float)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def batch_last(x):
    """The same images with the batch last in memory, as conv2d returns them."""
    return np.ascontiguousarray(x.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)


def small_steps(strip=1, many=1):
    """Strips of so many bytes; `_take` from so many channels on."""
    return mock.patch.multiple(convolution, STRIP=strip, MANY=many)


# By hand


def test_a_window_is_multiplied_and_added():
    x, weight = images([1, 2, 3], [4, 5, 6]), images([1, 0], [0, 1])
    np.testing.assert_array_equal(conv2d(x, weight), images([1 + 5, 2 + 6]))


def test_a_filter_adds_its_bias():
    x, weight = images([1, 2]), np.array([[[[1.0]]], [[[2.0]]]])
    y = conv2d(x, weight, bias=np.array([10.0, 100.0]))
    np.testing.assert_array_equal(y, [[[[11, 12]], [[102, 104]]]])


def test_gradients_of_that_window():
    x, weight = images([1, 2], [4, 5]), images([1, 0], [0, 2])
    dx, dweight, dbias = conv2d_backward(images([10]), x, weight)
    np.testing.assert_array_equal(dx, images([10 * 1, 0], [0, 10 * 2]))
    np.testing.assert_array_equal(dweight, 10 * x)
    np.testing.assert_array_equal(dbias, [10])


def test_a_strip_is_the_picture_in_the_module():
    """A kernel of 3 x 2 on four rows of letters: eight lines, of which a row of the output sees six."""
    letters = np.array([list("abcde"), list("fghij"), list("klmno"), list("pqrst")])
    x = letters.view(np.int32)[:, np.newaxis, :, np.newaxis].astype(float)  # rows first
    plan = convolution._Plan((3, 2), (1, 1), (0, 0), (1, 1), 1, (2, 4))
    strip = convolution._strip(x, slice(0, 2), plan)
    lines = ["abcd", "bcde", "fghi", "ghij", "klmn", "lmno", "pqrs", "qrst"]
    assert ["".join(map(chr, line)) for line in strip.astype(int).reshape(8, 4)] == lines
    for line in lines:
        assert f" {' '.join(line)} " in convolution.__doc__.replace("\n", " \n")
    for seen, first in zip(convolution._seen(strip, plan), (0, 2), strict=True):
        assert ["".join(map(chr, line)) for line in seen.astype(int)] == lines[first : first + 6]
        assert np.shares_memory(seen, strip)


# Parity with PyTorch


@settings(deadline=None, derandomize=True, max_examples=400)
@given(
    N=st.integers(0, 4),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    groups=st.integers(1, 3),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=PAIR,
    stride=st.just((1, 1)) | PAIR,
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=PAIR,
    strip=st.sampled_from([1, 500, 2**21]),
    many=st.sampled_from([1, 32]),
    laid=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_pytorch(
    N, channels, groups, size, kernel, stride, padding, dilation, strip, many, laid, seed
):
    """With strips of one row and of all, both ways back, images that lie batch last or not."""
    assume(all(s + 2 * p > d * (k - 1) for s, p, d, k in zip(size, padding, dilation, kernel, strict=True)))
    rng = np.random.default_rng(seed)
    C, O = (groups * channel for channel in channels)
    x = rng.standard_normal((N, C, *size))
    weight = rng.standard_normal((O, C // groups, *kernel))
    bias = rng.standard_normal(O)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    wanted = torch.nn.functional.conv2d(*tensors, **options)
    dy = rng.standard_normal(tuple(wanted.shape))
    wanted.backward(torch.tensor(dy))
    if laid:
        x, dy = batch_last(x), batch_last(dy)
    with small_steps(strip, many):
        y = conv2d(x, weight, bias, **options)
        gradients = conv2d_backward(dy, x, weight, **options)
    np.testing.assert_allclose(y, wanted.detach().numpy(), atol=1e-10, strict=True)
    for ours, tensor in zip(gradients, tensors, strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), atol=1e-10, strict=True)


def test_many_channels_equal_pytorch_too():
    """From 32 channels on the way back is another one."""
    x, weight = normal(19, 40, 10, 9), normal(33, 40, 3, 3, seed=1)
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, weight)]
    wanted = torch.nn.functional.conv2d(*tensors, padding=1)
    dy = normal(*wanted.shape, seed=2)
    wanted.backward(torch.tensor(dy))
    np.testing.assert_allclose(conv2d(x, weight, padding=1), wanted.detach().numpy(), atol=1e-10)
    with mock.patch.object(convolution, "_give", side_effect=AssertionError("not this way")):
        gradients = conv2d_backward(dy, x, weight, padding=1)
    for ours, tensor in zip(gradients, tensors, strict=False):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), atol=1e-10)


# Centred differences


@pytest.mark.parametrize("many", [1, 32])
def test_gradients_are_what_differences_measure(many):
    x, weight, bias = normal(2, 4, 5, 6), normal(4, 2, 3, 2, seed=1), normal(4, seed=2)
    options = {"padding": (1, 2), "dilation": (2, 1), "groups": 2}
    dy = normal(*conv2d(x, weight, bias, **options).shape, seed=3)

    def loss(_):
        return (conv2d(x, weight, bias, **options) * dy).sum()

    with small_steps(many=many):
        gradients = conv2d_backward(dy, x, weight, **options)
    for gradient, array in zip(gradients, (x, weight, bias), strict=True):
        np.testing.assert_allclose(gradient, numerical_gradient(loss, array), rtol=1e-6, atol=1e-8)


# What else holds


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_stays(dtype):
    x, weight, bias = np.ones((2, 1, 3, 3), dtype), np.ones((1, 1, 2, 2), dtype), np.ones(1, dtype)
    assert conv2d(x, weight).dtype == conv2d(x, weight, bias).dtype == dtype
    for many in (1, 32):
        with small_steps(many=many):
            assert all(g.dtype == dtype for g in conv2d_backward(conv2d(x, weight), x, weight))


@pytest.mark.parametrize("many", [1, 32])
def test_inputs_of_any_layout_are_read_and_not_written(many):
    whole = [normal(9, 5, 16, 9), normal(8, 5, 6, 3, seed=1), normal(8, seed=2), normal(9, 4, 14, 7, seed=3)]
    x, weight, bias, dy = whole[0][:, ::-2, ::2, ::-1], whole[1][::2, :3, ::-2], whole[2][::-2], whole[3]
    dy = dy[::-1, :, ::2][..., ::-1]
    kept = [array.copy() for array in whole]
    for array in (*whole, x, weight, bias, dy):
        array.setflags(write=False)
    assert not any(array.flags.c_contiguous for array in (x, weight, dy))
    with small_steps(many=many):
        y, gradients = conv2d(x, weight, bias, padding=(1, 0)), conv2d_backward(dy[:, :, :6], x, weight)
        plain = [array.copy() for array in (x, weight, bias, dy)]
        np.testing.assert_allclose(y, conv2d(*plain[:3], padding=(1, 0)), atol=1e-12)
        for ours, wanted in zip(gradients, conv2d_backward(plain[3][:, :, :6], *plain[:2]), strict=True):
            np.testing.assert_allclose(ours, wanted, atol=1e-12)
    for array, before in zip(whole, kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_order_in_memory_changes_no_result():
    """A batch that does not lie last is copied, eight images at a time; 19 are two times eight and three."""
    x, weight = normal(19, 2, 6, 5), normal(3, 2, 3, 3, seed=1)
    y = conv2d(x, weight)
    np.testing.assert_array_equal(y, conv2d(batch_last(x), weight))
    ours = conv2d_backward(np.ascontiguousarray(y), x, weight)
    for gradient, wanted in zip(ours, conv2d_backward(y, batch_last(x), weight), strict=True):
        np.testing.assert_allclose(gradient, wanted, atol=1e-12)
    np.testing.assert_allclose(y, torch.nn.functional.conv2d(*map(torch.tensor, (x, weight))), atol=1e-10)


def test_the_batch_lies_last_in_what_comes_out_and_is_not_copied_again():
    x, weight = normal(3, 2, 6, 5), normal(4, 2, 3, 3, seed=1)
    y = conv2d(x, weight)
    dx, _, _ = conv2d_backward(y, x, weight)
    for array in (y, dx):
        assert array.transpose(2, 1, 3, 0).flags.c_contiguous
        assert np.shares_memory(convolution._rows_first(array), array)
    assert not np.shares_memory(convolution._rows_first(x), x)
    assert np.shares_memory(convolution._rows_first(x[:1]), x)  # of one image any order will do


def test_images_in_another_order_are_copied_once_and_not_for_every_strip():
    x, weight = normal(3, 2, 6, 5), normal(4, 2, 3, 3, seed=1)
    y, cache = conv2d_forward(x, weight)
    with mock.patch.object(convolution, "conv2d_backward_cached") as backward:
        conv2d_backward(y, x, weight)
    for laid in (cache.x, backward.call_args.args[1].x):
        assert laid.flags.c_contiguous
        np.testing.assert_array_equal(laid, x.transpose(2, 1, 3, 0))


@pytest.mark.parametrize("many", [1, 32])
def test_an_empty_batch_gives_empty_outputs_and_zero_gradients(many):
    x, weight = np.zeros((0, 2, 5, 5)), normal(3, 2, 3, 3)
    y = conv2d(x, weight, np.ones(3), padding=1)
    assert y.shape == (0, 3, 5, 5)
    with small_steps(many=many):
        dx, dweight, dbias = conv2d_backward(y, x, weight, padding=1)
    assert dx.shape == x.shape
    np.testing.assert_array_equal(dweight, np.zeros_like(weight))
    np.testing.assert_array_equal(dbias, np.zeros(3))


def test_nan_reaches_the_windows_that_see_it():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 0, 0] = np.nan
    y = conv2d(x, np.ones((1, 1, 2, 2)))[0, 0]
    np.testing.assert_array_equal(np.isnan(y), [[True, False], [False, False]])


@pytest.mark.parametrize("many", [1, 32])
def test_nan_in_dy_reaches_the_pixels_that_its_window_saw(many):
    dy = images([np.nan, 0], [0, 0])
    with small_steps(many=many):
        dx, dweight, dbias = conv2d_backward(dy, np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))
    assert np.isnan(dx[0, 0, :2, :2]).all()
    assert not np.isnan(dx[0, 0, 2]).any()
    assert not np.isnan(dx[0, 0, :, 2]).any()
    assert np.isnan(dweight).all()
    assert np.isnan(dbias).all()


def test_dx_is_left_out_where_nobody_wants_it():
    x, weight = normal(2, 40, 5, 5), normal(3, 40, 3, 3, seed=1)
    y, cache = conv2d_forward(x, weight)
    dx, dweight, dbias = conv2d_backward_cached(y, cache, need_dx=False)
    assert dx is None
    for ours, wanted in zip((dweight, dbias), conv2d_backward(y, x, weight)[1:], strict=True):
        np.testing.assert_allclose(ours, wanted, atol=1e-10)


@pytest.mark.parametrize(
    ("shape", "O", "kernel", "padding"),
    [
        ((64, 1, 32, 32), 6, 5, 0),
        ((64, 6, 14, 14), 16, 5, 0),
        ((32, 3, 32, 32), 64, 3, 1),
        ((16, 64, 32, 32), 64, 3, 1),
        ((2, 128, 56, 56), 128, 3, 1),
        ((4, 32, 16, 16), 32, 3, 1),  # a strip is a large part of it
    ],
)
def test_a_step_takes_at_most_two_and_a_half_times_x_and_y(shape, O, kernel, padding):
    """All that forward and backward hold at a time, y, dx and dweight included. im2col holds KH * KW x."""
    x = batch_last(np.ones(shape, np.float32))
    weight, bias = np.ones((O, shape[1], kernel, kernel), np.float32), np.ones(O, np.float32)
    dy = conv2d(x, weight, bias, padding=padding)
    tracemalloc.start()
    try:
        y, cache = conv2d_forward(x, weight, bias, padding=padding)
        gradients = conv2d_backward_cached(dy, cache)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert y.nbytes + gradients[0].nbytes <= peak <= 2.5 * (x.nbytes + y.nbytes)


def test_a_cache_holds_no_copy_of_what_lies_batch_last():
    x, weight = batch_last(normal(3, 2, 6, 5)), normal(4, 2, 3, 3, seed=1)
    _, cache = conv2d_forward(x, weight)
    assert np.shares_memory(cache.x, x)
    assert cache.weight is weight


# Messages


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"x": np.ones((1, 2, 4, 4), int)}, TypeError, "x must be float32 or float64: got int64; convert"),
        ({"weight": np.ones((4, 2, 3, 3), int)}, TypeError, "weight must be float32 or float64: got int64"),
        (
            {"x": np.ones((1, 2, 4, 4), "f4")},
            TypeError,
            "got x of float32, weight of float64; convert with ast",
        ),
        ({"x": np.ones((2, 4, 4))}, ValueError, r"x must have shape \(N, C, H, W\): got \(2, 4, 4\)"),
        ({"weight": np.ones((3, 3))}, ValueError, r"weight must have shape \(O, C // groups, KH, KW\): got"),
        (
            {"weight": np.ones((4, 3, 3, 3))},
            ValueError,
            r"2 // 1 = 2 channels: got weight of shape \(4, 3, 3, 3\)",
        ),
        ({"weight": np.ones((4, 2, 3, 3)), "groups": 2}, ValueError, r"2 // 2 = 1 channels: got weight of"),
        ({"groups": 3}, ValueError, "groups must divide in_channels: got groups=3 and in_channels=2"),
        (
            {"weight": np.ones((3, 1, 3, 3)), "groups": 2},
            ValueError,
            "divide out_channels: got groups=2 and out",
        ),
        ({"groups": 0}, ValueError, "groups must be at least 1: got 0"),
        ({"stride": 0}, ValueError, "stride must be at least 1: got 0"),
        ({"stride": (1, -2)}, ValueError, "stride must be at least 1: got -2"),
        ({"padding": -1}, ValueError, "padding must be at least 0: got -1"),
        ({"dilation": 0}, ValueError, "dilation must be at least 1: got 0"),
        ({"dilation": -1}, ValueError, "dilation must be at least 1: got -1"),
        ({"stride": 1.5}, TypeError, r"stride must be an integer: got 1\.5"),
        ({"weight": np.ones((4, 2, 5, 5))}, ValueError, "kernel_size must fit .*kernel_size=5, but size=4"),
        ({"dilation": (1, 2)}, ValueError, "kernel_size=3 with dilation=2 spans 5, but size=4"),
    ],
)
def test_what_does_not_fit_is_named(changed, error, message):
    given = {"x": np.ones((1, 2, 4, 4)), "weight": np.ones((4, 2, 3, 3))} | changed
    with pytest.raises(error, match=message):
        conv2d(**given)
    with pytest.raises(error, match=message):
        conv2d_backward(np.ones((1, 4, 2, 2), given["x"].dtype), **given)


def test_a_bias_that_does_not_fit_is_named():
    x, weight = np.ones((1, 2, 4, 4)), np.ones((4, 2, 3, 3))
    with pytest.raises(
        ValueError, match=r"bias must have shape \(4,\), a number for each filter: got \(1,\)"
    ):
        conv2d(x, weight, np.ones(1))
    with pytest.raises(TypeError, match="got x of float64, bias of float32"):
        conv2d(x, weight, np.ones(4, np.float32))


def test_a_gradient_that_does_not_fit_is_named():
    x, weight = np.ones((1, 2, 4, 4)), np.ones((4, 2, 3, 3))
    with pytest.raises(ValueError, match=r"shape of y, \(1, 4, 2, 2\): got \(1, 4, 3, 3\)"):
        conv2d_backward(np.ones((1, 4, 3, 3)), x, weight)
    with pytest.raises(TypeError, match="got dy of float32, x of float64"):
        conv2d_backward(np.ones((1, 4, 2, 2), np.float32), x, weight)
