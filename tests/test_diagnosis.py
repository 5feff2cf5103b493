"""diagnose: each suspect with its evidence and its alibi, in the order of the lecture's flow."""

import dataclasses

import numpy as np
import pytest

from cnnlib.diagnosis import FAMILIES, diagnose
from cnnlib.history import History


def record(**change):
    """A run of two epochs in which all is well: 10 classes, two layers that learn."""
    well = {
        "layers": ["0 Linear", "2 Linear"],
        "outputs": ["0 Linear", "1 ReLU", "2 Linear"],
        "train_loss": np.array([2.4, 0.5, 0.05]),
        "train_accuracy": np.array([0.1, 0.9, 0.99]),
        "val_loss": np.array([2.4, 0.6, 0.2]),
        "val_accuracy": np.array([0.1, 0.88, 0.96]),
        "batch_loss": np.array([2.4, 1.0, 0.4, 0.1]),
        "gradient": np.full((2, 2), 0.01),
        "update_ratio": np.full((2, 2), 0.01),
        "slope": np.ones((2, 2)),
        "activation_mean": np.tile([0.0, 0.5, 0.05], (3, 1)),
        "activation_std": np.ones((3, 3)),
        "spread": np.ones((3, 3)),
        "zeros": np.tile([0.0, 0.5, 0.0], (3, 1)),
        "dead": np.zeros((3, 3)),
        "batch_classes": np.full(2, 9.6),
        "classes": 10,
        "batch_size": 32,
        "input_mean": 0.0,
        "input_std": 1.0,
        "overlap": 0.0,
        "steady": 1.0,
    }
    return History(**well | change)


def curves(train, val, loss=(2.4, 1.0, 0.5), val_loss=(2.4, 1.2, 0.9)):
    """The four curves with these final accuracies."""
    return {
        "train_accuracy": np.array([0.1, train / 2, train]),
        "val_accuracy": np.array([0.1, val / 2, val]),
        "train_loss": np.array(loss),
        "val_loss": np.array(val_loss),
    }


def changed(array, index, value):
    array = np.array(array, dtype=float)
    array[index] = value
    return array


ONES, TENTHS = np.ones((3, 3)), np.tile([0.0, 0.5, 0.05], (3, 1))
BAD = curves(0.2, 0.2, loss=(2.4, 2.2, 2.1))

CASES = [
    ("healthy", {}, "Both are good"),
    ("leak", {"overlap": 0.25}, "25 % of the test examples are training examples"),
    ("mode", {"steady": 0.9}, "agrees with itself on 90 % only"),
    ("input", {"input_mean": 120.0, "input_std": 80.0}, "typical size of 1.4e"),
    ("input", {"input_std": 0.001}, "typical size of 0.001"),
    ("order", {"batch_classes": np.full(2, 1.2)}, "holds 1.2 classes; mixed, it would be 9.7"),
    ("loss", {"activation_mean": changed(TENTHS, np.s_[:, 2], 0.1)}, "mean 1/10 exactly"),
    ("loss", {"train_loss": np.array([73.7, 20.0, 1.0])}, r"starts at 73.7, where ln 10 = 2.3 is due"),
    ("loss", {"train_loss": np.array([0.023, 0.01, 0.001])}, "starts at 0.023"),
    ("start", {"spread": changed(ONES, (0, 2), 40.0)}, "votes differ by 40"),
    ("start", {"spread": changed(ONES, 0, [0.05, 0.05, 0.005])}, "no layer passes on more than 10 %"),
    (
        "gradient",
        {"slope": np.array([[1.0, -1.0], [1.0, 1.0]])},
        "gradient of 2 Linear the loss rises -1 times",
    ),
    ("gradient", {"slope": np.array([[1.0, 1.0], [0.01, 0.02]])}, "gradient of 0 Linear"),
    (
        "frozen",
        {"update_ratio": np.array([[0.0, 0.01], [0.0, 0.01]])},
        "0 Linear has a gradient and never moves",
    ),
    ("activation", {"zeros": np.zeros((3, 3))}, "1 ReLU never returns a zero"),
    ("activation", {"dead": changed(np.zeros((3, 3)), (0, 1), 0.8)}, "At the start 80 % of 1 ReLU"),
    ("high rate", BAD | {"update_ratio": np.full((2, 2), 0.2)}, "step changes the weights by 20 %"),
    ("high rate", BAD | {"stopped": "not finite"}, "not finite"),
    ("low rate", BAD | {"update_ratio": np.full((2, 2), 1e-5)}, "by 1.0e-05 of their length"),
    ("labels", curves(0.4, 0.7), "Better on the test data"),
    ("labels", curves(0.4, 0.1), "does not carry over at all"),
    ("labels", curves(0.99, 0.11), "does not carry over at all"),
    ("activation", BAD | {"dead": changed(np.zeros((3, 3)), (2, 1), 0.9)}, "At the end 90 % of 1 ReLU"),
    ("capacity", curves(0.5, 0.45), "does not even know the training data"),
    ("overfitting", curves(0.99, 0.7), "knows the training data"),
]


@pytest.mark.parametrize(("family", "change", "evidence"), CASES)
def test_each_suspect_is_named_with_its_evidence(family, change, evidence):
    found = diagnose(record(**change))
    assert found.family == family
    assert evidence in found.evidence


def test_every_family_has_a_case_and_a_remedy():
    assert {family for family, _, _ in CASES} == set(FAMILIES)
    assert all(FAMILIES.values())


def test_training_is_asked_before_testing():
    """A network that is bad at both is not said to overfit, however wide the gap."""
    found = diagnose(record(**curves(0.8, 0.4)))
    assert found.family == "capacity"
    assert found.steps == ("Good on the training data? No: 80 %.",)
    found = diagnose(record(**curves(0.99, 0.6)))
    assert found.steps == (
        "Good on the training data? Yes: 99 %.",
        "Good on the test data? No: 60 %, 39 points less.",
    )


def test_whether_the_numbers_can_be_believed_is_asked_first():
    everything = BAD | {"overlap": 0.5, "steady": 0.5, "input_std": 100.0, "slope": -np.ones((2, 2))}
    assert diagnose(record(**everything)).family == "leak"
    assert diagnose(record(**everything | {"overlap": 0.0})).family == "mode"
    assert diagnose(record(**everything | {"overlap": 0.0, "steady": 1.0})).family == "input"


def test_a_rate_is_no_suspect_while_training_is_good():
    assert diagnose(record(update_ratio=np.full((2, 2), 0.2))).family == "healthy"
    assert diagnose(record(update_ratio=np.full((2, 2), 1e-5))).family == "healthy"


def test_certain_evidence_comes_before_likelihood():
    """A turned gradient makes steps of any size; the rate is not to blame."""
    turned = {"slope": -np.ones((2, 2)), "update_ratio": np.full((2, 2), 0.2)}
    assert diagnose(record(**BAD | turned)).family == "gradient"
    assert diagnose(record(**BAD | turned | {"slope": np.ones((2, 2))})).family == "high rate"


def test_what_is_good_is_for_the_reader_to_say():
    history = record(**curves(0.9, 0.8))
    assert diagnose(history).family == "capacity"
    assert diagnose(history, good=0.85, gap=0.15).family == "healthy"
    assert diagnose(history, good=0.85, gap=0.05).family == "overfitting"


@pytest.mark.parametrize(
    ("family", "change"),
    [
        ("healthy", {}),
        ("overfitting", curves(0.99, 0.7)),
        ("labels", curves(0.4, 0.7)),
        ("loss", {"train_loss": np.array([2.303 * 32, 20.0, 1.0])}),
        ("loss", {"train_loss": np.array([0.023, 0.01, 0.001])}),
        ("high rate", curves(0.1, 0.1, loss=(2.4, 9.0, 5.0))),
        ("high rate", BAD | {"batch_loss": np.array([2.4, 50.0, 2.2])}),
        ("low rate", curves(0.2, 0.2, loss=(2.4, 2.35, 2.31))),
        ("capacity", curves(0.6, 0.6, loss=(2.4, 1.2, 1.1))),
    ],
)
def test_curves_alone_find_what_curves_can_show(family, change):
    assert diagnose(record(**change).curves()).family == family


def test_curves_alone_are_blind_to_the_rest():
    """A frozen layer, a leak, a turned gradient: their evidence is in the statistics."""
    for change in ({"overlap": 0.5}, {"zeros": np.zeros((3, 3))}, {"slope": -np.ones((2, 2))}):
        assert diagnose(record(**change)).family != "healthy"
        assert diagnose(record(**change).curves()).family == "healthy"


def test_curves_keeps_no_statistic():
    kept = record().curves()
    for field in dataclasses.fields(History):
        value = getattr(kept, field.name)
        if field.name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "batch_loss"):
            assert len(value)
        elif isinstance(value, np.ndarray | list):
            assert len(value) == 0
    assert np.isnan([kept.overlap, kept.steady, kept.input_mean, kept.input_std]).all()


def test_what_breaks_off_in_the_first_epoch_is_diagnosed_too():
    early = {name: getattr(record(), name)[:1] for name in ("train_loss", "train_accuracy", "val_loss")}
    history = History(**early, val_accuracy=np.array([0.1]), stopped="not finite", classes=10, batch_size=32)
    assert diagnose(history).family == "high rate"


def test_slopes_that_could_not_be_measured_are_no_evidence():
    assert diagnose(record(slope=np.full((2, 2), np.nan))).family == "healthy"


def test_printed_it_tells_the_way_it_took():
    assert str(diagnose(record(**curves(0.5, 0.45)))).split("\n") == [
        "Good on the training data? No: 50 %.",
        "Suspect: capacity. It does not even know the training data, and no other suspect is left.",
        "Try: Change the network: more units, more layers; or train longer.",
    ]


def test_without_a_validation_set_there_is_no_diagnosis():
    with pytest.raises(ValueError, match=r"fit with validation=\(x, labels\)"):
        diagnose(record(val_accuracy=np.zeros(0)))
