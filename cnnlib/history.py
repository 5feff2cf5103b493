"""What a training run leaves behind: curves, statistics of each layer, facts about the data."""

from dataclasses import dataclass, field

import numpy as np


def _nothing():
    return np.zeros(0)


@dataclass(repr=False)
class History:
    """The record of one call of `cnnlib.network.fit`.

    E is the number of epochs that ran, S that of steps, L that of layers that learn, K that of all
    layers. Shares are from 0 to 1. Where there are E + 1 entries, the first is from before training. What
    was not measured has length 0.

    Attributes
    ----------
    train_loss, train_accuracy, val_loss, val_accuracy : ndarray of shape (E + 1,)
        Over all examples, the network in the mode of `eval`; val_* only if there was a validation set.
    batch_loss : ndarray of shape (S,)
        Of each batch, in training, just before its step.
    layers : list of str
        The L layers that have a weight: index and kind.
    gradient : ndarray of shape (E, L)
        Root mean square of the gradient of the weight, averaged over the epoch's batches.
    update_ratio : ndarray of shape (E, L)
        Length of a step of the weight over the length of the weight, averaged likewise.
    slope : ndarray of shape (2, L)
        A gradient check, at the start and at the end: how fast the loss really changes along the gradient
        of the weight, over what `backward` promises; 1 if all is well, nan where the gradient is 0.
    outputs : list of str
        The K layers: index and kind.
    activation_mean, activation_std : ndarray of shape (E + 1, K)
        Mean and standard deviation of each layer's outputs over up to 256 training examples.
    spread : ndarray of shape (E + 1, K)
        How much an output differs from example to example: the standard deviation over those examples, its
        root mean square over the units. What is the same for all examples, such as a bias, does not count.
    zeros : ndarray of shape (E + 1, K)
        Share of those outputs that are exactly 0.
    dead : ndarray of shape (E + 1, K)
        Share of units (of channels, if there are maps) that say the same for all those examples.
    watched : list
        What `watch` returned.
    stopped : str
        "finished", "early" or "not finite".
    best_epoch : int
        With the lowest loss on the validation set, or on the training set if there is none.
    classes, batch_size : int
        How many votes the network gives; the largest batch.
    input_mean, input_std : float
        Of all numbers that go in.
    batch_classes : ndarray of shape (E,)
        How many different labels a batch holds, on average.
    overlap : float
        Share of validation examples that are training examples, too.
    steady : float
        Share of examples for which the trained network says the same when it sees them in other company.
    """

    layers: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    train_loss: np.ndarray = field(default_factory=_nothing)
    train_accuracy: np.ndarray = field(default_factory=_nothing)
    val_loss: np.ndarray = field(default_factory=_nothing)
    val_accuracy: np.ndarray = field(default_factory=_nothing)
    batch_loss: np.ndarray = field(default_factory=_nothing)
    gradient: np.ndarray = field(default_factory=_nothing)
    update_ratio: np.ndarray = field(default_factory=_nothing)
    slope: np.ndarray = field(default_factory=_nothing)
    activation_mean: np.ndarray = field(default_factory=_nothing)
    activation_std: np.ndarray = field(default_factory=_nothing)
    spread: np.ndarray = field(default_factory=_nothing)
    zeros: np.ndarray = field(default_factory=_nothing)
    dead: np.ndarray = field(default_factory=_nothing)
    batch_classes: np.ndarray = field(default_factory=_nothing)
    watched: list = field(default_factory=list)
    stopped: str = "finished"
    classes: int = 0
    batch_size: int = 0
    input_mean: float = float("nan")
    input_std: float = float("nan")
    overlap: float = float("nan")
    steady: float = float("nan")

    @property
    def epochs(self):
        """How many epochs were completed."""
        return max(len(self.train_loss) - 1, 0)

    @property
    def best_epoch(self):
        losses = self.val_loss if len(self.val_loss) else self.train_loss
        return int(np.argmin(np.nan_to_num(losses, nan=np.inf))) if len(losses) else 0

    def curves(self):
        """Return a History with the curves only, as if nobody had looked at layers and data."""
        names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "batch_loss")
        kept = {name: getattr(self, name) for name in (*names, "stopped", "classes", "batch_size")}
        return History(**kept)

    def __repr__(self):
        parts = [f"{self.epochs} epochs, {self.stopped}"]
        for name, losses, shares in [
            ("training", self.train_loss, self.train_accuracy),
            ("validation", self.val_loss, self.val_accuracy),
        ]:
            if len(losses):
                parts.append(f"{name} loss {losses[-1]:.3g}, accuracy {shares[-1]:.1%}")
        return f"History({'; '.join(parts)})"
