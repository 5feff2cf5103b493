"""Winograd's convolution is PyTorch's, up to the rounding that it owns up to."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlib import convolution, winograd

PADDING = st.tuples(st.integers(0, 6), st.integers(0, 6))


def test_a_window_is_multiplied_and_added():
    x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    weight = np.array([[[[1.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.0, 100.0]]]])
    by_hand = 1 * 1 + 5 * 10 + 9 * 100
    np.testing.assert_allclose(winograd.conv2d(x, weight), [[[[by_hand]]]], rtol=1e-12)


def test_gradients_of_that_window():
    x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    weight = np.array([[[[1.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 0.0, 100.0]]]])
    dx, dweight, dbias = winograd.conv2d_backward(np.array([[[[2.0]]]]), x, weight)
    np.testing.assert_allclose(dx, 2 * weight, atol=1e-12)
    np.testing.assert_allclose(dweight, 2 * x, rtol=1e-12)
    np.testing.assert_allclose(dbias, [2], rtol=1e-12)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    N=st.integers(0, 3),
    channels=st.tuples(st.integers(1, 10), st.integers(1, 4)),
    size=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    padding=PADDING,
    biased=st.booleans(),
    channels_last=st.booleans(),
    block=st.sampled_from([1, 5000, 2**20]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_pytorch(N, channels, size, padding, biased, channels_last, block, seed):
    assume(all(s + 2 * p >= 3 for s, p in zip(size, padding, strict=True)))
    rng = np.random.default_rng(seed)
    C, O = channels
    arrays = [rng.standard_normal((N, C, *size)), rng.standard_normal((O, C, 3, 3)), rng.standard_normal(O)]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    theirs = torch.nn.functional.conv2d(*tensors[: 2 + biased], padding=padding)
    dy = rng.standard_normal(tuple(theirs.shape))
    theirs.backward(torch.tensor(dy))
    if channels_last:
        arrays[0] = np.ascontiguousarray(arrays[0].transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "BLOCK", block)  # one tile at a time, a few, many
        y, cache = winograd.conv2d_forward(*arrays[: 2 + biased], padding=padding)
        gradients = winograd.conv2d_backward_cached(dy, cache)
    np.testing.assert_allclose(y, theirs.detach().numpy(), atol=1e-11)
    for ours, tensor in zip(gradients[: 2 + biased], tensors, strict=False):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), atol=1e-11)
    np.testing.assert_allclose(gradients[2], dy.sum(axis=(0, 2, 3)), atol=1e-11)


def test_with_and_without_a_cache_the_same():
    rng = np.random.default_rng(0)
    x, weight, bias = rng.standard_normal((2, 3, 7, 9)), rng.standard_normal((4, 3, 3, 3)), np.arange(4.0)
    y, cache = winograd.conv2d_forward(x, weight, bias, padding=1)
    np.testing.assert_array_equal(winograd.conv2d(x, weight, bias, padding=1), y)
    cached = winograd.conv2d_backward_cached(y, cache)
    for ours, wanted in zip(winograd.conv2d_backward(y, x, weight, padding=1), cached, strict=True):
        np.testing.assert_array_equal(ours, wanted)


def test_the_first_layer_can_do_without_dx():
    rng = np.random.default_rng(0)
    y, cache = winograd.conv2d_forward(rng.standard_normal((2, 3, 8, 8)), rng.standard_normal((4, 3, 3, 3)))
    _, *wanted = winograd.conv2d_backward_cached(y, cache)
    dx, *ours = winograd.conv2d_backward_cached(y, cache, need_dx=False)
    assert dx is None
    for gradient, other in zip(ours, wanted, strict=True):
        np.testing.assert_array_equal(gradient, other)


def largest_error(values, exact):
    return np.abs(values - exact).max() / np.abs(exact).max()


@pytest.mark.parametrize("shape", [(2, 128, 56, 56), (4, 64, 32, 32), (4, 3, 32, 32)])
def test_float32_is_off_by_what_the_docstring_says(shape):
    """Up to 1e-5 of the largest; the test leaves room for other processors and for luck."""
    rng = np.random.default_rng(0)
    O, C = 32, shape[1]
    x, dy = rng.standard_normal(shape, "f"), rng.standard_normal((shape[0], O, *shape[2:]), "f")
    weight, bias = rng.standard_normal((O, C, 3, 3), "f"), rng.standard_normal(O, "f")
    exact_y, cache = convolution.conv2d_forward(
        x.astype(float), weight.astype(float), bias.astype(float), 1, 1
    )
    exact = [exact_y, *convolution.conv2d_backward_cached(dy.astype(float), cache)]
    y, cache = winograd.conv2d_forward(x, weight, bias, padding=1)
    for values, wanted in zip([y, *winograd.conv2d_backward_cached(dy, cache)], exact, strict=True):
        assert values.dtype == np.float32
        assert largest_error(values, wanted) < 2e-5
    direct = convolution.conv2d(x, weight, bias, padding=1)
    assert largest_error(y, exact_y) > 4 * largest_error(direct, exact_y)  # the price is real


def test_float64_is_off_by_what_the_docstring_says():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 128, 28, 28)), rng.standard_normal((16, 128, 3, 3))
    wanted = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(weight), padding=1).numpy()
    assert largest_error(winograd.conv2d(x, weight, padding=1), wanted) < 4e-14


def test_inputs_of_any_layout_are_read_and_not_written():
    x = np.random.default_rng(0).standard_normal((2, 9, 8, 16))
    weight = np.random.default_rng(1).standard_normal((4, 9, 3, 3))
    wanted = winograd.conv2d(x[:, :, ::-1, 1::2].copy(), weight)
    for array in (x, weight):
        array.setflags(write=False)
    np.testing.assert_array_equal(winograd.conv2d(x[:, :, ::-1, 1::2], weight), wanted)


def test_what_comes_out_goes_in_again_without_a_copy():
    """Channels lie last in memory, so for the next layer a pixel is one run of numbers."""
    y = winograd.conv2d(np.ones((2, 3, 8, 8)), np.ones((4, 3, 3, 3)), padding=1)
    assert y.transpose(0, 2, 3, 1).flags.c_contiguous


@pytest.mark.parametrize(
    ("shape", "options", "error", "message"),
    [
        ((4, 2, 5, 5), {}, ValueError, r"\(O, C, 3, 3\).*\(4, 2, 5, 5\).*use cnnlib.convolution.conv2d"),
        ((4, 1, 3, 3), {}, ValueError, r"groups use cnnlib.convolution.conv2d"),
        ((4, 2, 3, 3), {"bias": np.ones(3)}, ValueError, r"bias must have shape \(4,\).*got \(3,\)"),
        ((4, 2, 3, 3), {"padding": -1}, ValueError, "padding must be at least 0"),
        ((4, 2, 3, 3), {"padding": 0.5}, TypeError, "padding must be an integer"),
        ((4, 2, 3, 3), {"bias": np.ones(4, "f")}, TypeError, "one type.*bias of float32"),
    ],
)
def test_what_it_cannot_do_is_named(shape, options, error, message):
    with pytest.raises(error, match=message):
        winograd.conv2d(np.ones((1, 2, 4, 4)), np.ones(shape), **options)


def test_what_does_not_fit_is_named():
    x, weight = np.ones((1, 2, 4, 2)), np.ones((4, 2, 3, 3))
    with pytest.raises(ValueError, match="kernel_size must fit"):
        winograd.conv2d(x, weight)
    with pytest.raises(TypeError, match="int64"):
        winograd.conv2d(x.astype(int), weight.astype(int))
    with pytest.raises(ValueError, match=r"x must have shape \(N, C, H, W\)"):
        winograd.conv2d(x[0], weight)
    with pytest.raises(ValueError, match=r"dy must have the shape of y, \(1, 4, 4, 2\): got \(1, 4, 2, 2\)"):
        winograd.conv2d_backward(np.ones((1, 4, 2, 2)), x, weight, padding=1)
    with pytest.raises(TypeError, match="dy of float32"):
        winograd.conv2d_backward(np.ones((1, 4, 4, 2), "f"), x, weight, padding=1)
