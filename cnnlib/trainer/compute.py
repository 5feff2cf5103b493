"""Where and how numbers are computed: device, precision, layout, one process of several."""

import contextlib

import numpy as np
import torch
import torch.distributed as dist
from torch import nn


def choose_device(name="auto"):
    """The device to compute on: by its name, or, with "auto", a GPU if there is one.

    Parameters
    ----------
    name : str or torch.device
        "auto" takes "cuda" before "mps" before "cpu"; anything else is what PyTorch calls it.

    Returns
    -------
    torch.device

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def layout(channels_last):
    """The order in memory: (N, H, W, C) or (N, C, H, W)."""
    return torch.channels_last if channels_last else torch.contiguous_format


def to_device(model, x, y, device, channels_last):
    """Move a batch, and give it the model's type. From pinned memory a GPU fetches it while it computes."""
    if device.type == "cuda" and x.device.type == "cpu":
        x, y = x.pin_memory(), y.pin_memory()
    x = x.to(device, next(model.parameters()).dtype, non_blocking=True)
    if x.ndim == 4:
        x = x.contiguous(memory_format=layout(channels_last))
    return x, y.to(device, non_blocking=True)


def check_precision(precision):
    """Raise ValueError unless it is one of the two that `autocast` knows."""
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision must be 'float32' or 'bfloat16': got {precision!r}")


def autocast(device, precision):
    """The block in which products and convolutions are computed with that precision."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


def summed_loss(model, x, y, precision):
    """The sum of the cross-entropies of a batch, and how many answers are right; both still tensors."""
    with autocast(x.device, precision):
        votes = model(x)
    if votes.dtype == torch.bfloat16:
        votes = votes.float()
    return nn.functional.cross_entropy(votes, y, reduction="sum"), (votes.argmax(dim=1) == y).sum()


@contextlib.contextmanager
def modes_kept(model):
    """Afterwards every module is in `train` or `eval` as before, also where they differ."""
    modes = {module: module.training for module in model.modules()}
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def mixed(*numbers):
    """One seed out of several numbers (not negative), another for each combination of them.

    Examples
    --------
    >>> mixed(1, 2) == mixed(1, 2), mixed(1, 2) == mixed(2, 1)
    (True, False)
    """
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


def generator(*numbers):
    """A random generator of its own for each combination of numbers."""
    return torch.Generator().manual_seed(mixed(*numbers))


def rank():
    """The number of this process, from 0."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def world():
    """How many processes there are."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def over_processes(sums, device):
    """Add numbers up over all processes: a list, element by element."""
    if world() == 1:
        return sums
    total = torch.tensor(sums, dtype=torch.float64, device=device)
    dist.all_reduce(total)
    return total.tolist()
