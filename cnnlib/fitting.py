"""The training loop, with a record of what happened; `cnnlib.network` offers it as `fit`."""

import sys

import numpy as np

from cnnlib.layers.base import generator
from cnnlib.losses import CrossEntropyLoss
from cnnlib.monitoring import Recorder, leaves
from cnnlib.windows import integer

ADVICE = "Try a lower learning rate or smaller weights at the start"


class NotFinite(FloatingPointError):
    """Training met an infinite number or one that is none; `history` holds what was measured before."""

    def __init__(self, message, history=None):
        super().__init__(message)
        self.history = history


def fit(
    model,
    data,
    optimizer,
    epochs=10,
    *,
    batch_size=64,
    validation=None,
    loss=None,
    shuffle=True,
    rng=None,
    patience=None,
    statistics=True,
    watch=None,
    progress=None,
):
    """Train a network with mini-batches, and keep a record.

    Parameters
    ----------
    model : cnnlib.network.Sequential
        Trained in place, and left in the mode of `train`.
    data : (x, labels)
        Array of shape (N, ...) in the model's type, and integers of shape (N,).
    optimizer
        Anything with ``step(params, grads)`` that changes a list of arrays in place.
    epochs : int
        Passes over the data.
    batch_size : int
        Examples a step; if N is not a multiple of it, all batches of an epoch are a little smaller.
    validation : (x, labels), optional
        Never learned from; scored before training and after every epoch.
    loss : optional
        An object with ``forward(outputs, labels)`` and ``backward()``; cross-entropy unless given.
    shuffle : bool
        Whether each epoch has an order of its own.
    rng : numpy.random.Generator, optional
        Draws the orders; ``np.random.default_rng(0)`` unless given.
    patience : int, optional
        Stop after so many epochs without a lower validation loss, and put the best weights back.
    statistics : bool
        Whether the layers are looked at; the curves are recorded anyway, and training is the same.
    watch : callable, optional
        ``watch(model, epoch)`` is called before training (epoch 0) and after every epoch; what it returns
        is kept in ``history.watched``. The place for a schedule of the learning rate.
    progress : bool, optional
        Show a bar (tqdm). Unless given, only on a terminal, so that notebooks store none.

    Returns
    -------
    cnnlib.history.History

    Raises
    ------
    ValueError
        If the data is empty, not finite or not of one length, or `patience` lacks a validation set.
    NotFinite
        If an output, the loss, a gradient or a weight becomes infinite or nan. It says in which epoch,
        batch and layer, and has the `history` up to there.

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> from cnnlib.network import Sequential
    >>> class Descent:
    ...     def step(self, params, grads):
    ...         for weight, gradient in zip(params, grads, strict=True):
    ...             weight -= gradient
    >>> model = Sequential(Linear(1, 2, bias=False))
    >>> model[0].weight[:] = 0.0  # both classes get one half
    >>> history = fit(model, (np.array([[2.0]]), [1]), Descent(), epochs=1)
    >>> float(history.batch_loss[0].round(4))  # ln 2
    0.6931
    >>> model[0].weight.ravel()  # -(0.5 - 0) * 2 and -(0.5 - 1) * 2
    array([-1.,  1.])
    """
    x, labels = _examples(data, "data")
    validation = None if validation is None else _examples(validation, "validation")
    epochs, batch_size = integer(epochs, "epochs", 1), integer(batch_size, "batch_size", 1)
    if patience is not None and validation is None:
        raise ValueError(f"patience={patience} needs a validation set to watch: got validation=None")
    patience = np.inf if patience is None else integer(patience, "patience", 1)
    rng, loss = generator(rng), CrossEntropyLoss() if loss is None else loss
    record = Recorder(model, loss, (x, labels), validation, batch_size, statistics, watch)
    best, stopped = _keep(model), "finished"
    try:
        with np.errstate(all="ignore"):  # what is not finite is found, and named, by _check...
            _check_scores(record.score(0), model, "before training")
            bar = _bar(epochs, progress)
            for epoch in bar:
                order = rng.permutation(len(x)) if shuffle else np.arange(len(x))
                for number, batch in enumerate(np.array_split(order, -(-len(x) // batch_size)), start=1):
                    at = f"in epoch {epoch}, batch {number}"
                    _step(model, loss, optimizer, x[batch], labels[batch], record, at)
                _check_scores(record.end_epoch(epoch), model, f"after epoch {epoch}")
                if hasattr(bar, "set_postfix"):
                    bar.set_postfix(loss=f"{record.watched_losses[-1]:.3g}")
                since = epoch - int(np.argmin(record.watched_losses))
                best = _keep(model) if since == 0 else best
                if since >= patience:
                    _put_back(model, best)
                    stopped = "early"
                    break
            return record.finish(stopped)
    except NotFinite as error:
        error.history = record.finish("not finite")
        raise


def _step(model, loss, optimizer, x, labels, record, at):
    """Forward, backward, and one step of the optimizer; look for numbers that are not finite after each."""
    value = loss.forward(model.forward(x), labels)
    _check_loss(value, model, x, at)
    record.before_step(value)
    model.backward(loss.backward(), need_dx=False)
    gradients = model.gradients()
    _check_layers(reversed(leaves(model)), ("dweight", "dbias"), f"backward made a gradient {{}} {at}")
    optimizer.step(model.parameters(), gradients)
    _check_layers(leaves(model), ("weight", "bias"), f"the optimizer's step made a parameter {{}} {at}")
    record.after_step(labels)


def _check_scores(parts, model, at):
    for x, value in parts:
        _check_loss(value, model, x, at)


def _check_loss(value, model, x, at):
    if np.isfinite(value):
        return
    culprit = "all outputs are finite, so it arose in the loss itself"
    for index, layer in enumerate(leaves(model)):
        x = layer.forward(x)
        if not np.isfinite(x).all():
            culprit = f"it arose in the output of layer {index}, {layer!r}{_largest(layer)}"
            break
    raise NotFinite(f"the loss is {value} {at}: {culprit}. {ADVICE}")


def _check_layers(layers, names, what):
    for layer in layers:
        for name in names:
            array = getattr(layer, name, None)
            if array is not None and not np.isfinite(array).all():
                wrong = array[~np.isfinite(array)][0]
                raise NotFinite(f"{what.format(wrong)}: {name} of {layer!r}. {ADVICE}")


def _largest(layer):
    weight = getattr(layer, "weight", None)
    return "" if weight is None else f", whose largest weight has size {np.abs(weight).max():.3g}"


def _examples(pair, name):
    """Check x and labels."""
    x, labels = pair[0], pair[1]  # a Dataset has a third entry
    x, labels = np.asarray(x), np.asarray(labels)
    if len(x) == 0 or len(x) != len(labels):
        raise ValueError(
            f"{name} needs as many labels as examples, at least 1: got {len(labels)} and {len(x)}"
        )
    for what, array in [("x", x), ("labels", labels)]:
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            at = ", ".join(map(str, wrong[0]))
            count = len(np.unique(wrong[:, 0]))
            raise ValueError(
                f"{name} must be finite: got {what}[{at}] = {array[tuple(wrong[0])]}; {count} of "
                f"{len(array)} examples hold such numbers: mend them or leave them out"
            )
    return x, labels


def _bar(epochs, show):
    """Count the epochs, with a bar if wanted."""
    if show is None:
        show = sys.stderr is not None and sys.stderr.isatty()
    if not show:
        return range(1, epochs + 1)
    from tqdm.auto import tqdm  # takes a moment, and most runs need none

    return tqdm(range(1, epochs + 1), unit="epoch")


def _arrays(model):
    for layer in leaves(model):
        for name in getattr(layer, "_arrays", ("weight", "bias")):
            array = getattr(layer, name, None)
            if array is not None:
                yield array


def _keep(model):
    return [array.copy() for array in _arrays(model)]


def _put_back(model, kept):
    for array, values in zip(_arrays(model), kept, strict=True):
        array[...] = values
