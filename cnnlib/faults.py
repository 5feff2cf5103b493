"""Training runs with one thing wrong in each, to practise diagnosis on.

`healthy` sets up a run that works. Each function of `FAULTS` spoils one thing of it; a random generator
decides where and how badly. `train_with` runs it and returns the `History`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cnnlib.datasets import load
from cnnlib.dropout import Dropout
from cnnlib.layers import Flatten, Linear, ReLU, Softmax
from cnnlib.losses import CrossEntropyLoss
from cnnlib.network import NotFinite, Sequential, fit
from cnnlib.optimizers import SGD

FIRST, FIRST_RELU, DROPOUT, SECOND, SECOND_RELU, LAST = range(1, 7)  # where the layers are
LEARNING = (FIRST, SECOND, LAST)


@dataclass
class Run:
    """All that a training run needs."""

    model: Sequential
    data: tuple  # x and labels
    validation: tuple
    optimizer: Any
    loss: Any
    epochs: int = 15
    batch_size: int = 32
    shuffle: bool = True


def network(rng, hidden=(48, 32), p=0.1):
    """Three layers that learn, the hidden ones with weights of He's size at the start."""
    first, second, last = (
        Linear(64, hidden[0], rng=rng),
        Linear(hidden[0], hidden[1], rng=rng),
        Linear(hidden[1], 10, rng=rng),
    )
    for layer in (first, second):
        layer.weight *= np.sqrt(6)
    return Sequential(Flatten(), first, ReLU(), Dropout(p, rng=rng), second, ReLU(), last)


@cache
def _digits():
    return load("digits")


def healthy(rng):
    """Digits, 900 to learn from and 400 others, with mean 0 and standard deviation 1; a good rate."""
    digits = _digits()
    order = rng.permutation(len(digits.images))
    learn, test = order[:900], order[900:1300]
    pixels = digits.images.astype(float)
    x = (pixels - pixels[learn].mean()) / pixels[learn].std()
    parts = [(x[part], digits.labels[part]) for part in (learn, test)]
    return Run(network(rng), *parts, SGD(lr=0.1), CrossEntropyLoss())


# The network


def nothing(run, rng):
    """All is well."""


def tiny_weights(run, rng):
    """The weights start 30 to 300 times too small."""
    for place in LEARNING:
        run.model[place].weight *= 10 ** -rng.uniform(1.5, 2.5)


def huge_weights(run, rng):
    """The weights start 5 to 20 times too large."""
    factor = rng.uniform(5, 20)
    for place in LEARNING:
        run.model[place].weight *= factor


def forgotten_relu(run, rng):
    """One or both activations pass everything on."""

    class Forgotten(ReLU):
        def forward(self, x):
            return self._pass(x)

        def backward(self, dy):
            return dy

    spoiled = [(FIRST_RELU,), (SECOND_RELU,), (FIRST_RELU, SECOND_RELU)][rng.integers(3)]
    layers = [Forgotten() if place in spoiled else layer for place, layer in enumerate(run.model)]
    run.model = Sequential(*layers)


def dead_relus(run, rng):
    """The biases of a hidden layer start so low that hardly a unit ever fires."""
    run.model[rng.choice([FIRST, SECOND])].bias -= rng.uniform(4, 10)


def too_small(run, rng):
    """The hidden layers have one to three units."""
    run.model = network(rng, hidden=rng.integers(1, 4, 2), p=0.0)


# The loss


def double_softmax(run, rng):
    """The network ends in a softmax, and the loss has one inside."""
    run.model = Sequential(*run.model, Softmax())


def wrong_scale(run, rng):
    """The loss is added up over the batch and not averaged, or 100 times too small."""
    factor = rng.choice([run.batch_size, 0.01])

    class Scaled(CrossEntropyLoss):
        def forward(self, logits, labels):
            return factor * super().forward(logits, labels)

        def backward(self):
            return factor * super().backward()

    run.loss = Scaled()


# The optimizer


def high_rate(run, rng):
    """The learning rate is 10 to 300 times too high."""
    run.optimizer.lr *= 10 ** rng.uniform(1, 2.5)


def low_rate(run, rng):
    """The learning rate is 30 to 1,000 times too low."""
    run.optimizer.lr *= 10 ** -rng.uniform(1.5, 3)


def frozen_layer(run, rng):
    """One layer was not handed to the optimizer."""
    frozen = rng.choice(LEARNING)

    class Frozen(Sequential):
        def parameters(self):
            return [
                array
                for place in LEARNING
                if place != frozen
                for array in self[place : place + 1].parameters()
            ]

        def gradients(self):
            return [
                array
                for place in LEARNING
                if place != frozen
                for array in self[place : place + 1].gradients()
            ]

    run.model = Frozen(*run.model)


# The gradient


def never_zeroed(run, rng):
    """Gradients of earlier batches are never set to zero, so that they add up."""

    class NeverZeroed(Sequential):
        def backward(self, dy, need_dx=True):
            before = [(self[place], self[place].dweight, self[place].dbias) for place in LEARNING]
            super().backward(dy, need_dx)
            for layer, dweight, dbias in before:
                if dweight is not None:
                    layer.dweight, layer.dbias = layer.dweight + dweight, layer.dbias + dbias

    run.model = NeverZeroed(*run.model)


def wrong_sign(run, rng):
    """The gradient of one layer's weight has the wrong sign."""
    place = rng.choice(LEARNING)

    class WrongSign(Sequential):
        def backward(self, dy, need_dx=True):
            super().backward(dy, need_dx)
            self[place].dweight = -self[place].dweight

    run.model = WrongSign(*run.model)


# The data


def shuffled_labels(run, rng):
    """60 to 100 % of the training labels are dealt out anew."""
    x, labels = run.data
    some = rng.permutation(len(x))[: int(rng.uniform(0.6, 1) * len(x))]
    labels = labels.copy()
    labels[some] = labels[rng.permutation(some)]
    run.data = x, labels


def raw_input(run, rng):
    """The pixels keep a scale of their own, such as 0 to 255."""
    scale = 10 ** rng.uniform(1, 2)
    run.data, run.validation = [(scale * (x + 1), labels) for x, labels in (run.data, run.validation)]


def sorted_order(run, rng):
    """All zeros come first, then all ones; nobody shuffles."""
    x, labels = run.data
    order = np.argsort(labels, kind="stable")
    run.data, run.shuffle = (x[order], labels[order]), False


def leak(run, rng):
    """A third or more of the test examples are among the training examples."""
    count = int(rng.uniform(0.3, 1) * len(run.validation[0]))
    run.data = [
        np.concatenate([ours, theirs[:count]]) for ours, theirs in zip(run.data, run.validation, strict=True)
    ]


# The test


def never_eval(run, rng):
    """Dropout goes on when the network is tested."""

    class NeverEval(Sequential):
        def eval(self):
            return self

    run.model = NeverEval(*run.model)
    run.model[DROPOUT].p = rng.uniform(0.2, 0.5)


def too_little_data(run, rng):
    """There are only 30 to 80 training examples."""
    count = rng.integers(30, 81)
    run.data = tuple(array[:count] for array in run.data)
    run.epochs = 100


FAULTS = {  # what it is, and the family that a diagnosis should name
    "nothing wrong": (nothing, "healthy"),
    "tiny weights": (tiny_weights, "start"),
    "huge weights": (huge_weights, "start"),
    "forgotten ReLU": (forgotten_relu, "activation"),
    "dead ReLUs": (dead_relus, "activation"),
    "too small": (too_small, "capacity"),
    "double softmax": (double_softmax, "loss"),
    "wrong scale": (wrong_scale, "loss"),
    "high rate": (high_rate, "high rate"),
    "low rate": (low_rate, "low rate"),
    "frozen layer": (frozen_layer, "frozen"),
    "never zeroed": (never_zeroed, "gradient"),
    "wrong sign": (wrong_sign, "gradient"),
    "shuffled labels": (shuffled_labels, "labels"),
    "raw input": (raw_input, "input"),
    "sorted order": (sorted_order, "order"),
    "leak": (leak, "leak"),
    "never eval": (never_eval, "mode"),
    "too little data": (too_little_data, "overfitting"),
}


def train_with(fault, seed, setup=healthy):
    """Set up a healthy run, spoil it, train it.

    Parameters
    ----------
    fault : str
        A key of `FAULTS`.
    seed : int
        Of all that is random: the split of the data, the start, the order, where the fault is.
    setup : callable
        Makes the healthy `Run` from a generator; its network must have the layers of `network`.

    Returns
    -------
    cnnlib.history.History
        If a number broke, as far as it came.

    Raises
    ------
    ValueError
        If there is no such fault.
    """
    if fault not in FAULTS:
        raise ValueError(f"fault must be one of {', '.join(FAULTS)}: got {fault!r}")
    rng = np.random.default_rng([seed, list(FAULTS).index(fault)])
    run = setup(rng)
    spoil, _ = FAULTS[fault]
    spoil(run, rng)
    options = {"batch_size": run.batch_size, "loss": run.loss, "shuffle": run.shuffle, "rng": rng}
    try:
        return fit(run.model, run.data, run.optimizer, run.epochs, validation=run.validation, **options)
    except NotFinite as error:
        return error.history
