"""Losses: values and gradients by hand, against PyTorch, against differences, and what they refuse."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlib.gradcheck import numerical_gradient
from cnnlib.losses import CrossEntropyLoss, MSELoss, softmax

CLOSE = {"rtol": 1e-10, "atol": 1e-10}

# By hand


def test_softmax_of_logarithms_gives_the_shares_back():
    shares = np.array([[0.95, 0.03, 0.02], [0.25, 0.25, 0.5]])
    np.testing.assert_allclose(softmax(np.log(shares)), shares, **CLOSE)
    np.testing.assert_allclose(softmax(np.log(shares[0])), shares[0], **CLOSE)


def test_softmax_does_not_overflow():
    np.testing.assert_array_equal(softmax(np.array([[1000.0, 1000.0], [0.0, -1000.0]])), [[0.5, 0.5], [1, 0]])


def test_cross_entropy_is_minus_the_log_of_the_right_share():
    """Shares 1/4 and 3/4: the first example wants the first class, the second the second."""
    logits = np.log([[1.0, 3.0], [1.0, 3.0]])
    loss = CrossEntropyLoss()
    value = loss.forward(logits, [0, 1])
    assert type(value) is float
    np.testing.assert_allclose(value, -(np.log(1 / 4) + np.log(3 / 4)) / 2, **CLOSE)
    expected = np.array([[1 / 4 - 1, 3 / 4], [1 / 4, 3 / 4 - 1]]) / 2
    np.testing.assert_allclose(loss.backward(), expected, **CLOSE)


def test_cross_entropy_of_a_hopeless_example_is_large_but_finite():
    assert CrossEntropyLoss().forward(np.array([[1000.0, 0.0]]), [1]) == 1000.0


def test_mse_is_the_mean_of_all_squares():
    loss = MSELoss()
    value = loss.forward(np.array([[1.0, 5.0], [2.0, 0.0]]), np.array([[1.0, 2.0], [0.0, 1.0]]))
    assert type(value) is float
    assert value == (0**2 + 3**2 + 2**2 + 1**2) / 4
    np.testing.assert_array_equal(loss.backward(), [[0, 2 * 3 / 4], [2 * 2 / 4, -2 * 1 / 4]])


# Parity with PyTorch

cases = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(0, 99))


@settings(deadline=None, derandomize=True, max_examples=50)
@given(case=cases, scale=st.sampled_from([1, 100]))
def test_cross_entropy_and_its_gradient_are_pytorchs(case, scale):
    N, classes, seed = case
    rng = np.random.default_rng(seed)
    logits, labels = scale * rng.normal(size=(N, classes)), rng.integers(classes, size=N)
    tlogits = torch.tensor(logits, requires_grad=True)
    expected = F.cross_entropy(tlogits, torch.tensor(labels))
    expected.backward()
    loss = CrossEntropyLoss()
    np.testing.assert_allclose(loss.forward(logits, labels), expected.item(), **CLOSE)
    np.testing.assert_allclose(loss.backward(), tlogits.grad.numpy(), **CLOSE)
    np.testing.assert_allclose(softmax(logits), F.softmax(torch.tensor(logits), dim=1).numpy(), **CLOSE)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(case=cases)
def test_mse_and_its_gradient_are_pytorchs(case):
    N, values, seed = case
    rng = np.random.default_rng(seed)
    prediction, target = rng.normal(size=(2, N, values))
    tprediction = torch.tensor(prediction, requires_grad=True)
    expected = F.mse_loss(tprediction, torch.tensor(target))
    expected.backward()
    loss = MSELoss()
    np.testing.assert_allclose(loss.forward(prediction, target), expected.item(), **CLOSE)
    np.testing.assert_allclose(loss.backward(), tprediction.grad.numpy(), **CLOSE)


# Centred differences


@pytest.mark.parametrize(
    ("loss", "target"),
    [(CrossEntropyLoss(), np.array([0, 2, 1, 2])), (MSELoss(), np.ones((4, 3)))],
    ids=["CrossEntropyLoss", "MSELoss"],
)
def test_gradients_are_what_differences_measure(loss, target):
    x = np.random.default_rng(0).normal(size=(4, 3))
    measured = numerical_gradient(lambda x: loss.forward(x, target), x)
    loss.forward(x, target)
    np.testing.assert_allclose(loss.backward(), measured, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("loss", "target"), [(CrossEntropyLoss(), [0, 1]), (MSELoss(), np.ones((2, 2), "f4"))]
)
def test_float32_stays_float32_and_inputs_are_never_written_to(loss, target):
    x = np.eye(2, dtype=np.float32)
    x.setflags(write=False)
    assert type(loss.forward(x, target)) is float
    assert loss.backward().dtype == np.float32
    np.testing.assert_array_equal(loss.backward(), loss.backward())


# Messages


@pytest.mark.parametrize("loss", [CrossEntropyLoss(), MSELoss()], ids=["CrossEntropyLoss", "MSELoss"])
def test_backward_before_forward_is_refused(loss):
    with pytest.raises(RuntimeError, match=rf"{type(loss).__name__}.backward\(\) needs a call of forward"):
        loss.backward()


def test_logits_must_be_floating_point():
    for call in (softmax, lambda logits: CrossEntropyLoss().forward(logits, [0])):
        with pytest.raises(
            TypeError, match=r"logits must be float32 or float64: got int64; convert.*logits.ast"
        ):
            call(np.array([[1, 2]], dtype=np.int64))


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 3), (2, 0)])
def test_logits_must_be_rows_of_votes(shape):
    with pytest.raises(ValueError, match=r"logits must have shape \(N, classes\), neither of them 0: got \("):
        CrossEntropyLoss().forward(np.zeros(shape), [0, 0])


@pytest.mark.parametrize("label", [-1, 3, 10])
def test_labels_must_be_classes(label):
    message = f"labels must be from 0 to 2 for 3 classes: got {label}"
    with pytest.raises(ValueError, match=message):
        CrossEntropyLoss().forward(np.zeros((2, 3)), [0, label])


@pytest.mark.parametrize("labels", [[0.0, 1.0], [True, False], ["0", "1"]])
def test_labels_must_be_integers(labels):
    with pytest.raises(TypeError, match="labels must be integers: got"):
        CrossEntropyLoss().forward(np.zeros((2, 3)), labels)


@pytest.mark.parametrize("labels", [[0], [0, 1, 2], [[0, 1]], [[0], [1]], 0])
def test_labels_must_be_one_for_each_row(labels):
    with pytest.raises(
        ValueError, match=r"labels must have shape \(2,\), one for each row of logits: got \("
    ):
        CrossEntropyLoss().forward(np.zeros((2, 3)), labels)


def test_mse_does_not_broadcast():
    with pytest.raises(ValueError, match=r"must have the same shape: got \(3, 1\) and \(3,\)"):
        MSELoss().forward(np.zeros((3, 1)), np.zeros(3))


def test_mse_does_not_mix_precisions():
    with pytest.raises(TypeError, match="got prediction of float32, target of float64; convert with astype"):
        MSELoss().forward(np.zeros(3, np.float32), np.zeros(3))


def test_mse_refuses_integers_and_nothing():
    with pytest.raises(TypeError, match="prediction must be float32 or float64: got"):
        MSELoss().forward(np.zeros(3, int), np.zeros(3))
    with pytest.raises(TypeError, match=r"target must be float32 or float64: got .*target\.astype"):
        MSELoss().forward(np.zeros(3), np.zeros(3, int))
    with pytest.raises(ValueError, match=r"mean over an empty batch is undefined: got shape \(0, 3\)"):
        MSELoss().forward(np.zeros((0, 3)), np.zeros((0, 3)))
