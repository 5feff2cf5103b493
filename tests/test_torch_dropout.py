"""The PyTorch modules do what the NumPy layers of the same names do.

Their generators throw differently, so averages are compared: with fixed seeds, within four standard errors.
"""

import math

import numpy as np
import pytest
import torch

from cnnlib import dropout, torch_dropout

NAMES = ["Dropout", "SpatialDropout", "GaussianDropout", "AnnealedDropout"]
EACH = pytest.mark.parametrize("name", NAMES)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def images(shape=(5, 6, 4, 4), seed=0):
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


def assert_mean_is(draws, wanted):
    """The mean of independent draws is where it should be, within four standard errors."""
    draws = draws.detach().numpy()
    error = draws.std(axis=0, ddof=1) / math.sqrt(len(draws))
    off = np.abs(draws.mean(axis=0) - np.asarray(wanted)) / error
    assert np.max(off) < 4, off


@EACH
@pytest.mark.parametrize("inverted", [True, False])
def test_afterwards_it_is_the_numpy_layer(name, inverted):
    x = images()
    ours = getattr(dropout, name)(0.3, inverted=inverted).eval().forward(x.numpy())
    theirs = getattr(torch_dropout, name)(0.3, inverted=inverted).eval()(x)
    np.testing.assert_allclose(theirs.numpy(), ours, rtol=1e-15)


@EACH
@pytest.mark.parametrize("inverted", [True, False])
def test_the_mean_over_throws_is_the_quiet_pass(name, inverted):
    layer = getattr(torch_dropout, name)(0.3, inverted=inverted, generator=seeded(1))
    x = images((1, 3, 2, 2))
    draws = torch.stack([layer(x) for _ in range(4000)])
    assert_mean_is(draws, layer.eval()(x))


@EACH
def test_the_variance_of_a_factor_is_p_over_q(name):
    layer = getattr(torch_dropout, name)(0.2, generator=seeded(2))
    factors = layer(torch.ones(2000, 20, 1, dtype=torch.float64)).reshape(-1, 1)
    assert_mean_is((factors - 1) ** 2, 0.25)


@EACH
def test_the_gradient_is_the_factor(name):
    x = images().requires_grad_()
    y = getattr(torch_dropout, name)(0.4, generator=seeded(3))(x)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), (y / x).detach().numpy(), rtol=1e-12)


@EACH
def test_a_generator_makes_throws_repeatable_and_leaves_the_global_one_alone(name):
    state = torch.random.get_rng_state()
    first, second = (getattr(torch_dropout, name)(0.4, generator=seeded(4))(images()) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_whole_maps_are_dropped():
    y = torch_dropout.SpatialDropout(0.5, generator=seeded(5))(torch.ones(40, 10, 3, 3)).reshape(400, 9)
    assert torch.equal(y.amin(dim=1), y.amax(dim=1))
    assert 0.4 < (y[:, 0] == 0).double().mean() < 0.6
    with pytest.raises(ValueError, match=r"needs maps, \(N, C, ...\): got x of shape \(2, 3\)"):
        torch_dropout.SpatialDropout()(torch.ones(2, 3))


def test_annealing_takes_the_same_steps():
    ours, theirs = dropout.AnnealedDropout(0.6, 3), torch_dropout.AnnealedDropout(0.6, 3)
    assert (
        [ours.step() for _ in range(4)]
        == [theirs.step() for _ in range(4)]
        == pytest.approx([0.4, 0.2, 0.0, 0.0])
    )
    with pytest.raises(ValueError, match="steps must be positive: got 0"):
        torch_dropout.AnnealedDropout(0.5, 0)


@pytest.mark.parametrize("p", [-0.1, 1.0, math.nan])
def test_p_must_be_a_share_below_one(p):
    for make in (torch_dropout.Dropout, lambda p: torch_dropout.DropConnect(2, 3, p=p)):
        with pytest.raises(ValueError, match="p must be at least 0 and less than 1"):
            make(p)


def test_standout_afterwards_is_the_numpy_layer_and_so_is_its_gradient():
    x = images().requires_grad_()
    theirs = torch_dropout.Standout(0.7, -0.2).eval()(x)
    ours = dropout.Standout(0.7, -0.2).eval()
    np.testing.assert_allclose(theirs.detach().numpy(), ours.forward(x.detach().numpy()), rtol=1e-12)
    theirs.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), ours.backward(np.ones(x.shape)), rtol=1e-10, atol=1e-14)


def test_standout_in_training_keeps_by_the_sigmoid_and_goes_back_through_the_mask():
    x = torch.tensor([[0.5, 1.0, 3.0]], dtype=torch.float64, requires_grad=True)
    layer = torch_dropout.Standout(0.7, -0.4, generator=seeded(6))
    draws = torch.cat([layer(x) for _ in range(4000)])
    assert_mean_is(draws, (x * torch.sigmoid(0.7 * x - 0.4)).detach()[0])
    y = layer(x)
    y.sum().backward()
    assert torch.equal(x.grad, (y != 0).double())


def pair(seed=0):
    theirs = torch_dropout.DropConnect(4, 3, p=0.3, generator=seeded(seed)).double()
    ours = dropout.DropConnect(4, 3, p=0.3)
    ours.weight, ours.bias = theirs.weight.detach().numpy(), theirs.bias.detach().numpy()
    return ours, theirs


def test_dropconnect_has_the_numpy_layers_moments_and_means():
    ours, theirs = pair()
    x = images((5, 4))
    for got, wanted in zip(theirs.moments(x), ours.moments(x.numpy()), strict=True):
        np.testing.assert_allclose(got.detach().numpy(), wanted, rtol=1e-12)
    np.testing.assert_allclose(theirs.eval()(x).detach().numpy(), ours.eval().forward(x.numpy()), rtol=1e-12)


def test_dropconnect_throws_with_these_moments():
    ours, theirs = pair(7)
    x = images((1, 4), seed=8)
    mean, variance = ours.moments(x.numpy())
    for draws in (torch.stack([theirs(x) for _ in range(4000)]), theirs.sample(x, 4000)):
        assert_mean_is(draws, mean)
        assert_mean_is((draws - torch.from_numpy(mean)) ** 2, variance)


def test_each_example_and_each_output_has_masks_of_its_own():
    layer = torch_dropout.DropConnect(50, 2, bias=False, generator=seeded(9))
    layer.weight.data.fill_(1)
    y = layer(torch.ones(20, 50))
    assert (y[:, 0] != y[:, 1]).any()
    assert (y[0] != y[1]).any()
