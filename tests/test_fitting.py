"""fit: the loop against PyTorch, what it records, when it stops, and where it says that a number broke."""

import copy

import numpy as np
import pytest
import torch

from cnnlib.layers import BatchNorm2d, Conv2d, Flatten, Linear, ReLU
from cnnlib.layers.base import Layer
from cnnlib.losses import CrossEntropyLoss, MSELoss
from cnnlib.monitoring import evaluate, look_at_outputs, overlap, slopes, steady, update_ratio
from cnnlib.network import History, NotFinite, Sequential, fit


class Descent:
    """Plain gradient descent."""

    def __init__(self, lr=0.1):
        self.lr, self.steps = lr, 0

    def step(self, params, grads):
        self.steps += 1
        for parameter, gradient in zip(params, grads, strict=True):
            parameter -= self.lr * gradient


class Spy(Layer):
    """Passes everything on and remembers what it saw in training."""

    def __init__(self):
        self.seen = []

    def forward(self, x):
        if self.training:
            self.seen.append(x.copy())
        return self._pass(x)

    def backward(self, dy):
        return dy


def problem(count=50, features=4, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, features))
    return x, (x @ rng.normal(size=(features, classes))).argmax(axis=1)


def network(seed=0, features=4, classes=3, hidden=5):
    rng = np.random.default_rng(seed)
    return Sequential(Linear(features, hidden, rng=rng), ReLU(), Linear(hidden, classes, rng=rng))


def picture_network(seed=0):
    rng = np.random.default_rng(seed)
    layers = Conv2d(1, 3, 3, rng=rng), BatchNorm2d(3), ReLU(), Flatten(), Linear(12, 3, rng=rng)
    return Sequential(*layers)


def pictures(count=40, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 1, 4, 4)), rng.integers(0, 3, count)


# By hand


def test_one_step_of_one_weight():
    """x = 2, both votes 0: shares 1/2; dweight = (1/2, -1/2) * 2; the weights become -+ lr * 1."""
    model = Sequential(Linear(1, 2, bias=False))
    model[0].weight[:] = 0
    history = fit(model, (np.array([[2.0]]), [1]), Descent(0.25), epochs=1)
    np.testing.assert_allclose(model[0].weight.ravel(), [-0.25, 0.25])
    np.testing.assert_allclose(history.batch_loss, [np.log(2)])
    np.testing.assert_allclose(history.gradient, [[1.0]])  # the root mean square of (1, -1)
    votes = np.array([-0.5, 0.5])
    after = np.log(1 + np.exp(votes[0] - votes[1]))
    np.testing.assert_allclose(history.train_loss, [np.log(2), after])
    assert history.train_accuracy.tolist() == [0, 1]  # of equal votes the first wins, which is wrong


def test_update_ratio_is_the_step_over_the_weight():
    before = np.array([[3.0, 4.0]])
    assert update_ratio(before, np.array([[3.0, 4.01]])) == pytest.approx(0.01 / np.hypot(3, 4.01))
    assert update_ratio(np.zeros(2), np.zeros(2)) == 0
    assert update_ratio(np.zeros(2), np.ones(2)) == 1  # from nothing to something


def test_outputs_are_looked_at_layer_by_layer():
    model = Sequential(Linear(2, 3, bias=False), ReLU())
    model[0].weight = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    x = np.array(
        [[1.0, 2.0], [3.0, -2.0]]
    )  # outputs (1, 2, -3) and (3, -2, -1); rectified (1, 2, 0), (3, 0, 0)
    mean, std, spread, zeros, dead = look_at_outputs(model, x)
    np.testing.assert_allclose(mean, [0, 1])
    np.testing.assert_allclose(std, [np.sqrt((1 + 4 + 9 + 9 + 4 + 1) / 6), np.sqrt((1 + 4 + 9) / 6 - 1)])
    np.testing.assert_allclose(
        spread, [np.sqrt((1 + 4 + 1) / 3), np.sqrt((1 + 1 + 0) / 3)]
    )  # half the differences
    np.testing.assert_allclose(zeros, [0, 3 / 6])
    np.testing.assert_allclose(dead, [0, 1 / 3])  # only the third unit is zero for both


def test_a_map_is_dead_only_if_every_place_is():
    class Chosen(Layer):
        def forward(self, x):
            y = np.zeros((2, 3, 2, 2))
            y[0, 0, 1, 1] = 1  # channel 0 lives in one place; 1 is zero, 2 is the same for both examples
            y[:, 2, 0, 0] = 5
            return y

        def backward(self, dy):
            return dy

    *_, dead = look_at_outputs(Sequential(Chosen()), np.zeros((2, 1)))
    np.testing.assert_allclose(dead, [2 / 3])


def test_overlap_counts_validation_examples_that_are_learned_from():
    x = np.arange(12.0).reshape(6, 2)
    assert overlap(x[:4], x[3:]) == 1 / 4
    assert overlap(x[:2], x[2:]) == 0


def test_a_right_gradient_has_slope_one_and_a_turned_one_minus_one():
    class Turned(Linear):
        def backward(self, dy, need_dx=True):
            dx = super().backward(dy, need_dx)
            self.dweight = -self.dweight
            return dx

    x, labels = problem()
    model = network()
    np.testing.assert_allclose(slopes(model, CrossEntropyLoss(), x, labels), [1, 1], rtol=1e-4)
    wrong = Sequential(Turned(4, 5), ReLU(), Linear(5, 3))
    np.testing.assert_allclose(slopes(wrong, CrossEntropyLoss(), x, labels), [-1, 1], rtol=1e-4)


def test_slopes_work_in_float32_and_leave_the_weights_bit_by_bit():
    x, labels = problem()
    model = network().astype(np.float32)
    before = [weight.copy() for weight in model.parameters()]
    np.testing.assert_allclose(slopes(model, CrossEntropyLoss(), x.astype(np.float32), labels), 1, atol=0.05)
    for weight, kept in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)


def test_no_gradient_no_slope():
    model = network()
    model[2].weight[:] = 0  # nothing comes back to the first layer
    first, last = slopes(model, CrossEntropyLoss(), *problem())
    assert np.isnan(first)
    assert last == pytest.approx(1, rel=1e-4)


def test_steady_sees_that_neighbours_count():
    x, _ = pictures()
    model = picture_network()
    assert steady(model.eval(), x) == 1

    class Company(Layer):
        def forward(self, x):  # the answer depends on how many are asked
            return np.eye(3)[np.full(len(x), len(x) % 3)]

    assert steady(Company(), x) == 26 / 40  # groups of 14, 13, 13: 14 leaves 2, and 13 leaves 1 as 40 does


# Parity with PyTorch


@pytest.mark.parametrize("batch_size", [7, 50, 64])
def test_fit_is_the_loop_that_everybody_writes_in_pytorch(batch_size):
    x, labels = problem()
    model = network()
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3)).double()
    with torch.no_grad():
        for parameter, ours in zip(theirs.parameters(), model.parameters(), strict=True):
            parameter.copy_(torch.from_numpy(ours))
    rng, optimizer = np.random.default_rng(3), torch.optim.SGD(theirs.parameters(), lr=0.2)
    losses, after = [], []
    for _ in range(4):
        for batch in np.array_split(rng.permutation(50), -(-50 // batch_size)):
            optimizer.zero_grad()
            votes = theirs(torch.from_numpy(x[batch]))
            loss = torch.nn.functional.cross_entropy(votes, torch.from_numpy(labels[batch]))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        with torch.no_grad():
            votes = theirs(torch.from_numpy(x))
        after.append(torch.nn.functional.cross_entropy(votes, torch.from_numpy(labels)).item())
    history = fit(
        model, (x, labels), Descent(0.2), epochs=4, batch_size=batch_size, rng=np.random.default_rng(3)
    )
    np.testing.assert_allclose(history.batch_loss, losses, rtol=1e-10)
    np.testing.assert_allclose(history.train_loss[1:], after, rtol=1e-10)
    for parameter, ours in zip(theirs.parameters(), model.parameters(), strict=True):
        np.testing.assert_allclose(ours, parameter.detach().numpy(), rtol=1e-10)


# What the loop does


def test_every_example_comes_once_an_epoch_and_in_another_order():
    x, labels = problem()
    spy = Spy()
    fit(Sequential(spy, network()), (x, labels), Descent(), epochs=2, batch_size=16)
    assert [len(batch) for batch in spy.seen] == [13, 13, 12, 12] * 2
    first, second = np.concatenate(spy.seen[:4]), np.concatenate(spy.seen[4:])
    assert not np.array_equal(first, second)
    for epoch in (first, second):
        np.testing.assert_array_equal(np.sort(epoch, axis=0), np.sort(x, axis=0))


def test_without_shuffling_the_order_is_that_of_the_data():
    x, labels = problem()
    spy = Spy()
    history = fit(Sequential(spy, network()), (x, np.sort(labels)), Descent(), epochs=1, shuffle=False)
    np.testing.assert_array_equal(np.concatenate(spy.seen), x)
    assert history.batch_classes.tolist() == [3]
    sorted_labels = np.repeat([0, 1, 2], 20)
    history = fit(
        network(), (problem(60)[0], sorted_labels), Descent(), epochs=1, batch_size=20, shuffle=False
    )
    assert history.batch_classes.tolist() == [1]  # each batch holds one class only


def test_looking_changes_nothing():
    """Not the weights, not the running estimates of batch normalisation, not the order."""
    models = [picture_network() for _ in range(2)]
    for model, statistics in zip(models, (True, False), strict=True):
        fit(
            model,
            pictures(),
            Descent(),
            epochs=3,
            validation=pictures(10, seed=1) if statistics else None,
            statistics=statistics,
            rng=np.random.default_rng(5),
        )
    for ours, theirs in zip(*[model.parameters() for model in models], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(models[0][1].running_mean, models[1][1].running_mean)


def test_without_statistics_only_the_curves_are_there():
    history = fit(network(), problem(), Descent(), epochs=2, statistics=False)
    assert len(history.train_loss) == 3
    assert history.gradient.size == history.update_ratio.size == history.slope.size == history.dead.size == 0
    assert history.batch_classes.tolist() == [3, 3]


def test_shapes_are_those_of_the_docstring():
    history = fit(network(), problem(), Descent(), epochs=3, batch_size=20, validation=problem(9, seed=1))
    assert history.layers == ["0 Linear", "2 Linear"]
    assert history.outputs == ["0 Linear", "1 ReLU", "2 Linear"]
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
        assert getattr(history, name).shape == (4,)
    for name in ("activation_mean", "activation_std", "spread", "zeros", "dead"):
        assert getattr(history, name).shape == (4, 3)
    assert history.batch_loss.shape == (3 * 3,)
    assert history.gradient.shape == history.update_ratio.shape == (3, 2)
    assert history.slope.shape == (2, 2)
    assert (history.classes, history.batch_size, history.epochs, history.stopped) == (3, 20, 3, "finished")
    assert history.overlap == 0
    assert history.steady == 1


def test_curves_are_of_the_mode_eval_and_the_network_is_left_in_train():
    data, validation = pictures(), pictures(10, seed=1)
    model = picture_network()
    history = fit(model, data, Descent(), epochs=2, validation=validation)
    assert all(layer.training for layer in model)
    model.eval()
    for losses, shares, (x, labels) in [
        (history.train_loss, history.train_accuracy, data),
        (history.val_loss, history.val_accuracy, validation),
    ]:
        votes = model.forward(x)
        assert losses[-1] == pytest.approx(CrossEntropyLoss().forward(votes, labels))
        assert shares[-1] == np.mean(votes.argmax(axis=1) == labels)


def test_evaluate_weighs_a_small_last_part_by_its_size(monkeypatch):
    monkeypatch.setattr("cnnlib.monitoring.CHUNK", 32)
    x, labels = problem()
    model = network()
    loss, share = evaluate(model, CrossEntropyLoss(), x, labels)
    assert loss == pytest.approx(CrossEntropyLoss().forward(model.forward(x), labels))
    assert share == np.mean(model.forward(x).argmax(axis=1) == labels)


def test_frozen_layer_has_update_ratio_zero():
    class Frozen(Sequential):
        def parameters(self):
            return super().parameters()[2:]

        def gradients(self):
            return super().gradients()[2:]

    history = fit(Frozen(*network()), problem(), Descent(), epochs=2)
    assert history.layers == ["0 Linear", "2 Linear"]
    assert (history.update_ratio[:, 0] == 0).all()
    assert (history.update_ratio[:, 1] > 0).all()


def test_another_loss_is_used_if_given():
    x, labels = problem()
    shares = np.eye(3)

    class Squares(MSELoss):
        def forward(self, votes, labels):
            return super().forward(votes, shares[labels])

    model = network()
    expected = MSELoss().forward(model.forward(x), shares[labels])
    assert fit(model, (x, labels), Descent(), epochs=1, loss=Squares()).train_loss[0] == pytest.approx(
        expected
    )


def test_watch_is_called_before_training_and_after_every_epoch():
    optimizer = Descent()

    def watch(model, epoch):
        optimizer.lr = 0.1 / (1 + epoch)
        return epoch, optimizer.steps

    history = fit(network(), problem(), optimizer, epochs=3, batch_size=25, watch=watch)
    assert history.watched == [(0, 0), (1, 2), (2, 4), (3, 6)]


def test_it_learns():
    history = fit(network(), problem(200), Descent(0.5), epochs=60, validation=problem(200, seed=0))
    assert history.train_accuracy[-1] > 0.9 > history.train_accuracy[0]
    assert history.overlap == 1  # the same two hundred


# Early stopping


class ThenAway(Descent):
    """Descends for some steps, then climbs."""

    def __init__(self, good_steps):
        super().__init__()
        self.good_steps = good_steps

    def step(self, params, grads):
        self.lr = 0.1 if self.steps < self.good_steps else -0.1
        super().step(params, grads)


def test_early_stopping_puts_the_best_weights_back():
    kept = []
    data = pictures()
    model = picture_network()
    history = fit(
        model,
        data,
        ThenAway(4),
        epochs=20,
        validation=data,
        patience=3,
        watch=lambda model, epoch: kept.append(copy.deepcopy(model)),
    )
    assert (history.best_epoch, history.epochs, history.stopped) == (4, 7, "early")
    for ours, theirs in zip(model.parameters(), kept[4].parameters(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model[1].running_var, kept[4][1].running_var)
    assert not np.array_equal(kept[7][0].weight, kept[4][0].weight)


def test_without_patience_it_goes_on():
    history = fit(network(), problem(), ThenAway(2), epochs=8, validation=problem())
    assert (history.epochs, history.stopped) == (8, "finished")
    assert history.best_epoch < 8


def test_the_best_epoch_is_none_in_which_the_loss_broke():
    assert History(val_loss=np.array([2.0, 1.0, np.nan])).best_epoch == 1
    assert History(train_loss=np.array([2.0, 0.5, np.inf])).best_epoch == 1
    assert History().best_epoch == 0


# Where a number broke


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_data_that_is_not_finite_is_named(bad):
    x, labels = problem()
    x[17, 2] = bad
    with pytest.raises(ValueError, match=rf"data must be finite: got x\[17, 2\] = {bad}; 1 of 50 examples"):
        fit(network(), (x, labels), Descent())
    with pytest.raises(ValueError, match="validation must be finite"):
        fit(network(), problem(), Descent(), validation=(x, labels))


def test_the_layer_whose_output_broke_is_named_and_the_history_is_kept():
    class Breaks(Spy):
        def forward(self, x):
            y = super().forward(x)
            return y * np.nan if len(self.seen) > 5 else y

    model = Sequential(Linear(4, 5), Breaks(), ReLU(), Linear(5, 3))
    with pytest.raises(
        NotFinite, match=r"loss is nan in epoch 2, batch 2: it arose in the output of layer 1"
    ):
        fit(model, problem(), Descent(), batch_size=13)  # four batches an epoch
    with pytest.raises(FloatingPointError) as caught:
        fit(Sequential(Linear(4, 5), Breaks(), ReLU(), Linear(5, 3)), problem(), Descent(), batch_size=13)
    history = caught.value.history
    assert (history.stopped, history.epochs, len(history.batch_loss)) == ("not finite", 1, 5)
    assert history.gradient.shape == (2, 2)  # the second epoch as far as it came


def test_a_gradient_that_broke_names_the_layer_next_to_the_loss():
    class Breaks(Linear):
        def backward(self, dy, need_dx=True):
            return super().backward(dy * np.inf, need_dx)

    model = Sequential(Linear(4, 5), Breaks(5, 4), ReLU(), Linear(4, 3))
    with pytest.raises(
        NotFinite, match=r"backward made a gradient \S+ in epoch 1, batch 1: d\w+ of Linear\(5, 4"
    ):
        fit(model, problem(), Descent())


def test_a_step_that_broke_is_named():
    with pytest.raises(
        NotFinite, match=r"step made a parameter \S+ in epoch 1, batch 1: weight of Linear\(4, 5"
    ):
        fit(network(), problem(), Descent(np.inf))


def test_a_network_that_is_broken_from_the_start_is_named():
    model = network()
    model[2].bias[0] = np.nan
    with pytest.raises(NotFinite, match="before training: it arose in the output of layer 2"):
        fit(model, problem(), Descent())


def test_a_loss_that_breaks_by_itself_is_named():
    class Logarithm(CrossEntropyLoss):
        def forward(self, logits, labels):
            super().forward(logits, labels)
            return float(np.log(0.0))

    with pytest.raises(NotFinite, match="all outputs are finite, so it arose in the loss itself"):
        fit(network(), problem(), Descent(), loss=Logarithm())


def test_a_rate_out_of_all_proportion_ends_with_a_name_and_not_with_a_warning():
    with pytest.raises(NotFinite, match="Try a lower learning rate"):
        fit(network(), problem(), Descent(1e200))


# Progress


def test_it_is_silent_where_nobody_watches(capfd):
    fit(network(), problem(), Descent(), epochs=2)
    assert capfd.readouterr() == ("", "")


def test_a_bar_is_drawn_on_request(capfd):
    history = fit(network(), problem(), Descent(), epochs=2, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "2/2" in err
    assert f"loss={history.train_loss[-1]:.3g}" in err


# Messages


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be at least 1: got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be an integer"),
        ({"patience": 3}, ValueError, "patience=3 needs a validation set"),
        ({"patience": 0, "validation": problem()}, ValueError, "patience must be at least 1"),
        ({"rng": 0}, TypeError, "rng must be a numpy.random.Generator"),
        ({"data": (np.zeros((3, 4)), [0, 1])}, ValueError, "as many labels as examples"),
        ({"data": (np.zeros((0, 4)), [])}, ValueError, "at least 1: got 0 and 0"),
        ({"data": (np.zeros((3, 4), int), [0, 1, 2])}, TypeError, "needs floating point"),
    ],
)
def test_what_cannot_be_is_refused(change, error, message):
    arguments = {"data": problem(), "optimizer": Descent()} | change
    with pytest.raises(error, match=message):
        fit(network(), **arguments)


def test_history_says_in_a_line_what_happened():
    history = History(
        train_loss=np.array([2.3, 0.1234]),
        train_accuracy=np.array([0.1, 0.975]),
        val_loss=np.array([2.3, 0.5]),
        val_accuracy=np.array([0.1, 0.9]),
    )
    assert repr(history) == (
        "History(1 epochs, finished; training loss 0.123, accuracy 97.5%; "
        "validation loss 0.5, accuracy 90.0%)"
    )
