"""Pooling and its gradients: by hand, against PyTorch, and what does not fit."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlib import convolution, pooling
from cnnlib.gradcheck import numerical_gradient
from cnnlib.pooling import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward

BOTH = pytest.mark.parametrize(
    ("pool", "backward"), [(max_pool2d, max_pool2d_backward), (avg_pool2d, avg_pool2d_backward)]
)


def images(*rows):
    """One image of one channel, (1, 1, H, W)."""
    return np.array([[rows]], dtype=float)


# By hand


def test_max_pooling_takes_the_largest_and_sends_its_gradient_back():
    x = images([1, 2, 8, 7], [4, 3, 5, 6])
    np.testing.assert_array_equal(max_pool2d(x, 2), images([4, 8]))
    dx = max_pool2d_backward(images([10, 20]), x, 2)
    np.testing.assert_array_equal(dx, images([0, 0, 20, 0], [10, 0, 0, 0]))


def test_gradients_add_up_where_one_pixel_wins_twice():
    x = images([1, 5, 2])
    np.testing.assert_array_equal(max_pool2d_backward(images([10, 20]), x, (1, 2), 1), images([0, 30, 0]))


def test_a_tie_goes_to_the_first_in_reading_order():
    dx = max_pool2d_backward(images([1]), images([0, 3], [3, 3]), 2)
    np.testing.assert_array_equal(dx, images([0, 1], [0, 0]))


def test_nan_wins_and_gets_the_gradient():
    x = images([1, np.nan, 9, 8], [np.nan, 4, 6, 7])
    np.testing.assert_array_equal(max_pool2d(x, 2), images([np.nan, 9]))
    dx = max_pool2d_backward(images([10, 20]), x, 2)
    np.testing.assert_array_equal(dx, images([0, 10, 20, 0], [0, 0, 0, 0]))


def test_average_pooling_takes_the_mean_and_shares_the_gradient():
    x = images([1, 2, 8, 7], [4, 3, 5, 6])
    np.testing.assert_array_equal(avg_pool2d(x, 2), images([10 / 4, 26 / 4]))
    dx = avg_pool2d_backward(images([4, 8]), x, 2)
    np.testing.assert_array_equal(dx, images([1, 1, 2, 2], [1, 1, 2, 2]))


def test_padding_counts_in_a_mean_unless_it_shall_not():
    x = images([8])
    np.testing.assert_array_equal(avg_pool2d(x, 2, 1, 1), images([2, 2], [2, 2]))
    np.testing.assert_array_equal(avg_pool2d(x, 2, 1, 1, count_include_pad=False), 8 * np.ones((1, 1, 2, 2)))
    dy = images([4, 4], [4, 4])
    assert avg_pool2d_backward(dy, x, 2, 1, 1) == 4 * 4 / 4
    assert avg_pool2d_backward(dy, x, 2, 1, 1, count_include_pad=False) == 4 * 4


def test_a_window_that_sticks_out_of_the_padding_does_not_count_what_is_beyond():
    """The last window starts at 2: one pixel and one of padding are there, the third place is beyond."""
    x = images([3, 6, 9])
    y = avg_pool2d(x, (1, 3), 3, padding=(0, 1), ceil_mode=True)
    np.testing.assert_array_equal(y, images([(0 + 3 + 6) / 3, (9 + 0) / 2]))


# Parity with PyTorch


@st.composite
def cases(draw):
    axes = st.tuples(st.integers(1, 4), st.integers(1, 4))
    kernel = draw(axes)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    shape = draw(st.tuples(st.integers(0, 3), st.integers(1, 2), st.integers(1, 9), st.integers(1, 9)))
    assume(all(n + 2 * p >= k for n, p, k in zip(shape[2:], padding, kernel, strict=True)))
    options = {"stride": draw(st.none() | axes), "padding": padding, "ceil_mode": draw(st.booleans())}
    return shape, kernel, options, np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


def check(case, pool, backward, theirs, values):
    shape, kernel, options, rng = case
    x = rng.choice(values, size=shape).astype(float)
    tensor = torch.tensor(x, requires_grad=True)
    if len(x):
        y = theirs(tensor, kernel, **options)
        dy = rng.standard_normal(tuple(y.shape))
        y.backward(torch.tensor(dy))
        wanted = y.detach().numpy(), tensor.grad.numpy()
    else:  # PyTorch refuses some empty batches
        one = theirs(torch.zeros(1, *shape[1:], dtype=torch.float64), kernel, **options)
        dy = np.zeros((0, *one.shape[1:]))
        wanted = dy, x
    np.testing.assert_allclose(pool(x, kernel, **options), wanted[0], atol=1e-12, strict=True)
    np.testing.assert_allclose(backward(dy, x, kernel, **options), wanted[1], atol=1e-12, strict=True)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(case=cases(), values=st.sampled_from([[0, 1, 2, 3], [-2, -1], [-np.inf, -1], [-np.inf]]))
def test_max_pooling_and_its_gradient_are_pytorchs(case, values):
    """Small integers, so that many pixels tie; minus infinity, which padding must not beat."""
    check(case, max_pool2d, max_pool2d_backward, torch.nn.functional.max_pool2d, values)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(case=cases(), count_include_pad=st.booleans())
def test_average_pooling_and_its_gradient_are_pytorchs(case, count_include_pad):
    shape, kernel, options, rng = case
    case = shape, kernel, options | {"count_include_pad": count_include_pad}, rng
    check(case, avg_pool2d, avg_pool2d_backward, torch.nn.functional.avg_pool2d, [-1, 0, 2, 5])


# Centred differences


@BOTH
def test_gradients_are_what_differences_measure(pool, backward):
    x = np.random.default_rng(0).standard_normal((2, 2, 5, 6))
    options = {"stride": 2, "padding": 1, "ceil_mode": True}
    dy = np.random.default_rng(1).standard_normal(pool(x, 3, **options).shape)
    measured = numerical_gradient(lambda x: (pool(x, 3, **options) * dy).sum(), x)
    np.testing.assert_allclose(backward(dy, x, 3, **options), measured, rtol=1e-6, atol=1e-8)


# What else holds


@BOTH
def test_any_order_in_memory_is_read_kept_and_not_written_to(pool, backward):
    x = np.random.default_rng(0).standard_normal((12, 7, 3, 8)).transpose(1, 2, 0, 3)[:, :, ::-2, 1:]
    x.setflags(write=False)
    plain = x.copy()
    y = pool(x, 2)
    np.testing.assert_array_equal(y, pool(plain, 2))
    dy = np.ones(y.shape)
    dy.setflags(write=False)
    np.testing.assert_array_equal(backward(dy, x, 2), backward(dy, plain, 2))
    np.testing.assert_array_equal(x, plain)
    batch_last = np.ascontiguousarray(plain.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)
    for result in (pool(batch_last, 2), backward(dy, batch_last, 2)):
        assert result.transpose(2, 1, 3, 0).flags.c_contiguous


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_stays(pool, backward, dtype):
    x = np.ones((1, 1, 4, 4), dtype)
    assert pool(x, 2).dtype == backward(pool(x, 2), x, 2).dtype == dtype


def test_what_it_returned_spares_a_second_pass():
    """Given y, the way back asks y alone who won."""
    x, y = images([1, 2]), images([1])  # 1 is not the largest; it is what we say won
    np.testing.assert_array_equal(max_pool2d_backward(images([5]), x, (1, 2), y=y), images([5, 0]))


def test_convolution_offers_the_same_functions():
    for name in ("max_pool2d", "avg_pool2d", "max_pool2d_backward", "avg_pool2d_backward"):
        assert getattr(convolution, name) is getattr(pooling, name)
        assert name in convolution.__all__


# Messages


@BOTH
def test_what_does_not_fit_is_named(pool, backward):
    x = np.ones((1, 1, 4, 4))
    refused = [
        (TypeError, "x must be float32 or float64: got int64", (x.astype(np.int64), 2)),
        (ValueError, r"x must have shape \(N, C, H, W\): got \(4, 4\)", (x[0, 0], 2)),
        (ValueError, "kernel_size must be at least 1: got 0", (x, 0)),
        (ValueError, "stride must be at least 1: got 0", (x, 2, 0)),
        (ValueError, "stride must be at least 1: got -1", (x, 2, -1)),
        (ValueError, "padding must be at least 0: got -1", (x, 2, 2, -1)),
        (
            ValueError,
            r"at most half of kernel_size: got padding=\(2, 2\) and kernel_size=\(3, 3\)",
            (x, 3, 1, 2),
        ),
        (ValueError, "kernel_size must fit .* got kernel_size=5, but size=4", (x, 5)),
    ]
    for (error, message, arguments), back in product(refused, (False, True)):
        with pytest.raises(error, match=message):
            backward(np.ones((1, 1, 2, 2)), *arguments) if back else pool(*arguments)


@BOTH
def test_a_gradient_of_the_wrong_shape_or_type_is_named(pool, backward):
    x = np.ones((1, 1, 4, 4))
    with pytest.raises(ValueError, match=r"dy must have the shape of y, \(1, 1, 2, 2\): got \(1, 1, 4, 4\)"):
        backward(x, x, 2)
    with pytest.raises(TypeError, match="of one type: got dy of float32, x of float64; convert"):
        backward(np.ones((1, 1, 2, 2), np.float32), x, 2)
