"""Assignment 6: its promises, and its references against PyTorch, pencils and each other."""

import itertools
import math

import numpy as np
import pytest
import torch
from coursework_variants import Promises

from coursework import check, variants
from coursework.hw6 import hidden

close = np.testing.assert_allclose


class TestHw6(Promises):
    name = "hw6"


def tensors(*arrays):
    return [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in arrays]


# By hand


def test_eight_sums_have_the_mean_and_variance_of_the_chapter():
    h, weight = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, -1.0, 0.5]])
    mean, variance = hidden.over_all_masks(h, weight, np.zeros(1), 0.5, inverted=False)
    close(mean, [[0.25]])  # 0.5 * (1 - 2 + 1.5)
    close(variance, [[1.8125]])  # 0.25 * (1 + 4 + 2.25)
    mean, variance = hidden.over_all_masks(h, weight, np.array([7.0]), 0.5, inverted=True)
    close(mean, [[7.5]])
    close(variance, [[7.25]])


def test_masks_of_two_units():
    assert hidden.each_mask([0.25, 0.5]) == {(0, 0): 0.125, (0, 1): 0.125, (1, 0): 0.375, (1, 1): 0.375}


def test_two_members_have_the_means_of_the_pencil():
    arithmetic, geometric = hidden.averaged(np.array([[math.log(3), 0], [0, 0]]), [0.5, 0.5])
    close(arithmetic, [0.625, 0.375])
    close(geometric, [math.sqrt(3) / (1 + math.sqrt(3)), 1 / (1 + math.sqrt(3))])


def test_a_geometric_mean_survives_probabilities_that_underflow():
    votes = np.array([[1500.0, 0.0], [0.0, 1499.0]])  # the mean votes differ by 1/2
    arithmetic, geometric = hidden.averaged(votes, [0.5, 0.5])
    close(arithmetic, [0.5, 0.5])
    close(geometric, [1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(0.5))])


def test_dropconnect_by_moments_is_that_of_the_chapter():
    said = hidden.by_quadrature(np.ones((1, 3)), np.array([[1.0, -2.0, 3.0]]), np.zeros(1), 0.5)
    close(said, [[1.3505065819]], rtol=1e-6)


def test_a_unit_under_a_bend_says_eleven_eighths():
    unit = np.ones(3), np.array([[1.0, -2.0, 3.0]]), np.zeros(1), np.array([[2.0], [0.0]]), np.zeros(2), 0.5
    for reference in (hidden.all_together, hidden.unit_by_unit):
        close(reference(*unit)[0], 1 / (1 + math.exp(-11 / 8)))


# Against PyTorch and each other


@pytest.mark.parametrize("p", [0.0, 0.4])
def test_gradients_are_pytorchs(p):
    rng = np.random.default_rng(1)
    factor, dy = (rng.random((5, 6)) >= p) / (1 - p), rng.normal(size=(5, 3))
    arrays = [rng.normal(size=shape) for shape in ((5, 4), (6, 4), (6,), (3, 6))]
    x, weight1, bias1, weight2 = tensors(*arrays)
    sums = torch.relu(torch.nn.functional.linear(x, weight1, bias1)) * torch.tensor(factor)
    torch.nn.functional.linear(sums, weight2).backward(torch.tensor(dy))
    ours = hidden.one_by_one(arrays[0], factor, *arrays[1:], dy)
    for found, leaf in zip(ours, (weight1, bias1, weight2, x), strict=True):
        close(found, leaf.grad, rtol=1e-12, atol=1e-14)


def test_means_are_those_of_pytorchs_log_softmax():
    rng = np.random.default_rng(2)
    votes, shares = 4 * rng.normal(size=(7, 5)), rng.dirichlet(np.ones(7))
    logs = torch.log_softmax(torch.tensor(votes), dim=1)
    arithmetic, geometric = hidden.averaged(votes, shares)
    close(arithmetic, torch.tensor(shares) @ logs.exp(), rtol=1e-12)
    close(geometric, torch.softmax(torch.tensor(shares) @ logs, dim=0), rtol=1e-12)


def test_what_all_networks_say_is_their_arithmetic_mean():
    rng = np.random.default_rng(3)
    units, weight, bias = rng.normal(size=5), rng.normal(size=(3, 5)), rng.normal(size=3)
    mean, deviation, kurtosis = hidden.asked(units, weight, bias, 0.3)
    torch.manual_seed(0)
    kept = (torch.rand(200_000, 5, dtype=torch.float64) >= 0.3) * torch.tensor(units)
    says = torch.softmax(kept @ torch.tensor(weight).T + torch.tensor(bias), dim=1)
    assert (abs(says.mean(0).numpy() - mean) < 5 * deviation / math.sqrt(200_000)).all()
    close(says.std(0), deviation, rtol=0.02)
    close(((says - says.mean(0)) ** 4).mean(0) / says.var(0) ** 2, kurtosis, rtol=0.05)


def test_quadrature_is_the_formula_with_pytorchs_normal_distribution():
    rng = np.random.default_rng(4)
    x, weight, bias = rng.normal(size=(3, 4)), rng.normal(size=(2, 4)), rng.normal(size=2)
    mean = torch.tensor(0.7 * (x @ weight.T + bias))
    deviation = torch.tensor(0.21 * (x**2 @ weight.T**2 + bias**2)) ** 0.5
    normal = torch.distributions.Normal(torch.zeros((), dtype=torch.float64), 1)
    z = mean / deviation
    formula = mean * normal.cdf(z) + deviation * normal.log_prob(z).exp()
    close(hidden.by_quadrature(x, weight, bias, 0.3), formula, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.7])
def test_one_network_stands_for_all_of_them(p):
    rng = np.random.default_rng(5)
    shapes = ((4,), (3, 4), (3,), (2, 3), (2,))
    layers = [rng.normal(size=shape) for shape in shapes]
    close(hidden.unit_by_unit(*layers, p), hidden.all_together(*layers, p), rtol=1e-12)


# The judges: right draws pass with every seed, and what is nearly right does not


def own_answers():
    return variants.names_after("hw6")[0]


def test_right_draws_pass_with_many_seeds():
    names = own_answers()
    for seed, question in itertools.product(range(100, 110), (hidden.q1_cases, hidden.q6_cases)):
        for case in question(np.random.default_rng(seed)):
            assert check.difference(case, check.evaluate(case, names)) is None, (seed, case.says)


def test_dropout_of_pytorch_passes_the_judge():
    x = np.random.default_rng(6).uniform(0.5, 2, (60, 70))

    def draw(seed=None):
        if seed is not None:
            torch.manual_seed(seed)
        y = torch.nn.functional.dropout(torch.tensor(x), 0.3, training=True).numpy()
        return y, y / x

    judge = hidden.fair_coins(x, 0.3, inverted=True, maps=False)
    assert judge([draw(1), draw(1), draw(2), draw(3), draw(), x]) is None
    assert judge([draw(1), draw(1), draw(1), draw(3), draw(), x])
    assert judge([draw(1), draw(1), draw(2), draw(3), draw(), x + 1])


@pytest.mark.parametrize("odd", [None, 3.0, "text", [], [None] * 6, [(1.0, 2.0)] * 6, {"a": 1}])
def test_judges_take_odd_results_with_a_reason(odd):
    x = np.ones((6, 7))
    judges = [hidden.fair_coins(x, 0.5, True, False), hidden.in_any_order([0.5, 0.5]), hidden.halves]
    judges.append(hidden.estimated(10, np.full(2, 0.5), np.ones(2), np.full(2, 3.0)))
    for judge in judges:
        assert isinstance(judge(odd), str)


def test_estimate_with_a_twisted_error_is_refused():
    rng = np.random.default_rng(7)
    mean, deviation = np.array([0.3, 0.7]), np.array([0.2, 0.2])
    judge = hidden.estimated(2500, mean, deviation, np.full(2, 3.0))
    near, far = mean + 0.001, mean + 0.1 * rng.choice([-1, 1])
    right = deviation / 50
    assert judge([(near, right), (near, right), (near + 0.001, right)]) is None
    assert "error" in judge([(near, deviation)] * 3)
    assert "too far" in judge([(far, right)] * 3)
    assert "another seed" in judge([(near, right)] * 3)
