"""All 2^M networks of a masked layer: against hand arithmetic, and against every network written out."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.ensemble import FAR, ensemble_probabilities, enumerate_masks, member_accuracies


def every_network(hidden, weight, bias):
    """Log-probabilities of each network for each example: (2**M, N, classes)."""
    masks = enumerate_masks(hidden.shape[1]).astype(float)
    logits = np.einsum("km,nm,cm->knc", masks, hidden, weight) + bias
    logits -= logits.max(axis=2, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))


def chances(M, keep):
    """Probability of each mask, unit by unit."""
    keep = np.broadcast_to(keep, (M,))
    return np.array(
        [
            np.prod([q if kept else 1 - q for q, kept in zip(keep, mask, strict=True)])
            for mask in enumerate_masks(M)
        ]
    )


def draw(N, M, classes, seed, size=1.0):
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((N, M)),
        size * rng.standard_normal((classes, M)),
        rng.standard_normal(classes),
        rng.random(M),
    )


def test_masks_count_in_binary():
    np.testing.assert_array_equal(
        enumerate_masks(3).astype(int),
        [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0], [1, 1, 1]],
    )


def test_of_no_units_there_is_one_mask():
    assert enumerate_masks(0).shape == (1, 0)


def test_the_worked_logistic_unit():
    """w = 1, -1, 1/2 sees 1, 2, 3; two classes with logits w h and 0 are one sigmoid."""
    hidden, weight = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, -1.0, 0.5], [0.0, 0.0, 0.0]])
    arithmetic, geometric, scaled = ensemble_probabilities(hidden, weight, np.zeros(2), 0.5)
    assert arithmetic[0, 0] == pytest.approx(0.5451149023, abs=1e-10)
    assert geometric[0, 0] == pytest.approx(0.5621765009, abs=1e-10)
    assert scaled[0, 0] == pytest.approx(1 / (1 + np.exp(-0.25)), abs=1e-15)


@given(
    N=st.integers(1, 3),
    M=st.integers(1, 7),
    classes=st.integers(1, 4),
    seed=st.integers(0, 999),
    size=st.sampled_from([0.1, 1.0, 30.0]),
    max_bytes=st.sampled_from([1, 300, 2**24]),
)
def test_means_are_those_of_all_networks_written_out(N, M, classes, seed, size, max_bytes):
    hidden, weight, bias, keep = draw(N, M, classes, seed, size)
    logs, shares = every_network(hidden, weight, bias), chances(M, keep)
    arithmetic = np.einsum("k,knc->nc", shares, np.exp(logs))
    geometric = np.exp(np.einsum("k,knc->nc", shares, logs))
    got = ensemble_probabilities(hidden, weight, bias, keep, max_bytes=max_bytes)
    np.testing.assert_allclose(got.arithmetic, arithmetic, rtol=1e-10, atol=1e-12)
    wanted = geometric / geometric.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(got.geometric, wanted, rtol=1e-9, atol=1e-12)


@given(seed=st.integers(0, 999), M=st.integers(1, 12))
def test_the_renormalised_geometric_mean_is_the_scaled_network(seed, M):
    got = ensemble_probabilities(*draw(2, M, 5, seed))
    np.testing.assert_allclose(got.geometric, got.scaled, rtol=0, atol=1e-13)


def test_the_arithmetic_mean_is_another_one():
    got = ensemble_probabilities(*draw(2, 6, 5, seed=0))
    assert np.abs(got.arithmetic - got.scaled).max() > 0.01


def test_all_three_add_up_to_one():
    for mean in ensemble_probabilities(*draw(4, 9, 6, seed=1)):
        np.testing.assert_allclose(mean.sum(axis=1), 1, rtol=1e-13)


@pytest.mark.parametrize("keep", [0.0, 1.0])
def test_without_chance_there_is_only_one_network(keep):
    hidden, weight, bias, _ = draw(3, 5, 4, seed=2)
    network = np.exp(keep * hidden @ weight.T + bias)
    network /= network.sum(axis=1, keepdims=True)
    for mean in ensemble_probabilities(hidden, weight, bias, keep):
        np.testing.assert_allclose(mean, network, rtol=1e-12)


def test_logits_too_far_apart_for_products_are_written_out():
    hidden, weight, bias, keep = draw(2, 6, 3, seed=3, size=2 * FAR)
    logs, shares = every_network(hidden, weight, bias), chances(6, keep)
    got = ensemble_probabilities(hidden, weight, bias, keep, max_bytes=1000)
    np.testing.assert_allclose(
        got.arithmetic, np.einsum("k,knc->nc", shares, np.exp(logs)), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(got.geometric, got.scaled, atol=1e-12)


def test_accuracies_are_those_of_all_networks_in_the_order_of_the_masks():
    hidden, weight, bias, _ = draw(20, 5, 3, seed=4)
    labels = np.random.default_rng(5).integers(3, size=20)
    wanted = (every_network(hidden, weight, bias).argmax(axis=2) == labels).mean(axis=1)
    assert len(set(wanted)) > 5
    for max_bytes in (1, 2**24):
        got = member_accuracies(hidden, labels, weight, bias, max_bytes=max_bytes)
        np.testing.assert_array_equal(got, wanted)


def test_memory_is_bounded():
    arrays = draw(1, 18, 10, seed=6)
    ensemble_probabilities(*arrays)  # imports what it needs
    for max_bytes in (2**20, 2**23):
        tracemalloc.start()
        ensemble_probabilities(*arrays, max_bytes=max_bytes)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1.6 * max_bytes + 2**19  # all pairs at once would take 6 MiB and more
    assert 2**18 * 8 * 3 > 1.6 * 2**20 + 2**19


def test_float32_is_computed_in_float64():
    hidden, weight, bias, keep = draw(2, 8, 4, seed=7)
    single = [array.astype(np.float32) for array in (hidden, weight, bias)]
    double = [array.astype(np.float64) for array in single]
    for got, wanted in zip(
        ensemble_probabilities(*single, keep), ensemble_probabilities(*double, keep), strict=True
    ):
        assert got.dtype == np.float64
        np.testing.assert_array_equal(got, wanted)


def test_progress_sees_every_example():
    seen = []

    def bar(numbers):
        for number in numbers:
            seen.append(number)
            yield number

    hidden, weight, bias, keep = draw(3, 4, 2, seed=8)
    ensemble_probabilities(hidden, weight, bias, keep, progress=bar)
    member_accuracies(hidden, [0, 1, 0], weight, bias, progress=bar)
    assert seen == [0, 1, 2, 0, 1, 2]


def test_too_many_units_are_refused_with_the_cost():
    hidden, weight, bias, _ = draw(10, 40, 2, seed=9)
    with pytest.raises(ValueError, match=r"10 examples times 2\*\*40 networks are 1.1e\+13 answers"):
        ensemble_probabilities(hidden, weight, bias)
    with pytest.raises(ValueError, match=r"more than max_pairs=1e\+03 allows"):
        member_accuracies(hidden[:, :8], np.zeros(10, int), weight[:, :8], bias, max_pairs=1000)
    with pytest.raises(ValueError, match="at most 24 units: got 30, whose"):
        enumerate_masks(30)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": np.zeros((2, 4))}, r"hidden must be \(N, M\).*got \(2, 4\) and \(2, 3\)"),
        ({"hidden": np.zeros(3)}, r"hidden must be \(N, M\)"),
        ({"weight": np.zeros((0, 3))}, r"at least 1: got \(2, 3\) and \(0, 3\)"),
        ({"bias": np.zeros(3)}, r"bias must have shape \(2,\).*got \(3,\)"),
        ({"hidden": np.full((2, 3), np.nan)}, "hidden must be finite: got nan"),
        ({"weight": np.full((2, 3), np.inf)}, "weight must be finite: got inf"),
        ({"keep": 1.5}, "keep must be one probability, or 3, from 0 to 1: got 1.5"),
        ({"keep": -0.1}, "keep must be one probability"),
        ({"keep": [0.5, 0.5]}, "keep must be one probability, or 3"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    good = {"hidden": np.zeros((2, 3)), "weight": np.zeros((2, 3)), "bias": np.zeros(2), "keep": 0.5}
    with pytest.raises(ValueError, match=message):
        ensemble_probabilities(**(good | change))


@pytest.mark.parametrize("labels", [[0], [0.0, 1.0], [[0, 1]]])
def test_labels_must_be_one_for_each_example(labels):
    with pytest.raises(ValueError, match="labels must be integers, one for each of 2 examples"):
        member_accuracies(np.zeros((2, 3)), labels, np.zeros((2, 3)), np.zeros(2))


def test_integers_and_mixed_types_are_refused():
    with pytest.raises(TypeError, match="hidden must be float32 or float64: got int64"):
        ensemble_probabilities(np.zeros((1, 2), np.int64), np.zeros((2, 2)), np.zeros(2))
    with pytest.raises(TypeError, match="arrays must be of one type"):
        ensemble_probabilities(np.zeros((1, 2), np.float32), np.zeros((2, 2)), np.zeros(2))
