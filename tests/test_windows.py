"""Windows: how many, what they see, and that col2im is im2col's transpose."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnlib.windows import col2im, correlate2d, im2col, integer, meeting, output_size, pair

# By hand


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"size": 9, "kernel_size": 3}, 9 - 3 + 1),
        ({"size": 32, "kernel_size": 5}, 28),  # the lecture's 32x32 image and 5x5 filter
        ({"size": 7, "kernel_size": 3, "stride": 2}, (7 - 3) // 2 + 1),
        ({"size": 224, "kernel_size": 3, "padding": 1}, 224 + 2 - 3 + 1),
        ({"size": 9, "kernel_size": 3, "dilation": 2}, 9 - 5 + 1),  # 3 pixels, 2 apart, span 5
        ({"size": 7, "kernel_size": 2, "stride": 2}, 3),  # windows at 0, 2, 4
        ({"size": 7, "kernel_size": 2, "stride": 2, "ceil_mode": True}, 4),  # and at 6, half of it
        ({"size": 6, "kernel_size": 2, "stride": 2, "ceil_mode": True}, 3),  # nothing is left over
        ({"size": 5, "kernel_size": 2, "stride": 3, "ceil_mode": True}, 2),  # at 0 and 3; 6 is outside
        ({"size": 2, "kernel_size": 2, "stride": 2, "padding": 1, "ceil_mode": True}, 2),  # at -1 and 1
        ({"size": 3, "kernel_size": 2, "stride": 4, "padding": 1, "ceil_mode": True}, 1),  # 3 is outside
        ({"size": 2, "kernel_size": 3, "stride": 2, "ceil_mode": True}, 1),  # one window, 2/3 of it
        ({"size": 1, "kernel_size": 1}, 1),
    ],
)
def test_output_size_counts_the_windows(arguments, expected):
    assert output_size(**arguments) == expected


def test_correlate2d_multiplies_and_adds_without_a_flip():
    image = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    kernel = [[10, 1], [0, -1]]
    expected = [
        [10 * 1 + 1 * 2 + 0 * 4 - 1 * 5, 10 * 2 + 1 * 3 + 0 * 5 - 1 * 6],
        [10 * 4 + 1 * 5 + 0 * 7 - 1 * 8, 10 * 5 + 1 * 6 + 0 * 8 - 1 * 9],
    ]
    np.testing.assert_array_equal(correlate2d(image, kernel), expected)


def test_correlate2d_does_not_overflow_small_integers():
    assert correlate2d(np.full((1, 2), 200, np.uint8), np.full((1, 2), 2, np.uint8)) == 800


def test_im2col_writes_windows_as_columns_channel_after_channel():
    x = np.arange(12).reshape(1, 2, 2, 3)  # 0 1 2 / 3 4 5 and 6 7 8 / 9 10 11
    columns = [[0, 1], [1, 2], [3, 4], [4, 5], [6, 7], [7, 8], [9, 10], [10, 11]]
    np.testing.assert_array_equal(im2col(x, 2), [columns])


def test_im2col_pads_with_zeros():
    x = np.array([[[[5]]]])
    np.testing.assert_array_equal(im2col(x, 2, padding=1)[0].T, np.diag([5, 5, 5, 5])[::-1])


def test_im2col_returns_an_array_of_its_own():
    x = np.ones((1, 1, 2, 2))
    im2col(x, 1)[:] = 7
    np.testing.assert_array_equal(x, 1)


def test_col2im_adds_up_where_windows_overlap():
    columns = np.array([[[1, 10], [2, 20]]])  # two windows of 1x2 on 1x3 pixels
    np.testing.assert_array_equal(col2im(columns, (1, 1, 1, 3), (1, 2))[0, 0, 0], [1, 2 + 10, 20])


def test_col2im_drops_what_fell_on_padding():
    columns = np.array([[[1, 10], [2, 20]]])  # windows (padding, pixel) and (pixel, padding)
    pixel = col2im(columns, (1, 1, 1, 1), (1, 2), padding=(0, 1))
    np.testing.assert_array_equal(pixel, [[[[2 + 10]]]])


def test_col2im_leaves_the_columns_alone():
    columns = np.ones((1, 4, 4))
    col2im(columns, (1, 1, 3, 3), 2)
    np.testing.assert_array_equal(columns, 1)


def test_empty_batch_stays_empty():
    columns = im2col(np.zeros((0, 2, 4, 5)), 3)
    assert columns.shape == (0, 2 * 3 * 3, 2 * 3)
    assert col2im(columns, (0, 2, 4, 5), 3).shape == (0, 2, 4, 5)


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 6), st.integers(-9, 9), st.integers(1, 4), st.integers(1, 6))
def test_meeting_finds_the_positions_that_look_at_a_pixel(count, offset, stride, size):
    looks = [(p, p * stride + offset) for p in range(count) if 0 <= p * stride + offset < size]
    positions, pixels = meeting(count, offset, stride, size)
    assert list(zip(range(count)[positions], range(size)[pixels], strict=True)) == looks


# Parity with PyTorch


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    size=st.integers(1, 12),
    kernel_size=st.integers(1, 5),
    stride=st.integers(1, 6),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 3),
    ceil_mode=st.booleans(),
)
def test_output_size_is_that_of_pytorchs_pooling(size, kernel_size, stride, padding, dilation, ceil_mode):
    assume(2 * padding <= kernel_size)
    arguments = (kernel_size, stride, padding, dilation, ceil_mode)
    try:
        expected = F.max_pool1d(torch.zeros(1, 1, size), *arguments).shape[-1]
    except RuntimeError:
        with pytest.raises(ValueError, match="kernel_size must fit"):
            output_size(size, *arguments)
    else:
        assert output_size(size, *arguments) == expected


@st.composite
def window_cases(draw):
    """Images, and windows that fit on them."""
    settings = {
        "kernel_size": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "padding": draw(st.tuples(st.integers(0, 3), st.integers(0, 3))),
        "dilation": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
    }
    N, C = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    H, W = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    for size, k, p, d in zip(
        (H, W), settings["kernel_size"], settings["padding"], settings["dilation"], strict=True
    ):
        assume(size + 2 * p >= d * (k - 1) + 1)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return rng.normal(size=(N, C, H, W)), settings, rng


@settings(deadline=None, derandomize=True, max_examples=150)
@given(case=window_cases())
def test_im2col_is_unfold_and_col2im_is_fold(case):
    x, windows, rng = case
    columns = im2col(x, **windows)
    np.testing.assert_array_equal(columns, F.unfold(torch.tensor(x), **windows).numpy())

    other = rng.normal(size=columns.shape)
    image = F.fold(torch.tensor(other), x.shape[2:], **windows).numpy()
    np.testing.assert_allclose(col2im(other, x.shape, **windows), image, rtol=1e-12, atol=1e-12)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(case=window_cases())
def test_col2im_is_the_transpose_of_im2col(case):
    """For all x and c, the products of im2col(x) with c and of x with col2im(c) add up to the same."""
    x, windows, rng = case
    columns = im2col(x, **windows)
    other = rng.normal(size=columns.shape)
    np.testing.assert_allclose(
        (columns * other).sum(), (x * col2im(other, x.shape, **windows)).sum(), rtol=1e-10, atol=1e-10
    )


@settings(deadline=None, derandomize=True, max_examples=50)
@given(size=st.tuples(*[st.integers(1, 6)] * 2), kernel=st.tuples(*[st.integers(1, 6)] * 2))
def test_correlate2d_is_conv2d(size, kernel):
    assume(kernel[0] <= size[0] and kernel[1] <= size[1])
    rng = np.random.default_rng(0)
    image, weight = rng.normal(size=size), rng.normal(size=kernel)
    expected = F.conv2d(torch.tensor(image)[None, None], torch.tensor(weight)[None, None])[0, 0]
    np.testing.assert_allclose(correlate2d(image, weight), expected.numpy(), rtol=1e-10, atol=1e-10)


# Messages


def test_kernel_that_does_not_fit_is_refused_with_the_numbers():
    message = "kernel_size must fit in the padded input: got kernel_size=5, but size=2 with padding=0 gives 2"
    with pytest.raises(ValueError, match=f"^{message}$"):
        output_size(2, 5)


def test_dilated_kernel_that_does_not_fit_says_what_it_spans():
    message = "got kernel_size=3 with dilation=4 spans 9, but size=5 with padding=1 gives 7"
    with pytest.raises(ValueError, match=message):
        output_size(5, 3, padding=1, dilation=4)


@pytest.mark.parametrize("name", ["size", "kernel_size", "stride", "dilation"])
@pytest.mark.parametrize("value", [0, -1])
def test_what_counts_pixels_must_be_positive(name, value):
    arguments = {"size": 5, "kernel_size": 3, name: value}
    with pytest.raises(ValueError, match=f"{name} must be at least 1: got {value}"):
        output_size(**arguments)


def test_padding_must_not_be_negative():
    with pytest.raises(ValueError, match="padding must be at least 0: got -1"):
        output_size(5, 3, padding=-1)


@pytest.mark.parametrize("name", ["size", "kernel_size", "stride", "padding", "dilation"])
@pytest.mark.parametrize("value", [2.0, "2", None, True, np.bool_(True)])
def test_what_counts_pixels_must_be_an_integer(name, value):
    arguments = {"size": 5, "kernel_size": 3, name: value}
    with pytest.raises(TypeError, match=f"{name} must be an integer: got"):
        output_size(**arguments)


def test_numpy_integers_are_integers():
    assert output_size(np.int64(9), np.uint8(3)) == 7
    assert type(integer(np.int8(3), "size")) is int


def test_pair_doubles_one_number_and_keeps_two():
    assert pair(3, "stride") == (3, 3)
    assert pair((1, 2), "stride") == pair([1, 2], "stride") == pair(np.array([1, 2]), "stride") == (1, 2)


def test_pair_names_what_is_wrong():
    with pytest.raises(
        ValueError, match=r"stride must be one integer or a pair \(rows, cols\): got \(1, 2, 3\)"
    ):
        pair((1, 2, 3), "stride")
    with pytest.raises(ValueError, match="stride must be at least 1: got 0"):
        pair((2, 0), "stride", 1)
    with pytest.raises(TypeError, match=r"stride must be an integer: got 2\.5"):
        pair((2.5, 1), "stride")
    with pytest.raises(TypeError, match="stride must be an integer: got '22'"):
        pair("22", "stride")


def test_correlate2d_wants_two_axes_and_a_kernel_that_fits():
    with pytest.raises(
        ValueError, match=r"image must have two axes, rows and columns: got shape \(1, 3, 3\)"
    ):
        correlate2d(np.zeros((1, 3, 3)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"kernel must have two axes, rows and columns: got shape \(2,\)"):
        correlate2d(np.zeros((3, 3)), np.zeros(2))
    with pytest.raises(ValueError, match="got kernel_size=4, but size=3 with padding=0 gives 3"):
        correlate2d(np.zeros((5, 3)), np.zeros((4, 4)))


def test_im2col_and_col2im_name_the_shapes():
    with pytest.raises(ValueError, match=r"images must have shape \(N, C, H, W\): got \(9, 9\)"):
        im2col(np.zeros((9, 9)), 3)
    with pytest.raises(ValueError, match=r"images must have shape \(N, C, H, W\): got \(9, 9\)"):
        col2im(np.zeros((1, 9, 49)), (9, 9), 3)
    with pytest.raises(
        ValueError, match=r"= \(1, 4, 4\) for images of shape \(1, 1, 3, 3\): got \(1, 4, 5\)"
    ):
        col2im(np.zeros((1, 4, 5)), (1, 1, 3, 3), 2)
