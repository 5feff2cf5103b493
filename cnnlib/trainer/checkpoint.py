"""What a training has reached, in a file that is whole at every moment and can hold no code."""

import os
from pathlib import Path

import torch


def write(path, put):
    """Write a file so that at `path` there is always the old one or the new one, whole.

    It is written beside, to ``path + ".partial"``, forced to the disk, and renamed. Whatever is left
    behind by a process that was killed is overwritten by the next.

    Parameters
    ----------
    path : path
        Where the file shall be; missing folders are made.
    put : callable
        Takes the open file (bytes) and writes into it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "runs" / "notes"
    >>> write(path, lambda stream: stream.write(b"epoch 1"))
    >>> path.read_text(), [file.name for file in path.parent.iterdir()]
    ('epoch 1', ['notes'])
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as stream:
        put(stream)
        stream.flush()
        os.fsync(stream.fileno())  # the name must not reach the disk before the bytes do
    os.replace(partial, path)


def save(path, state):
    """Write a checkpoint: the old one stays whole until the new one is.

    Parameters
    ----------
    path : path
        The file.
    state : dict
        Tensors, numbers, strings, and lists and dicts of them: what `load` accepts.
    """
    write(path, lambda stream: torch.save(state, stream))


def load(path, *, device="cpu"):
    """Read a checkpoint, or weights that somebody published. Nothing in the file is executed.

    A file of ``torch.save`` is a pickle, and a pickle may say "call this function" as well as "here is
    a number". So only tensors and plain values are accepted (``weights_only=True``).

    Parameters
    ----------
    path : path
        The file.
    device : str or torch.device
        Where the tensors shall be.

    Returns
    -------
    dict
        What `save` was given.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, or holds anything but tensors and plain values.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "checkpoint.pt"
    >>> save(path, {"epoch": 3, "weight": torch.tensor([1.0, 2.0])})
    >>> load(path)
    {'epoch': 3, 'weight': tensor([1., 2.])}
    """
    with open(path, "rb") as stream:  # a missing file is an error of its own
        try:
            return torch.load(stream, map_location=device, weights_only=True)
        except Exception as error:  # a torn or foreign file: torch raises what it stumbles over
            reason = str(error).strip().split("\n")[0]
            raise ValueError(
                f"{path} is no checkpoint of tensors and plain values, so it was not opened; pickled code is "
                f"never run. Delete it, or take it from somebody who saved a state_dict ({reason})"
            ) from error
