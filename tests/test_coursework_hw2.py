"""Assignment 2: what holds for every assignment, its references against PyTorch, its claims about letters."""

import numpy as np
import pytest
import torch
from coursework_variants import Promises
from numpy.testing import assert_allclose
from torch.nn import functional

from cnnlib import xo
from coursework import variants
from coursework.hw2 import hidden
from coursework.hw2.variants import WRONG


class TestHw2(Promises):
    name = "hw2"
    caught_in_public = 0.9


@pytest.fixture
def rng():
    return np.random.default_rng(2)


def torch_conv2d(x, weight, bias=None, **settings):
    tensors = (None if array is None else torch.tensor(array) for array in (x, weight, bias))
    return functional.conv2d(*tensors, **settings).numpy()


# The references by hand and against PyTorch


def test_match_map_gives_the_numbers_of_chapter_3():
    falling = hidden.match_map(xo.X, xo.FEATURES[0])
    assert falling.shape == (7, 7)
    assert_allclose(falling[1, 1], 1)
    assert_allclose(falling[3, 3], 5 / 9)


@pytest.mark.parametrize(("shape", "feature"), [((9, 9), (3, 3)), ((5, 8), (2, 4)), ((4, 3), (4, 3))])
def test_match_map_is_pytorchs_convolution_divided_by_the_feature(rng, shape, feature):
    image, piece = rng.standard_normal(shape), rng.standard_normal(feature)
    expected = torch_conv2d(image[None, None], piece[None, None] / piece.size)[0, 0]
    assert_allclose(hidden.match_map(image, piece), expected, atol=1e-12)


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 3), (3, 1), (4, 4)])
def test_max_pool_without_partial_windows_is_pytorchs(rng, size, stride):
    maps = rng.standard_normal((3, 9, 7))
    expected = functional.max_pool2d(torch.tensor(maps), size, stride).numpy()
    assert_allclose(hidden.max_pool(maps, size, stride, keep_last=False), expected, atol=0)


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (2, 3), (3, 3)])
def test_max_pool_with_partial_windows_is_pytorchs_ceil_mode(rng, size, stride):
    """Where no window starts that another one covers; there PyTorch leaves it out."""
    maps = -1 - rng.uniform(size=(2, 7, 8))
    expected = functional.max_pool2d(torch.tensor(maps), size, stride, ceil_mode=True).numpy()
    assert_allclose(hidden.max_pool(maps, size, stride), expected, atol=0)


def test_max_pool_starts_a_window_wherever_the_map_has_a_pixel():
    assert hidden.max_pool(np.arange(7.0).reshape(1, 1, 7), size=3).tolist() == [[[2, 4, 6, 6]]]


@pytest.mark.parametrize(("kernel", "stride", "padding"), [((3, 3), 1, 0), ((2, 4), 3, 1), ((5, 1), 2, 2)])
def test_conv2d_is_pytorchs(rng, kernel, stride, padding):
    x, weight, bias = (
        rng.standard_normal((2, 3, 9, 8)),
        rng.standard_normal((4, 3, *kernel)),
        rng.uniform(size=4),
    )
    for arrays in ((x, weight, bias), (x, weight)):
        expected = torch_conv2d(*arrays, stride=stride, padding=padding)
        assert_allclose(hidden.conv2d(*arrays, stride=stride, padding=padding), expected, atol=1e-12)


def as_torch(layers):
    """The layers as modules that find out by themselves how many channels come in."""
    for layer in layers:
        match layer["kind"]:
            case "conv":
                names = ("out_channels", "kernel_size", "stride", "padding", "dilation", "bias")
                yield torch.nn.LazyConv2d(**{name: layer[name] for name in names if name in layer})
            case "pool":
                yield torch.nn.MaxPool2d(layer["kernel_size"], layer.get("stride"))
            case "linear":
                yield torch.nn.LazyLinear(layer["out_features"], bias=layer.get("bias", True))
            case other:
                yield {"relu": torch.nn.ReLU, "flatten": torch.nn.Flatten}[other]()


@pytest.mark.parametrize("seed", range(5))
def test_trace_says_what_pytorch_does(seed):
    for case in hidden.q4_cases(np.random.default_rng(seed)):
        x, rows = torch.zeros(1, *case.inputs["shape"]), []
        try:
            for layer in as_torch(case.inputs["layers"]):
                x = layer(x)
                rows.append((tuple(x.shape[1:]), sum(p.numel() for p in layer.parameters())))
        except RuntimeError:
            rows = None
        assert case.expected == ("refused" if rows is None else tuple(rows))


def test_trace_counts_the_toy_network_of_chapter_4():
    conv, pool = {"kind": "conv", "out_channels": 3, "kernel_size": 3}, {"kind": "pool", "kernel_size": 2}
    layers = [conv, {"kind": "relu"}, pool, {"kind": "flatten"}, {"kind": "linear", "out_features": 2}]
    rows = hidden.trace((1, 9, 9), layers)
    assert rows == (((3, 7, 7), 30), ((3, 7, 7), 0), ((3, 3, 3), 0), ((27,), 0), ((2,), 56))


def test_a_folded_layer_does_in_pytorch_what_standardising_first_does(rng):
    x = rng.uniform(0, 255, (2, 3, 6, 5))
    weight, bias = rng.standard_normal((4, 3, 2, 3)), rng.standard_normal(4)
    mean, std = rng.uniform(50, 200, 3), rng.uniform(20, 80, 3)
    standard = (x - mean[:, None, None]) / std[:, None, None]
    folded = torch_conv2d(x, *hidden.fold(weight, bias, mean, std))
    assert_allclose(folded, torch_conv2d(standard, weight, bias), atol=1e-12)


def test_votes_from_examples_are_scikit_learns_nearest_centroids(rng):
    from sklearn.neighbors import NearestCentroid

    labels = rng.permutation(np.repeat([0, 1, 2], [9, 4, 6]))
    values, fresh = rng.standard_normal((19, 5)) + labels[:, None], rng.standard_normal((50, 5)) + 1
    weight, bias = hidden.votes_from_examples(values, labels, 3)
    said = (fresh @ weight.T + bias).argmax(axis=1)
    assert said.tolist() == NearestCentroid().fit(values, labels).predict(fresh).tolist()


# Question 7


def test_votes_of_the_grader_are_those_of_pytorchs_layers(rng):
    features, bias = rng.standard_normal((6, 3, 3)), rng.standard_normal(6)
    weight, vote_bias = rng.standard_normal((2, 24)), rng.standard_normal(2)
    pictures, _ = hidden.letters(5, rng)
    x = functional.relu(torch.tensor(torch_conv2d(pictures[:, None], features[:, None], bias)))
    x = functional.max_pool2d(functional.max_pool2d(x, 2, ceil_mode=True), 2).flatten(1).numpy()
    expected = x @ weight.T + vote_bias
    assert_allclose(hidden.votes(pictures, features, bias, weight, vote_bias), expected, atol=1e-12)
    names, _ = variants.names_after("hw2")
    values = names["toy_values"](pictures, features, bias)
    assert_allclose(values, x, atol=1e-12)


def test_letters_of_the_notebook_come_from_where_the_graders_do(rng):
    """Equally many of both, moved by up to two pixels: the same mean picture, up to chance."""
    names, _ = variants.names_after("hw2")
    ours, ours_labels = hidden.letters(1500, rng)
    theirs, their_labels = names["letters"](1500, rng)
    assert abs(ours_labels.mean() - their_labels.mean()) < 0.1
    for label in (0, 1):
        means = ours[ours_labels == label].mean(axis=0), theirs[their_labels == label].mean(axis=0)
        assert_allclose(*means, atol=0.35)


def test_the_comparisons_that_the_text_makes_hold():
    names, _ = variants.names_after("hw2")
    rng = np.random.default_rng(0)
    pictures, labels = names["letters"](5000, rng)
    fresh, truth = names["letters"](2000, rng)
    rows, new = (np.insert(letters.reshape(-1, 81), 81, 1, axis=1) for letters in (pictures, fresh))
    by_pixels = new @ np.linalg.lstsq(rows, 2.0 * labels - 1, rcond=None)[0] > 0
    assert 0.7 < np.mean(by_pixels == truth) < 0.8
    features, bias = rng.standard_normal((32, 3, 3)), rng.standard_normal(32)
    means = names["votes_from_examples"](names["toy_values"](pictures, features, bias), labels, 2)
    assert 0.8 < names["share_right"]((features, bias, *means)) < 0.93
    assert names["share_right"](names["network"]) > 0.93
    by_hand, _ = variants.names_after("hw2", {"q7": WRONG["q7"]["the lecture's features and votes"]})
    assert 0.4 < names["share_right"](by_hand["network"], count=2000) < 0.6
