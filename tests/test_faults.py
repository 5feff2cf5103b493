"""Each fault spoils what it says and nothing else, and the seeds decide where and how badly."""

import numpy as np
import pytest

from cnnlib import faults
from cnnlib.diagnosis import FAMILIES, diagnose
from cnnlib.layers import Softmax

PROBES = range(16)  # seeds, to see all that a fault may do


def spoiled(name, seed=0):
    """A healthy run, the same one spoiled, and the generator that did it."""
    well, ill = (faults.healthy(np.random.default_rng(seed)) for _ in range(2))
    spoil, _ = faults.FAULTS[name]
    spoil(ill, np.random.default_rng(seed + 1000))
    return well, ill


def gradients(run, count=64):
    x, labels = run.data
    run.model.eval()  # without dropout
    run.loss.forward(run.model.forward(x[:count]), labels[:count])
    run.model.backward(run.loss.backward(), need_dx=False)
    return [run.model[place].dweight for place in faults.LEARNING]


def weights(run):
    return [run.model[place].weight for place in faults.LEARNING]


def test_there_are_at_least_fourteen_faults_and_each_names_a_family():
    assert len(faults.FAULTS) - 1 >= 14
    assert {family for _, family in faults.FAULTS.values()} == set(FAMILIES)


def test_the_healthy_run_has_no_overlap_and_is_centred():
    run = faults.healthy(np.random.default_rng(0))
    x, _ = run.data
    assert (len(x), len(run.validation[0])) == (900, 400)
    assert abs(x.mean()) < 1e-12
    assert x.std() == pytest.approx(1)
    known = {example.tobytes() for example in x}
    assert not any(example.tobytes() in known for example in run.validation[0])


def test_nothing_wrong_changes_nothing():
    well, ill = spoiled("nothing wrong")
    for ours, theirs in zip(gradients(well), gradients(ill), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("tiny weights", 10**-2.5, 10**-1.5), ("huge weights", 5, 20)]
)
def test_the_start_is_scaled(name, low, high):
    for seed in PROBES:
        for before, after in zip(*map(weights, spoiled(name, seed)), strict=True):
            factor = after / before
            assert factor.min() == pytest.approx(factor.max())
            assert low <= factor.mean() <= high


def test_a_forgotten_relu_lets_negative_numbers_through_and_back():
    seen = set()
    for seed in PROBES:
        _, ill = spoiled("forgotten ReLU", seed)
        passing = []
        for place in (faults.FIRST_RELU, faults.SECOND_RELU):
            layer = ill.model[place]
            assert repr(layer) == "ReLU()"  # it does not give itself away
            layer.forward(np.array([-2.0, 3.0]))
            through = layer.forward(np.array([-2.0, 3.0]))[0] == -2
            assert (layer.backward(np.ones(2))[0] == 1) == through
            passing.append(bool(through))
        seen.add(tuple(passing))
    assert seen == {(True, False), (False, True), (True, True)}


def test_dead_relus_hardly_ever_fire():
    for seed in range(5):
        _, ill = spoiled("dead ReLUs", seed)
        model = ill.model.eval()
        shares = [np.mean(model[: place + 1].forward(ill.data[0]) > 0) for place in (2, 5)]
        assert min(shares) < 0.1


def test_too_small_has_one_to_three_units():
    sizes = {len(weight) for seed in PROBES for weight in weights(spoiled("too small", seed)[1])[:2]}
    assert sizes == {1, 2, 3}


def test_double_softmax_hands_shares_to_the_loss():
    _, ill = spoiled("double softmax")
    votes = ill.model.eval().forward(ill.data[0][:5])
    np.testing.assert_allclose(votes.sum(axis=1), 1)
    assert isinstance(ill.model[-1], Softmax)


def test_the_loss_and_its_gradient_are_scaled_alike():
    factors = set()
    for seed in PROBES:
        well, ill = spoiled("wrong scale", seed)
        votes, labels = np.random.default_rng(0).normal(size=(4, 10)), np.arange(4)
        factor = ill.loss.forward(votes, labels) / well.loss.forward(votes, labels)
        for before, after in zip(gradients(well), gradients(ill), strict=True):
            np.testing.assert_allclose(after, factor * before)
        factors.add(round(factor, 6))
    assert factors == {32, 0.01}


@pytest.mark.parametrize(("name", "low", "high"), [("high rate", 1, 32), ("low rate", 1e-4, 0.1 / 30)])
def test_the_rate_is_wrong(name, low, high):
    rates = [spoiled(name, seed)[1].optimizer.lr for seed in PROBES]
    assert low <= min(rates) < max(rates) <= high


def test_one_layer_is_frozen_and_only_that():
    frozen = set()
    for seed in PROBES:
        _, ill = spoiled("frozen layer", seed)
        gradients(ill)
        handed = {id(array) for array in ill.model.parameters()}
        kept = [place for place in faults.LEARNING if id(ill.model[place].weight) not in handed]
        assert [p.shape for p in ill.model.parameters()] == [g.shape for g in ill.model.gradients()]
        assert len(kept) == 1
        frozen.update(kept)
    assert frozen == set(faults.LEARNING)


def test_never_zeroed_gradients_add_up():
    well, ill = spoiled("never zeroed")
    expected = gradients(well)
    for times in (1, 2, 3):
        for ours, theirs in zip(gradients(ill), expected, strict=True):
            np.testing.assert_allclose(ours, times * theirs)


def test_one_gradient_has_the_wrong_sign():
    turned = set()
    for seed in PROBES:
        well, ill = spoiled("wrong sign", seed)
        signs = []
        for ours, theirs in zip(gradients(ill), gradients(well), strict=True):
            signs.append(1 if np.array_equal(ours, theirs) else -1)
            np.testing.assert_array_equal(ours, signs[-1] * theirs)
        assert sorted(signs) == [-1, 1, 1]
        turned.add(signs.index(-1))
    assert turned == {0, 1, 2}


def test_shuffled_labels_are_the_same_labels_elsewhere():
    for seed in PROBES:
        well, ill = spoiled("shuffled labels", seed)
        np.testing.assert_array_equal(np.sort(ill.data[1]), np.sort(well.data[1]))
        np.testing.assert_array_equal(ill.data[0], well.data[0])
        np.testing.assert_array_equal(ill.validation[1], well.validation[1])
        assert 0.45 < np.mean(ill.data[1] != well.data[1]) < 0.95  # a tenth of what is dealt out falls back


def test_raw_input_has_another_scale_in_both_parts():
    for seed in PROBES:
        well, ill = spoiled("raw input", seed)
        assert 10 <= ill.data[0].std() <= 100
        factor = ill.data[0].std()
        np.testing.assert_allclose(ill.validation[0], factor * (well.validation[0] + 1))


def test_sorted_order_keeps_pairs_together():
    well, ill = spoiled("sorted order")
    assert not ill.shuffle
    assert (np.diff(ill.data[1]) >= 0).all()
    pairs = [{(x.tobytes(), int(y)) for x, y in zip(*run.data, strict=True)} for run in (well, ill)]
    assert pairs[0] == pairs[1]


def test_leak_adds_test_examples_with_their_labels():
    for seed in range(5):
        well, ill = spoiled("leak", seed)
        extra = len(ill.data[0]) - 900
        assert 0.3 * 400 <= extra < 400
        np.testing.assert_array_equal(ill.data[0][900:], well.validation[0][:extra])
        np.testing.assert_array_equal(ill.data[1][900:], well.validation[1][:extra])


def test_never_eval_goes_on_dropping():
    well, ill = spoiled("never eval")
    x = ill.data[0][:50]
    for run, same in [(well, True), (ill, False)]:
        run.model.eval()
        assert np.array_equal(run.model.forward(x), run.model.forward(x)) == same


def test_too_little_data_is_the_beginning_of_enough():
    for seed in PROBES:
        well, ill = spoiled("too little data", seed)
        count = len(ill.data[0])
        assert 30 <= count <= 80
        np.testing.assert_array_equal(ill.data[0], well.data[0][:count])


def test_a_seed_makes_the_same_run_again_and_another_seed_another():
    first, again, other = (faults.train_with("high rate", seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.batch_loss, again.batch_loss)
    assert not np.array_equal(first.batch_loss, other.batch_loss)


def test_an_unknown_fault_is_refused_with_the_list():
    with pytest.raises(ValueError, match="fault must be one of nothing wrong, tiny weights"):
        faults.train_with("gremlins", 0)


def test_most_faults_are_named_on_a_seed_that_the_rules_were_made_on():
    """The chapter reports the other seeds."""
    said = {name: diagnose(faults.train_with(name, 100)).family for name in faults.FAULTS}
    wrong = [name for name, (_, family) in faults.FAULTS.items() if said[name] != family]
    assert len(wrong) <= 2, wrong
