"""What is measured while a network trains: scores, gradients, steps, outputs, and the data."""

import numpy as np

from cnnlib.history import History

PROBE = 256  # examples on which the layers' outputs are looked at
CHUNK = 512  # examples that are evaluated at once
LOOKS = ("activation_mean", "activation_std", "spread", "zeros", "dead")
SCORES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
ROWS = (*SCORES, *LOOKS, "batch_loss", "gradient", "update_ratio", "slope", "batch_classes")


def leaves(model):
    """List the layers of a network, and those of networks inside it, first to last."""
    inside = getattr(model, "layers", None)
    return [model] if inside is None else [leaf for layer in inside for leaf in leaves(layer)]


def layer_name(index, layer):
    """Name a layer by its place and its kind, such as "2 Linear"."""
    kind = repr(layer).partition("(")[0]
    return f"{index} {type(layer).__name__ if kind.startswith('<') else kind}"


def rms(values):
    """Root mean square: the typical size of a number.

    Examples
    --------
    >>> float(rms(np.array([3.0, -4.0, 0.0, 0.0])))  # sqrt(25 / 4)
    2.5
    """
    return np.sqrt(np.mean(np.square(values)))


def update_ratio(before, after):
    """Length of a step over the length of the weight (the longer of before and after).

    Examples
    --------
    >>> before = np.array([3.0, 4.0])
    >>> round(update_ratio(before, before - [0.003, 0.004]), 6)  # 0.005 / 5
    0.001
    """
    length = max(np.linalg.norm(before), np.linalg.norm(after))
    return float(np.linalg.norm(after - before) / length) if length else 0.0


def look_at_outputs(model, x):
    """Send x through; for each layer: mean, standard deviation, spread, share of zeros and of dead units."""
    rows = []
    for layer in leaves(model):
        x = layer.forward(x)
        same = (x == x[:1]).all(axis=0)  # over the examples
        if same.ndim == 3:  # maps: a channel is dead if each of its places is
            same = same.all(axis=(1, 2))
        rows.append((x.mean(), x.std(), rms(x.std(axis=0)), np.mean(x == 0), np.mean(same)))
    return np.array(rows, dtype=float).reshape(-1, 5).T


def slopes(model, loss, x, labels, step=1e-4):
    """Check each weight's gradient along its own direction: measured slope over promised slope.

    The weight moves by plus and minus `step` of its length along the gradient; centred differences
    then say how fast the loss rises. `backward` promises the length of the gradient. The weights come back
    bit by bit. In float32 the step is 30 times as long.
    """
    loss.forward(model.forward(x), labels)
    model.backward(loss.backward())
    found = []
    for layer in leaves(model):
        weight = getattr(layer, "weight", None)
        if weight is None:
            continue
        gradient, kept = np.array(layer.dweight), weight.copy()
        promised = np.linalg.norm(gradient)
        size = step * (30 if weight.dtype == np.float32 else 1) * (np.linalg.norm(kept) or 1.0)
        if not 0 < promised < np.inf:
            found.append(np.nan)
            continue
        values = []
        for sign in (1, -1):
            weight[...] = kept + sign * size * gradient / promised
            values.append(loss.forward(model.forward(x), labels))
        weight[...] = kept
        found.append((values[0] - values[1]) / (2 * size) / promised)
    return np.array(found)


def evaluate(model, loss, x, labels):
    """Mean loss and share of right answers over all examples, in the mode of `eval`."""
    model.eval()
    total, right = 0.0, 0
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        votes = model.forward(x[part])
        total += loss.forward(votes, labels[part]) * len(votes)
        right += np.sum(votes.argmax(axis=1) == labels[part])
    return total / len(x), right / len(x)


def steady(model, x):
    """Share of examples that get the same answer all at once as in three smaller, turned round groups."""
    alone = [model.forward(part) for part in np.array_split(x[::-1], min(3, len(x)))]
    together = model.forward(x).argmax(axis=1)
    return float(np.mean(together == np.concatenate(alone)[::-1].argmax(axis=1)))


def overlap(x, others):
    """Share of the examples `x` that are among `others`, number for number."""
    known = {example.tobytes() for example in others}
    return float(np.mean([example.tobytes() in known for example in x]))


class Recorder:
    """Fills a History while `cnnlib.network.fit` trains."""

    def __init__(self, model, loss, data, validation, batch_size, statistics, watch):
        self.model, self.loss, self.statistics, self.watch = model, loss, statistics, watch
        self.parts = {"train": data} if validation is None else {"train": data, "val": validation}
        x, labels = data
        some = np.linspace(0, len(x) - 1, min(PROBE, len(x))).astype(int)  # evenly, without chance
        self.probe = x[some], labels[some]
        named = [(layer_name(index, layer), layer) for index, layer in enumerate(leaves(model))]
        learning = [(name, layer) for name, layer in named if getattr(layer, "weight", None) is not None]
        self.learning = [layer for _, layer in learning]
        self.rows = {name: [] for name in ROWS}
        self.in_epoch = []
        self.history = History(
            layers=[name for name, _ in learning],
            outputs=[name for name, _ in named],
            batch_size=min(batch_size, len(x)),
            input_mean=float(x.mean()),
            input_std=float(x.std()),
        )
        if validation is not None:
            self.history.overlap = overlap(validation[0], x)

    @property
    def watched_losses(self):
        """The losses that early stopping goes by."""
        return self.rows["val_loss" if "val" in self.parts else "train_loss"]

    def score(self, epoch):
        """Measure what is measured before training and after every epoch; return each x with its loss."""
        scored = []
        for name, (x, labels) in self.parts.items():
            value, share = evaluate(self.model, self.loss, x, labels)
            self.rows[f"{name}_loss"].append(value)
            self.rows[f"{name}_accuracy"].append(share)
            scored.append((x, value))
        if self.statistics:
            for name, values in zip(LOOKS, look_at_outputs(self.model, self.probe[0]), strict=True):
                self.rows[name].append(values)
            if epoch == 0:
                self.rows["slope"].append(slopes(self.model, self.loss, *self.probe))
        self.history.classes = self.model.forward(self.probe[0][:1]).shape[1]
        if self.watch is not None:
            self.history.watched.append(self.watch(self.model, epoch))
        self.model.train()
        return scored

    def before_step(self, value):
        """Note the loss of a batch and the weights as they are."""
        self.rows["batch_loss"].append(value)
        self.weights = [layer.weight.copy() for layer in self.learning] if self.statistics else []

    def after_step(self, labels):
        """Note gradients and steps."""
        pairs = zip(self.learning, self.weights, strict=self.statistics)
        looks = [(rms(layer.dweight), update_ratio(weight, layer.weight)) for layer, weight in pairs]
        self.in_epoch.append((looks, len(np.unique(labels))))

    def end_epoch(self, epoch):
        """Average over the epoch, then score."""
        self._average()
        return self.score(epoch)

    def _average(self):
        looks, classes = zip(*self.in_epoch, strict=True)
        self.in_epoch = []
        if self.statistics:
            gradient, ratio = np.mean(looks, axis=0).reshape(-1, 2).T  # of (batches, L, 2)
            self.rows["gradient"].append(gradient)
            self.rows["update_ratio"].append(ratio)
        self.rows["batch_classes"].append(np.mean(classes))

    def finish(self, stopped):
        """Return the History, with what is measured at the end only."""
        if self.in_epoch:  # an epoch that broke off
            self._average()
        if stopped != "not finite":
            self.model.eval()
            self.history.steady = steady(self.model, self.probe[0])
            if self.statistics:
                self.rows["slope"].append(slopes(self.model, self.loss, *self.probe))
            self.model.train()
        for name, rows in self.rows.items():
            setattr(self.history, name, np.array(rows, dtype=float))
        self.history.stopped = stopped
        return self.history
