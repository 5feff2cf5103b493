"""Dropout and its family: by hand, as reductions to one another, and as averages over many throws.

A statistical test draws with a fixed seed and allows four standard errors of the mean: were the seed free,
it would fail by chance 6 times in 100,000.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.dropout import (
    AnnealedDropout,
    DropConnect,
    Dropout,
    GaussianDropout,
    SpatialDropout,
    Standout,
)
from cnnlib.gradcheck import numerical_gradient
from cnnlib.layers import Linear, ReLU

NOISY = [Dropout, SpatialDropout, GaussianDropout, AnnealedDropout]
EACH = pytest.mark.parametrize("make", NOISY, ids=lambda make: make.__name__)


def rng(seed=0):
    return np.random.default_rng(seed)


def images(seed=0, shape=(5, 6, 4, 4), dtype=np.float64):
    return rng(seed).standard_normal(shape).astype(dtype)


def assert_mean_is(draws, wanted, axis=0):
    """The mean of independent draws is where it should be, within four standard errors."""
    error = draws.std(axis=axis, ddof=1) / math.sqrt(draws.shape[axis])
    off = np.abs(draws.mean(axis=axis) - wanted) / error
    assert np.max(off) < 4, off


# Dropout


@pytest.mark.parametrize(("inverted", "kept"), [(True, 4.0), (False, 1.0)])
def test_what_is_kept_counts_more_or_not(inverted, kept):
    y = Dropout(0.75, inverted=inverted, rng=rng()).forward(np.ones((50, 50)))
    assert set(np.unique(y.round(12))) == {0.0, kept}
    assert 0.2 < np.mean(y > 0) < 0.3


def test_every_pass_throws_anew_and_the_same_seed_throws_the_same():
    x = np.ones((10, 10))
    layer = Dropout(0.5, rng=rng(1))
    first, second = layer.forward(x), layer.forward(x)
    assert (first != second).any()
    np.testing.assert_array_equal(Dropout(0.5, rng=rng(1)).forward(x), first)


def test_the_two_rules_are_the_same_network_up_to_the_scale_of_the_next_weights():
    """Not inverted with weights W tests as inverted with weights q W."""
    x, q = images(2, (7, 6)), 0.3
    last = Linear(6, 4, rng=rng(3))
    deck = last.forward(Dropout(1 - q, inverted=False).eval().forward(x))
    last.weight = q * last.weight
    np.testing.assert_allclose(deck, last.forward(Dropout(1 - q).eval().forward(x)), rtol=1e-13)


@EACH
def test_backward_uses_the_factors_of_the_pass_before(make):
    x, layer = images(), make(0.4, rng=rng(4))
    y = layer.forward(x)
    np.testing.assert_allclose(layer.backward(np.ones_like(x)), y / x, rtol=1e-12)


@EACH
@pytest.mark.parametrize("inverted", [True, False])
def test_the_mean_over_throws_is_the_quiet_pass(make, inverted):
    x = images(5, (1, 3, 2, 2))
    layer = make(0.3, inverted=inverted, rng=rng(6))
    draws = np.array([layer.forward(x) for _ in range(4000)])
    assert_mean_is(draws, layer.eval().forward(x))


@EACH
def test_the_variance_of_a_factor_is_p_over_q(make):
    """It is E[m^2] / q^2 - 1 = 1/q - 1 for dropout, and chosen so for the normal numbers."""
    layer = make(0.2, rng=rng(7))
    factors = layer.forward(np.ones((2000, 20, 1)))[:, :, 0]
    assert_mean_is((factors.ravel() - 1) ** 2, 0.2 / 0.8)


@EACH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_types_are_kept_and_inputs_are_not_written_to(make, dtype):
    x = images(dtype=dtype)
    x.flags.writeable = False
    layer = make(0.5)
    for mode in (True, False):
        y = layer.train(mode).forward(x)
        assert y.dtype == dtype
        assert layer.backward(y).dtype == dtype


@EACH
def test_p_zero_changes_nothing(make):
    np.testing.assert_array_equal(make(0.0).forward(images()), images())


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5, math.nan])
@pytest.mark.parametrize("make", [*NOISY, lambda p: DropConnect(2, 3, p=p)])
def test_p_must_be_a_share_below_one(make, p):
    with pytest.raises(ValueError, match=r"p must be at least 0 and less than 1.*got"):
        make(p)


def test_integers_are_refused_as_everywhere():
    with pytest.raises(TypeError, match=r"Dropout\(p=0.5\) needs floating point"):
        Dropout().forward(np.ones((2, 2), int))


def test_names_say_what_a_layer_does():
    assert repr(Dropout(0.25, inverted=False)) == "Dropout(p=0.25, inverted=False)"
    assert repr(AnnealedDropout(0.5, 8)) == "AnnealedDropout(p=0.5, steps=8)"
    assert repr(Standout(0.5, 1)) == "Standout(alpha=0.5, beta=1)"
    assert repr(DropConnect(3, 2, p=0.1)) == "DropConnect(3, 2, bias=True, p=0.1)"


# Whole maps


def test_spatial_dropout_drops_whole_maps_and_each_by_its_own_throw():
    y = SpatialDropout(0.5, rng=rng(8)).forward(np.ones((40, 10, 3, 3)))
    maps = y.reshape(400, 9)
    assert (maps.min(axis=1) == maps.max(axis=1)).all()
    assert 0.4 < np.mean(maps[:, 0] == 0) < 0.6
    assert (y[0, :, 0, 0] != y[1, :, 0, 0]).any()


def test_torch_drops_whole_maps_as_well():
    torch.manual_seed(0)
    y = torch.nn.functional.dropout2d(torch.ones(40, 10, 3, 3), 0.5).numpy().reshape(400, 9)
    assert (y.min(axis=1) == y.max(axis=1)).all()
    ours = SpatialDropout(0.5, rng=rng(8)).forward(np.ones((40, 10, 3, 3)))
    assert set(np.unique(y)) == set(np.unique(ours)) == {0.0, 2.0}


def test_spatial_dropout_needs_maps():
    with pytest.raises(ValueError, match=r"needs maps, \(N, C, ...\): got x of shape \(4, 3\)"):
        SpatialDropout().forward(np.ones((4, 3)))


# Annealing


def test_annealed_dropout_without_end_is_dropout():
    annealed, plain = AnnealedDropout(0.5, math.inf, rng=rng(9)), Dropout(0.5, rng=rng(9))
    for _ in range(3):
        np.testing.assert_array_equal(annealed.forward(images()), plain.forward(images()))
        assert annealed.step() == 0.5


def test_annealed_dropout_ends_as_no_dropout():
    layer = AnnealedDropout(0.8, steps=2)
    assert [layer.step(), layer.step(), layer.step()] == [0.4, 0.0, 0.0]
    np.testing.assert_array_equal(layer.forward(images()), images())


def test_annealing_needs_steps():
    with pytest.raises(ValueError, match="steps must be positive: got 0"):
        AnnealedDropout(0.5, 0)


# Standout


def test_standout_that_ignores_its_input_is_dropout_of_one_half():
    x = images(10)
    standout, relu = Standout(alpha=0, beta=0, rng=rng(11)), ReLU()
    plain = Dropout(0.5, inverted=False, rng=rng(11))
    for mode in (True, False):
        y = standout.train(mode).forward(x)
        kept = plain.train(mode).forward(relu.forward(x)) != 0
        assert mode is False or 0.15 < kept.mean() < 0.35  # half of the positive half
        wanted = np.maximum(x, 0) * (0.5 if not mode else 1)
        np.testing.assert_allclose(y[y != 0], wanted[y != 0], rtol=1e-15)
    np.testing.assert_allclose(y, plain.forward(relu.forward(x)), rtol=1e-15)


def test_standout_keeps_by_the_sigmoid_of_what_comes_in():
    a, standout = np.array([[-2.0, 0.5, 3.0]]), Standout(alpha=0.7, beta=-0.4, rng=rng(12))
    wanted = 1 / (1 + np.exp(-(0.7 * a - 0.4)))
    np.testing.assert_allclose(standout.keep_probability(a), wanted, rtol=1e-14)
    draws = np.array([standout.forward(a)[0, 1:] for _ in range(4000)])
    assert_mean_is(draws, (np.maximum(a, 0) * wanted)[0, 1:])
    np.testing.assert_allclose(standout.eval().forward(a), np.maximum(a, 0) * wanted, rtol=1e-14)


def test_beta_of_a_half_keeps_62_per_cent_and_nothing_overflows():
    layer = Standout(alpha=1.0, beta=0.5)
    assert layer.keep_probability(np.zeros(1))[0] == pytest.approx(0.6224593312, abs=1e-10)
    np.testing.assert_array_equal(layer.keep_probability(np.array([-1e4, 1e4])), [0, 1])


def test_standout_in_training_sends_back_through_the_mask_as_it_fell():
    x, standout = images(13), Standout(alpha=1.0, rng=rng(14))
    y = standout.forward(x)
    dx = standout.backward(np.ones_like(x))
    np.testing.assert_array_equal(dx, (y != 0).astype(float))


def test_standout_afterwards_has_the_gradient_that_differences_measure():
    x, standout = images(15, (3, 4)), Standout(alpha=0.8, beta=0.3).eval()
    weight = images(16, (3, 4))
    standout.forward(x)
    measured = numerical_gradient(lambda z: np.sum(weight * standout.forward(z)), x)
    standout.forward(x)
    np.testing.assert_allclose(standout.backward(weight), measured, atol=1e-8)


# DropConnect


def test_the_worked_moments_and_the_mean_of_the_rectified_sum():
    """w = 1, -2, 3 sees ones, q = 1/2: sums -2, -1, 0, 1, 1, 2, 3, 4, and (1+1+2+3+4) / 8 = 1.375."""
    layer = DropConnect(3, 1, bias=False, p=0.5, rng=rng(17))
    layer.weight = np.array([[1.0, -2.0, 3.0]])
    x = np.ones((1, 3))
    mean, variance = layer.moments(x)
    assert (mean.item(), variance.item()) == (1.0, 3.5)
    masks = (np.arange(8)[:, None] >> np.arange(3)) % 2
    sums = masks @ layer.weight[0]
    assert (sums.mean(), sums.var(), np.maximum(sums, 0).mean()) == (1.0, 3.5, 1.375)
    drawn = np.maximum(np.concatenate([layer.forward(x) for _ in range(4000)]), 0)
    assert_mean_is(drawn, 1.375)
    normal = np.maximum(layer.sample(x, 100_000), 0).reshape(-1, 1)
    assert_mean_is(normal, 1.3505065819)
    assert abs(normal.mean() - 1.375) > 0.01  # near, and not equal


@given(seed=st.integers(0, 99), by_column=st.booleans(), bias=st.booleans())
def test_moments_are_those_of_all_masks(seed, by_column, bias):
    I, O, q = 3, 2, 0.7
    layer = DropConnect(I, O, bias, p=1 - q, by_column=by_column, rng=rng(seed))
    x = images(seed, (2, I))
    free = I if by_column else I + bias
    masks = (np.arange(2**free)[:, None] >> np.arange(free)) % 2
    shares = np.prod(np.where(masks, q, 1 - q), axis=1)
    for o in range(O):  # the outputs' masks are alike, so one at a time
        sums = np.einsum("ki,i,ni->kn", masks[:, :I], layer.weight[o], x)
        if bias:
            sums = sums + layer.bias[o] * (1 if by_column else masks[:, I:])
        mean = shares @ sums
        variance = shares @ (sums - mean) ** 2
        got_mean, got_variance = layer.moments(x)
        np.testing.assert_allclose(got_mean[:, o], mean, rtol=1e-10)
        np.testing.assert_allclose(got_variance[:, o], variance, rtol=1e-10, atol=1e-14)


def test_afterwards_the_output_is_the_mean():
    layer = DropConnect(4, 3, p=0.25, rng=rng(18)).eval()
    x = images(19, (5, 4))
    np.testing.assert_array_equal(layer.forward(x), layer.moments(x)[0])


@pytest.mark.parametrize("by_column", [True, False])
def test_the_mean_over_masks_is_the_output_afterwards(by_column):
    layer = DropConnect(4, 3, p=0.25, by_column=by_column, rng=rng(20))
    x = images(21, (1, 4))
    draws = np.array([layer.forward(x) for _ in range(4000)])
    mean, variance = layer.moments(x)
    assert_mean_is(draws, layer.eval().forward(x))
    assert_mean_is((draws - mean) ** 2, variance)


def test_dropping_columns_is_dropping_inputs():
    layer, linear = DropConnect(6, 3, p=0.5, by_column=True, rng=rng(22)), Linear(6, 3)
    linear.weight, linear.bias = layer.weight, layer.bias
    x = images(23, (8, 6))
    dropout = Dropout(0.5, inverted=False, rng=rng(24))
    layer.rng = rng(24)  # the same throws
    np.testing.assert_allclose(layer.forward(x), linear.forward(dropout.forward(x)), rtol=1e-12)
    dy = images(25, (8, 3))
    np.testing.assert_allclose(layer.backward(dy), dropout.backward(linear.backward(dy)), rtol=1e-12)
    np.testing.assert_allclose(layer.dweight, linear.dweight, rtol=1e-12)
    np.testing.assert_allclose(layer.dbias, linear.dbias, rtol=1e-12)


def test_without_columns_outputs_have_masks_of_their_own():
    layer = DropConnect(50, 2, bias=False, p=0.5, rng=rng(26))
    layer.weight = np.ones((2, 50))
    y = layer.forward(np.ones((20, 50)))
    assert (y[:, 0] != y[:, 1]).any()
    assert (y[0] != y[1]).any()


@pytest.mark.parametrize("mode", [True, False])
def test_gradients_are_what_differences_measure(mode):
    layer = DropConnect(4, 3, p=0.3, rng=rng(27)).train(mode)
    x, dy = images(28, (5, 4)), images(29, (5, 3))

    def total(**change):
        for name, value in change.items():
            if name != "x":
                setattr(layer, name, value)
        layer.rng = rng(30)  # the same masks each time
        return np.sum(dy * layer.forward(change.get("x", x)))

    weight, bias = layer.weight, layer.bias
    total()
    dx = layer.backward(dy)
    for name, start, got in [
        ("x", x, dx),
        ("weight", weight, layer.dweight.copy()),
        ("bias", bias, layer.dbias.copy()),
    ]:
        measured = numerical_gradient(lambda value, name=name: total(**{name: value}), start.copy())
        layer.weight, layer.bias = weight, bias
        np.testing.assert_allclose(got, measured, atol=1e-7)


def test_without_need_dx_only_parameters_get_gradients():
    layer = DropConnect(4, 3)
    layer.forward(images(31, (5, 4)))
    assert layer.backward(np.ones((5, 3)), need_dx=False) is None
    assert layer.dweight.shape == (3, 4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropconnect_keeps_the_type(dtype):
    layer = DropConnect(4, 3).astype(dtype)
    x = images(32, (5, 4), dtype)
    for mode in (True, False):
        y = layer.train(mode).forward(x)
        assert y.dtype == layer.backward(y).dtype == layer.dweight.dtype == layer.dbias.dtype == dtype
    assert layer.sample(x, 2).dtype == dtype
