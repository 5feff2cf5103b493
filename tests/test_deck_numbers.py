"""Every number that the lecture prints for its toy network comes out of cnnlib."""

import deck
import numpy as np
import pytest

from cnnlib.convolution import conv2d, conv2d_backward
from cnnlib.layers import Conv2d, MaxPool2d, ReLU
from cnnlib.network import Sequential
from cnnlib.windows import correlate2d
from cnnlib.xo import FEATURES, X_TRICKY, X


def filtering():
    """The lecture's four steps as a layer: line up, multiply, add, divide by the 9 pixels."""
    conv = Conv2d(1, 3, kernel_size=3)
    conv.weight = FEATURES[:, None] / 9
    conv.bias = np.zeros(3)
    return conv


def pooling():
    return MaxPool2d(2, stride=2, ceil_mode=True)


def stack(*layers):
    """What the layers make of the X: (channels, rows, columns)."""
    return Sequential(*layers).forward(X[None, None])[0]


def assert_prints_as(values, printed):
    """Compare with two decimals, the rest cut off, in whole numbers: no rounding can slip in."""
    assert values.shape == printed.shape
    ninths = np.rint(values * 9).astype(int)
    np.testing.assert_allclose(values, ninths / 9, rtol=0, atol=1e-14)
    hundredths = np.sign(ninths) * (100 * abs(ninths) // 9)
    np.testing.assert_array_equal(hundredths, np.rint(100 * printed).astype(int))


def test_the_two_arrays_are_the_lectures():
    np.testing.assert_array_equal(X, deck.X_DECK)
    np.testing.assert_array_equal(X_TRICKY, deck.X_TRICKY_DECK)


def test_cutting_off_decimals_is_toward_zero():
    assert_prints_as(np.array([7, 5, -1, -7, 9]) / 9, np.array([0.77, 0.55, -0.11, -0.77, 1.00]))
    with pytest.raises(AssertionError):
        assert_prints_as(np.array([7]) / 9, np.array([0.78]))


def test_first_feature_matches_the_upper_left_stroke_perfectly():
    assert (X[1:4, 1:4] * FEATURES[0]).sum() / 9 == 1.00


def test_first_feature_matches_the_crossing_with_five_ninths():
    products = X[3:6, 3:6] * FEATURES[0]
    np.testing.assert_array_equal(products, [[1, 1, -1], [1, 1, 1], [-1, 1, 1]])
    assert_prints_as(products.sum(keepdims=True) / 9, np.array([[0.55]]))


def test_sliding_by_hand_prints_the_filtered_maps():
    assert_prints_as(np.stack([correlate2d(X, feature) / 9 for feature in FEATURES]), deck.FILTERED)


def test_convolution_layer_prints_the_filtered_maps():
    assert_prints_as(stack(filtering()), deck.FILTERED)


def test_relu_prints_the_rectified_map():
    assert_prints_as(stack(filtering(), ReLU())[0], deck.RECTIFIED)


def test_pooling_prints_the_pooled_maps():
    assert_prints_as(stack(filtering(), pooling()), deck.POOLED)


def test_relu_and_pooling_print_the_same_in_both_orders():
    assert_prints_as(stack(filtering(), ReLU(), pooling()), deck.POOLED)
    assert_prints_as(stack(filtering(), pooling(), ReLU()), deck.POOLED)


def test_deep_stacking_prints_the_last_maps():
    assert_prints_as(stack(filtering(), ReLU(), pooling(), pooling()), deck.DEEP)


def test_the_last_maps_have_as_many_values_as_there_are_votes():
    assert stack(filtering(), ReLU(), pooling(), pooling()).size == len(deck.VOTES) == 12


def test_six_filters_turn_the_lectures_image_into_its_maps():
    rows, cols, channels = deck.IMAGE
    layer = Conv2d(channels, 6, kernel_size=5)
    assert layer.weight[0].shape == deck.FILTER[::-1]  # full depth
    assert layer.forward(np.zeros((1, channels, rows, cols)))[0].shape == deck.SIX_MAPS[::-1]


def test_convolution_and_its_gradients_are_the_lectures_four_sums():
    rng = np.random.default_rng(22)
    X, W, dh = rng.normal(size=(3, 3)), rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
    h, dX, dW = deck.forward_and_back(X, W, dh)
    X, W, dh = (array[None, None] for array in (X, W, dh))
    dx, dweight, _ = conv2d_backward(dh, X, W)
    for ours, lectures in [(conv2d(X, W), h), (dx, dX), (dweight, dW)]:
        np.testing.assert_allclose(ours[0, 0], lectures, rtol=1e-12)
