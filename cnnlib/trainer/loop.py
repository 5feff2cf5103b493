"""Train a PyTorch network on images, and measure how good it is: `fit` and `evaluate`.

The loop is the one that chapter 8 writes out. Around it is what long trainings need: a schedule,
half the precision, a stop in time, checkpoints to resume from, several processes.
"""

import functools
import math
import os
import time
from typing import NamedTuple

import torch

from cnnlib.trainer import checkpoint as checkpoints
from cnnlib.trainer import faults
from cnnlib.trainer.compute import (
    check_precision,
    choose_device,
    layout,
    modes_kept,
    over_processes,
    rank,
    summed_loss,
    to_device,
    world,
)
from cnnlib.trainer.records import Records
from cnnlib.trainer.steps import Stepper

COLUMNS = ("epoch", "step", "lr", "loss", "accuracy", "validation_loss", "validation_accuracy", "seconds")


class Score(NamedTuple):
    """How wrong and how right: mean cross-entropy, and the share of right answers from 0 to 1."""

    loss: float
    accuracy: float


def fit(
    model,
    data,
    *,
    validation=None,
    epochs=10,
    batch_size=64,
    lr=0.05,
    momentum=0.9,
    weight_decay=5e-4,
    optimizer=None,
    schedule="cosine",
    warmup=0.1,
    clip=None,
    patience=None,
    transform=None,
    device="auto",
    precision="float32",
    channels_last=False,
    compile=False,
    deterministic=True,
    seed=0,
    checkpoint=None,
    resume=False,
    csv=None,
    tensorboard=None,
    progress=None,
):
    """Train a classifier with mini-batches, by cross-entropy.

    If `torch.distributed` is initialised, each process computes on its share of every batch, and all
    make the same step: the one that a single process would make with the whole batch.

    Parameters
    ----------
    model : torch.nn.Module
        Maps images (N, C, H, W) to votes (N, classes). It is trained in place, and is on `device`
        afterwards. Parameters that need no gradient stay as they are.
    data : (images, labels)
        Arrays or tensors, or a `cnnlib.datasets.Dataset`: floats (N, C, H, W), integers (N,). They
        stay where they are; each batch is moved to the device.
    validation : (images, labels), optional
        Scored after each epoch.
    epochs, batch_size : int
        Passes over the data; images a step, in all processes together. The images of an epoch are
        divided into batches of equal size, give or take one, so none is left out.
    lr, momentum, weight_decay : float
        Of stochastic gradient descent; `lr` is the highest learning rate.
    optimizer : callable, optional
        Makes another one from a list of parameters: ``lambda p: torch.optim.AdamW(p, lr=1e-3)``.
        Then `lr`, `momentum` and `weight_decay` are its own affair.
    schedule : {"cosine", "constant"}
        Whether the learning rate falls to 0, as half a wave of the cosine.
    warmup : float
        Share of all steps in which the learning rate first climbs, in a straight line.
    clip : float, optional
        A gradient that is longer (Euclidean norm over all parameters) is shortened to this.
    patience : int, optional
        Stop after so many epochs without a better validation loss, and put the best weights back.
    transform : callable, optional
        ``transform(images, generator)`` alters a batch for training, before it goes to the device.
    device : str or torch.device
        See `choose_device`.
    precision : {"float32", "bfloat16"}
        With "bfloat16" products and convolutions are computed with 8 binary digits instead of 24
        (autocast); the weights keep theirs.
    channels_last : bool
        Store images as (N, H, W, C), which convolutions of many GPUs and processors prefer.
    compile : bool or str
        Let ``torch.compile`` write the network anew; a str names its backend.
    deterministic : bool
        On a GPU of NVIDIA: whether cuDNN must take algorithms that repeat exactly, or the fastest.
    seed : int
        Of the order, of `transform` and of dropout. The global random state is left as it was.
    checkpoint : path, optional
        Written after each epoch, whole at every moment; see `cnnlib.trainer.checkpoint`.
    resume : bool
        Go on from `checkpoint`, if it is there, to the same result as without a break.
    csv : path, optional
        The history as a table, written after each epoch.
    tensorboard : path, optional
        A folder for TensorBoard.
    progress : bool, optional
        Whether a line on stderr shows how far it is; by default, if that is a terminal.

    Returns
    -------
    dict of lists
        One entry an epoch: ``epoch`` (from 1), ``step`` (made so far), ``lr`` (of the last), ``loss`` and
        ``accuracy`` (means over the epoch, while it learned), ``validation_loss`` and
        ``validation_accuracy`` if there is `validation`, ``seconds``.

    Raises
    ------
    TypeError, ValueError
        If data do not fit the model, an argument is out of range, or the checkpoint is that of
        another training.
    FloatingPointError
        If the loss or a gradient is NaN or infinite; names the step and the layer. The weights are
        those before that step.
    MemoryError
        If memory is used up; says what would need less.
    ModuleNotFoundError
        If `tensorboard` is wanted and not installed.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: Stochastic gradient descent with warm restarts", ICLR 2017.

    Examples
    --------
    >>> images, labels = torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1])
    >>> model = torch.nn.Linear(1, 2)
    >>> history = fit(model, (images, labels), epochs=20, lr=1.0, device="cpu")
    >>> evaluate(model, (images, labels), device="cpu").accuracy, len(history["loss"])
    (1.0, 20)
    """
    if optimizer is None:
        optimizer = functools.partial(torch.optim.SGD, lr=lr, momentum=momentum, weight_decay=weight_decay)
    settings = dict(epochs=epochs, batch_size=batch_size, lr=lr, momentum=momentum, weight_decay=weight_decay)
    settings |= dict(schedule=schedule, warmup=warmup, clip=clip, patience=patience)
    settings |= dict(precision=precision, seed=seed)
    _check(settings, validation, checkpoint, resume)
    device = choose_device(device)
    model.to(device, memory_format=layout(channels_last))
    images, labels = faults.check_data(model, data)
    if validation is not None:
        validation = faults.check_data(model, validation, "validation")
    optimizer = optimizer([p for p in model.parameters() if p.requires_grad])
    settings |= dict(images=len(images), optimizer=type(optimizer).__name__)
    settings |= dict(validation=len(validation[0]) if validation else None)

    stepper = Stepper(model, optimizer, images, labels, transform, device, channels_last, compile, settings)
    history = {name: [] for name in COLUMNS if validation or not name.startswith("validation")}
    best = None
    if resume and os.path.exists(checkpoint):
        history, best = _restore(checkpoint, settings, model, optimizer)
    records = Records(history, csv, tensorboard, progress) if rank() == 0 else Records({}, progress=False)

    with (
        torch.random.fork_rng([device] if device.type == "cuda" else []),
        torch.backends.cudnn.flags(benchmark=not deterministic, deterministic=deterministic),
        modes_kept(model),
    ):
        while len(history["epoch"]) < epochs and not (patience and _stale_epochs(history) >= patience):
            began = time.perf_counter()
            row = stepper.epoch(len(history["epoch"]), records)
            if validation:
                how = dict(device=device, precision=precision, channels_last=channels_last)
                score = evaluate(model, validation, **how)
                row |= dict(validation_loss=score.loss, validation_accuracy=score.accuracy)
            row["seconds"] = time.perf_counter() - began
            for name, values in history.items():
                values.append(row[name])
            if patience and _stale_epochs(history) == 0:
                best = {name: value.clone() for name, value in model.state_dict().items()}
            if checkpoint and rank() == 0:
                state = dict(settings=settings, history=history, best=best)
                state |= dict(model=model.state_dict(), optimizer=optimizer.state_dict())
                checkpoints.save(checkpoint, state)
            records.epoch(history)
    records.close()
    if best:
        model.load_state_dict(best)
    return history


def evaluate(model, data, *, batch_size=256, device="auto", precision="float32", channels_last=False):
    """Measure a classifier: cross-entropy and share of right answers, as in `eval`, without gradients.

    If `torch.distributed` is initialised, each process takes its share of the images: all must call it.

    Parameters
    ----------
    model, data, device, precision, channels_last
        As for `fit`.
    batch_size : int
        Images at a time, in one process; it changes speed and memory only.

    Returns
    -------
    Score
        ``loss`` and ``accuracy`` over all images.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `fit` does.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 2, bias=False)
    >>> model.weight.data[:] = torch.tensor([[0.0], [math.log(3)]])  # votes 0 and ln 3: shares 1/4 and 3/4
    >>> score = evaluate(model, (torch.ones(2, 1), torch.tensor([0, 1])), device="cpu")
    >>> round(score.loss, 3), score.accuracy  # (ln 4 + ln 4/3) / 2
    (0.837, 0.5)
    """
    check_precision(precision)
    device = choose_device(device)
    model.to(device, memory_format=layout(channels_last))
    images, labels = faults.check_data(model, data)
    mine = slice(rank(), None, world())
    sums = [0.0, 0, 0]
    with torch.no_grad(), modes_kept(model):
        model.eval()
        for x, y in zip(images[mine].split(batch_size), labels[mine].split(batch_size), strict=True):
            x, y = to_device(model, x, y, device, channels_last)
            with faults.advice_on_memory(model, x):
                loss, right = summed_loss(model, x, y, precision)
            sums = [a + b for a, b in zip(sums, (loss.item(), right.item(), len(x)), strict=True)]
    loss, right, count = over_processes(sums, device)
    return Score(loss / count, right / count)


def _check(settings, validation, checkpoint, resume):
    for name in ("epochs", "batch_size"):
        if settings[name] < 1:
            raise ValueError(f"{name} must be at least 1: got {settings[name]}")
    if settings["schedule"] not in ("cosine", "constant"):
        raise ValueError(f"schedule must be 'cosine' or 'constant': got {settings['schedule']!r}")
    check_precision(settings["precision"])
    if not 0 <= settings["warmup"] < 1:
        raise ValueError(
            f"warmup must be a share of all steps, from 0 to less than 1: got {settings['warmup']}"
        )
    for name in ("clip", "patience"):
        if settings[name] is not None and not settings[name] > 0:
            raise ValueError(f"{name} must be greater than 0, or None: got {settings[name]}")
    if settings["patience"] and validation is None:
        raise ValueError("patience watches the validation loss: give validation=(images, labels)")
    if resume and checkpoint is None:
        raise ValueError("resume=True needs checkpoint=PATH, the file to go on from")


def _restore(path, settings, model, optimizer):
    """Put weights and optimizer back to where the checkpoint was written; return history and best weights."""
    state = checkpoints.load(path)
    other = [
        f"{name}={value!r} (there: {state['settings'].get(name)!r})"
        for name, value in settings.items()
        if state["settings"].get(name) != value
    ]
    if other:
        raise ValueError(
            f"{path} is the checkpoint of another training, so resume is impossible: {', '.join(other)}"
        )
    try:
        model.load_state_dict(state["model"])
    except RuntimeError as error:
        raise ValueError(f"{path} is the checkpoint of another model: {error}") from error
    optimizer.load_state_dict(state["optimizer"])
    return state["history"], state["best"]


def _stale_epochs(history):
    """How many epochs ago the validation loss was smallest."""
    losses = [math.inf if math.isnan(loss) else loss for loss in history["validation_loss"]]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0
