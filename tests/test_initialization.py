"""How large weights are at the start: by hand, by PyTorch's rules, and what the rules promise."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import init

from cnnlib.initialization import (
    calculate_gain,
    kaiming_normal_,
    kaiming_uniform_,
    xavier_normal_,
    xavier_uniform_,
)
from cnnlib.layers import Linear, ReLU, Sigmoid, Tanh

ALL = [xavier_normal_, xavier_uniform_, kaiming_normal_, kaiming_uniform_]


def rng(seed=0):
    return np.random.default_rng(seed)


# By hand


@pytest.mark.parametrize(
    ("fill", "variance"),
    [
        (xavier_normal_, 2 / (50 + 30)),
        (lambda w, rng: xavier_normal_(w, 3.0, rng=rng), 9 * 2 / (50 + 30)),
        (kaiming_normal_, 2 / 50),
        (lambda w, rng: kaiming_normal_(w, mode="fan_out", rng=rng), 2 / 30),
        (lambda w, rng: kaiming_normal_(w, 2.0, rng=rng), 2 / (1 + 4) / 50),
        (lambda w, rng: kaiming_normal_(w, nonlinearity="linear", rng=rng), 1 / 50),
    ],
)
def test_normal_weights_have_the_variance_of_the_rule(fill, variance):
    weight = np.empty((30, 50))  # fan_in 50, fan_out 30
    assert fill(weight, rng=rng()) is weight
    np.testing.assert_allclose(weight, math.sqrt(variance) * rng().normal(size=(30, 50)), rtol=1e-14)


@pytest.mark.parametrize(
    ("fill", "variance"),
    [
        (xavier_uniform_, 2 / (50 + 30)),
        (lambda w, rng: xavier_uniform_(w, 3.0, rng=rng), 9 * 2 / (50 + 30)),
        (kaiming_uniform_, 2 / 50),
        (lambda w, rng: kaiming_uniform_(w, 1.0, "fan_out", "leaky_relu", rng=rng), 1 / 30),
    ],
)
def test_uniform_weights_have_the_same_variance(fill, variance):
    """Evenly from -b to b: variance b^2 / 3."""
    weight = np.empty((30, 50))
    assert fill(weight, rng=rng()) is weight
    bound = math.sqrt(3 * variance)
    np.testing.assert_allclose(weight, rng().uniform(-bound, bound, (30, 50)), rtol=1e-14)


def test_an_output_of_a_convolution_depends_on_channels_times_pixels():
    weight = kaiming_normal_(np.empty((4, 2, 5, 3)), rng=rng())  # fan_in 2 * 5 * 3 = 30
    np.testing.assert_allclose(weight, math.sqrt(2 / 30) * rng().normal(size=weight.shape), rtol=1e-14)
    weight = xavier_normal_(np.empty((4, 2, 5, 3)), rng=rng())  # and fan_out 4 * 5 * 3 = 60
    np.testing.assert_allclose(weight, math.sqrt(2 / 90) * rng().normal(size=weight.shape), rtol=1e-14)


def test_layers_that_share_a_generator_get_different_weights():
    shared = rng()
    first, second = (xavier_normal_(np.empty((3, 4)), rng=shared) for _ in range(2))
    assert not np.isclose(first, second).any()


@pytest.mark.parametrize("fill", ALL)
def test_float32_stays_float32(fill):
    weight = np.empty((3, 4), np.float32)
    assert fill(weight, rng=rng()).dtype == np.float32
    np.testing.assert_array_equal(weight, fill(np.empty((3, 4)), rng=rng()).astype(np.float32))


@pytest.mark.parametrize("fill", ALL)
def test_the_weight_of_a_layer_is_filled_in_place(fill):
    linear = Linear(4, 3)
    before, bias = linear.weight, linear.bias.copy()
    fill(linear.weight, rng=rng())
    assert linear.weight is before
    assert not np.isclose(linear.weight, Linear(4, 3).weight).any()
    np.testing.assert_array_equal(linear.bias, bias)


# PyTorch's rules


class Recorder(torch.Tensor):
    """A tensor that notes how it is asked to be filled."""

    def normal_(self, mean=0, std=1, **_):
        self.asked = ("normal", mean, std)
        return self

    def uniform_(self, low=0, high=1, **_):
        self.asked = ("uniform", low, high)
        return self


class Noted(np.random.Generator):
    """A generator that notes how it is asked to draw."""

    def normal(self, mean, std, shape):
        self.asked = ("normal", mean, std)
        return np.zeros(shape)

    def uniform(self, low, high, shape):
        self.asked = ("uniform", low, high)
        return np.zeros(shape)


SIZES = st.lists(st.integers(1, 9), min_size=2, max_size=4)


@pytest.mark.parametrize("fill", ALL, ids=lambda fill: fill.__name__)
@settings(deadline=None, derandomize=True, max_examples=60)
@given(data=st.data())
def test_the_spread_is_pytorchs(fill, data):
    shape = data.draw(SIZES)
    if "xavier" in fill.__name__:
        options = {"gain": data.draw(st.floats(0.1, 5))}
    else:
        options = {
            "a": data.draw(st.floats(0, 2)),
            "mode": data.draw(st.sampled_from(["fan_in", "fan_out"])),
            "nonlinearity": data.draw(
                st.sampled_from(["linear", "conv2d", "relu", "leaky_relu", "tanh", "sigmoid"])
            ),
        }
    theirs = torch.zeros(shape).as_subclass(Recorder)
    getattr(init, fill.__name__)(theirs, **options)
    ours = Noted(np.random.PCG64(0))
    fill(np.empty(shape), **options, rng=ours)
    assert ours.asked[0] == theirs.asked[0]
    np.testing.assert_allclose(ours.asked[1:], theirs.asked[1:], rtol=1e-12)


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu"])
def test_gains_are_pytorchs(name):
    assert calculate_gain(name) == pytest.approx(init.calculate_gain(name), rel=1e-15)


@pytest.mark.parametrize("slope", [0, 0.2, 1, 3.0])
def test_gains_of_leaky_relus_are_pytorchs(slope):
    expected = init.calculate_gain("leaky_relu", slope)
    assert calculate_gain("leaky_relu", slope) == pytest.approx(expected, rel=1e-15)


# What the rules promise


def spread_through(layer, fill, depth=20, width=256):
    """Root mean square of what leaves the last of `depth` layers, as a share of what enters the first."""
    shared = rng()
    x = shared.normal(size=(64, width))
    before = np.sqrt((x**2).mean())
    for _ in range(depth):
        x = layer.forward(x @ fill(np.empty((width, width)), rng=shared).T)
    return np.sqrt((x**2).mean()) / before


def test_hes_rule_keeps_the_size_through_twenty_relus_and_xaviers_halves_its_square_at_each():
    assert 0.5 < spread_through(ReLU(), kaiming_normal_) < 2
    shrunk = spread_through(ReLU(), xavier_normal_)
    assert 0.5 * 2**-10 < shrunk < 2 * 2**-10  # the square halves twenty times


def test_xaviers_rule_keeps_numbers_alive_through_twenty_tanhs():
    assert 0.1 < spread_through(Tanh(), xavier_normal_) < 0.5
    tiny = spread_through(Tanh(), lambda weight, rng: xavier_normal_(weight, 0.1, rng=rng))
    assert tiny < 1e-15


def test_no_rule_makes_sigmoids_differ_after_twenty_layers():
    """Each layer passes on a quarter of the differences at most, so examples become alike."""
    shared = rng()
    x = shared.normal(size=(64, 256))
    for _ in range(20):
        x = Sigmoid().forward(x @ xavier_normal_(np.empty((256, 256)), rng=shared).T)
    assert x.std(axis=0).max() < 1e-9


# Messages


@pytest.mark.parametrize("fill", ALL)
def test_a_generator_must_be_given(fill):
    with pytest.raises(TypeError, match="rng"):
        fill(np.empty((2, 2)))
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator: got int"):
        fill(np.empty((2, 2)), rng=0)
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator: got NoneType"):
        fill(np.empty((2, 2)), rng=None)


@pytest.mark.parametrize("fill", ALL)
@pytest.mark.parametrize("shape", [(), (3,), (0, 3), (3, 0)])
def test_what_is_no_weight_of_a_layer_is_refused(fill, shape):
    with pytest.raises(ValueError, match=r"weight must have at least two axes.*got shape"):
        fill(np.empty(shape), rng=rng())


@pytest.mark.parametrize("fill", ALL)
def test_what_cannot_be_filled_is_refused(fill):
    with pytest.raises(TypeError, match="weight must be an array, because it is filled in place: got list"):
        fill([[1.0, 2.0]], rng=rng())
    with pytest.raises(TypeError, match="weight must be float32 or float64: got int64"):
        fill(np.ones((2, 2), np.int64), rng=rng())
    locked = np.ones((2, 2))
    locked.setflags(write=False)
    with pytest.raises(ValueError, match="weight must be writable"):
        fill(locked, rng=rng())


def test_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="mode must be fan_in or fan_out: got 'fan'"):
        kaiming_normal_(np.empty((2, 2)), mode="fan", rng=rng())


def test_a_nonlinearity_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"nonlinearity must be one of linear, .*leaky_relu: got 'maxout'"):
        calculate_gain("maxout")
