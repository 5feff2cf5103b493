"""conv2d and its three gradients are PyTorch's, for every stride, padding, dilation and group."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlib.convolution import (
    avg_pool2d,
    avg_pool2d_backward,
    conv2d,
    conv2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))


def test_a_window_is_multiplied_and_added():
    x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    weight = np.array([[[[1.0, 0.0], [0.0, 1.0]]]])
    np.testing.assert_array_equal(conv2d(x, weight), [[[[1 + 5, 2 + 6]]]])


def test_gradients_of_that_window():
    x = np.array([[[[1.0, 2.0], [4.0, 5.0]]]])
    weight = np.array([[[[1.0, 0.0], [0.0, 2.0]]]])
    dx, dweight, dbias = conv2d_backward(np.array([[[[10.0]]]]), x, weight)
    np.testing.assert_array_equal(dx, [[[[10 * 1, 0], [0, 10 * 2]]]])
    np.testing.assert_array_equal(dweight, 10 * x)
    np.testing.assert_array_equal(dbias, [10])


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    N=st.integers(0, 4),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    groups=st.integers(1, 3),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    kernel=PAIR,
    stride=PAIR,
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=PAIR,
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_pytorch(N, channels, groups, size, kernel, stride, padding, dilation, seed):
    assume(all(s + 2 * p > d * (k - 1) for s, p, d, k in zip(size, padding, dilation, kernel, strict=True)))
    rng = np.random.default_rng(seed)
    C, O = (groups * channel for channel in channels)
    x = rng.standard_normal((N, C, *size))
    weight = rng.standard_normal((O, C // groups, *kernel))
    bias = rng.standard_normal(O)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    y = torch.nn.functional.conv2d(*tensors, **options)
    dy = rng.standard_normal(tuple(y.shape))
    y.backward(torch.tensor(dy))
    np.testing.assert_allclose(conv2d(x, weight, bias, **options), y.detach().numpy(), atol=1e-10)
    for ours, tensor in zip(conv2d_backward(dy, x, weight, **options), tensors, strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), atol=1e-10)


def test_many_channels_equal_pytorch_too():
    """From 32 channels on the way back is another one."""
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((3, 40, 10, 9)), rng.standard_normal((33, 40, 3, 3))
    tensors = [torch.tensor(array, requires_grad=True) for array in (x, weight)]
    y = torch.nn.functional.conv2d(*tensors, padding=1)
    dy = rng.standard_normal(tuple(y.shape))
    y.backward(torch.tensor(dy))
    np.testing.assert_allclose(conv2d(x, weight, padding=1), y.detach().numpy(), atol=1e-10)
    dx, dweight, _ = conv2d_backward(dy, x, weight, padding=1)
    np.testing.assert_allclose(dx, tensors[0].grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(dweight, tensors[1].grad.numpy(), atol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_stays(dtype):
    x, weight = np.ones((2, 1, 3, 3), dtype), np.ones((1, 1, 2, 2), dtype)
    assert conv2d(x, weight).dtype == dtype


def test_inputs_of_any_layout_are_read_and_not_written():
    x = np.random.default_rng(0).standard_normal((2, 3, 8, 8))
    weight = np.random.default_rng(1).standard_normal((4, 3, 3, 3))
    wanted = conv2d(x[:, :, ::-2, 1::2].copy(), weight)
    x.setflags(write=False)
    kept = x.copy()
    np.testing.assert_allclose(conv2d(x[:, :, ::-2, 1::2], weight), wanted, atol=1e-12)
    np.testing.assert_array_equal(x, kept)


def test_nan_reaches_the_windows_that_see_it():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 0, 0] = np.nan
    y = conv2d(x, np.ones((1, 1, 2, 2)))[0, 0]
    np.testing.assert_array_equal(np.isnan(y), [[True, False], [False, False]])


def test_what_does_not_fit_is_named():
    x, weight = np.ones((1, 2, 4, 4)), np.ones((1, 2, 3, 3))
    with pytest.raises(TypeError):
        conv2d(x.astype(int), weight)
    with pytest.raises(TypeError, match="float32"):
        conv2d(x.astype(np.float32), weight)
    with pytest.raises(ValueError, match="stride"):
        conv2d(x, weight, stride=0)
    with pytest.raises(ValueError, match="kernel_size must fit"):
        conv2d(x, np.ones((1, 2, 5, 5)))
    with pytest.raises(ValueError, match="groups"):
        conv2d(x, weight, groups=3)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    N=st.integers(0, 3),
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    kernel=PAIR,
    stride=PAIR,
    padded=st.booleans(),
    ceil_mode=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
@pytest.mark.parametrize(
    ("pool", "backward", "theirs"),
    [
        (max_pool2d, max_pool2d_backward, torch.nn.functional.max_pool2d),
        (avg_pool2d, avg_pool2d_backward, torch.nn.functional.avg_pool2d),
    ],
)
def test_pooling_equals_pytorch(pool, backward, theirs, N, size, kernel, stride, padded, ceil_mode, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, (N, 2, *size)).astype(float)  # small integers: many ties
    padding = tuple(k // 2 for k in kernel) if padded else (0, 0)
    tensor = torch.tensor(x, requires_grad=True)
    y = theirs(tensor, kernel, stride=stride, padding=padding, ceil_mode=ceil_mode)
    dy = rng.standard_normal(tuple(y.shape))
    y.backward(torch.tensor(dy))
    options = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    np.testing.assert_allclose(pool(x, kernel, **options), y.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(backward(dy, x, kernel, **options), tensor.grad.numpy(), atol=1e-12)


def test_order_in_memory_changes_no_result():
    """A batch that does not lie last is copied, eight images at a time; 19 are two times eight and three."""
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((19, 2, 6, 5)), rng.standard_normal((3, 2, 3, 3))
    batch_last = np.ascontiguousarray(x.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)
    y = conv2d(x, weight)
    np.testing.assert_array_equal(y, conv2d(batch_last, weight))
    ours = conv2d_backward(np.ascontiguousarray(y), x, weight)
    for gradient, wanted in zip(ours, conv2d_backward(y, batch_last, weight), strict=True):
        np.testing.assert_allclose(gradient, wanted, atol=1e-12)
    tensors = [torch.tensor(array) for array in (x, weight)]
    np.testing.assert_allclose(y, torch.nn.functional.conv2d(*tensors).numpy(), atol=1e-10)
