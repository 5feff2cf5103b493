"""What goes wrong when networks are trained, said in time, with the place and the way out."""

import contextlib

import torch
from torch import nn

from cnnlib.summary import summarize
from cnnlib.trainer.compute import modes_kept


def check_data(model, data, what="data"):
    """Look at images and labels before an hour is spent on them.

    Parameters
    ----------
    model : torch.nn.Module
        Gives votes of shape (N, classes); it is asked for those of one image.
    data : (images, labels)
        Arrays or tensors of shape (N, ...) and (N,); what else is in the tuple is left alone.
    what : str
        What the errors call it.

    Returns
    -------
    images, labels : torch.Tensor
        Of a float type and of int64; not copied where they are tensors already.

    Raises
    ------
    TypeError
        If the images are no floats, or the labels no integers.
    ValueError
        If shapes do not agree, there are no images, channels are not those of the first convolution,
        the model does not give one vote for each class, or a label is none of them.
    """
    images, labels = (torch.as_tensor(part) for part in tuple(data)[:2])
    if not images.is_floating_point():
        raise TypeError(f"{what}: images must be floats, such as pixels / 255: got {images.dtype}")
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise TypeError(f"{what}: labels must be integers: got {labels.dtype}")
    if images.ndim < 2 or len(images) == 0 or labels.shape != images.shape[:1]:
        raise ValueError(
            f"{what}: images (N, C, H, W) and labels (N,) must be as many, at least one: "
            f"got {tuple(images.shape)} and {tuple(labels.shape)}"
        )
    _check_channels(model, images, what)
    classes = _classes(model, images[:1], what)
    wrong = ((labels < 0) | (labels >= classes)).nonzero().flatten()
    if len(wrong):
        raise ValueError(
            f"{what}: labels must be from 0 to {classes - 1}, as the model gives {classes} votes: "
            f"got {labels[wrong[0]].item()} at {wrong[0].item()} ({len(wrong)} of {len(labels)} are wrong)"
        )
    return images, labels.long()


def _check_channels(model, images, what):
    convolutions = ((name, m) for name, m in model.named_modules() if isinstance(m, nn.Conv2d))
    name, first = next(convolutions, (None, None))
    if first is None or (images.ndim == 4 and images.shape[1] == first.in_channels):
        return
    raise ValueError(
        f"{what}: images must have shape (N, C, H, W) with C = {first.in_channels}, the in_channels of the "
        f"first convolution, {name!r}: got {tuple(images.shape)}"
    )


def _classes(model, one, what):
    """How many votes the model gives; asked as in `eval`, so that nothing in it changes."""
    parameter = next(model.parameters())
    with torch.no_grad(), modes_kept(model):
        model.eval()
        votes = model(one.to(parameter.device, parameter.dtype))
    if votes.ndim != 2 or len(votes) != 1:
        raise ValueError(
            f"{what}: the model must give votes of shape (N, classes): got {tuple(votes.shape)} for N = 1"
        )
    return votes.shape[1]


def not_finite(model, images):
    """Find the first layer whose output is NaN or infinite.

    Parameters
    ----------
    model : torch.nn.Module
        Runs once more, as it is.
    images : torch.Tensor
        The batch at which it happened.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(1, 1), nn.ReLU())
    >>> model[1].bias.data[:] = torch.nan
    >>> not_finite(model, torch.ones(1, 1))
    "the first output that is not finite is that of layer '1' (Linear), whose own bias is not finite"
    """
    for number, image in enumerate(images):
        if not image.isfinite().all():
            return f"image {number} of the batch is itself not finite"
    found = []

    def look(name, layer, inputs, output):
        if not found and isinstance(output, torch.Tensor) and not output.isfinite().all():
            found.append((name, layer))

    leaves = [(name, layer) for name, layer in model.named_modules() if not any(layer.children())]
    hooks = [
        layer.register_forward_hook(lambda layer, x, y, name=name: look(name, layer, x, y))
        for name, layer in leaves
    ]
    try:
        with torch.no_grad():
            model(images)
    finally:
        for hook in hooks:
            hook.remove()
    if found:
        name, layer = found[0]
        own = [key for key, value in layer.named_parameters() if not value.isfinite().all()]
        spoilt = f", whose own {' and '.join(own)} is not finite" if own else ""
        return (
            f"the first output that is not finite is that of layer {name!r} ({type(layer).__name__}){spoilt}"
        )
    wrong = [key for key, p in model.named_parameters() if p.grad is not None and not p.grad.isfinite().all()]
    if wrong:  # on the way back the last layer comes first
        return (
            f"all outputs are finite; on the way back the first gradient that is not is that of {wrong[-1]!r}"
        )
    return "all that this process computed is finite, so it began in the loss or in another process"


def is_out_of_memory(error):
    """Whether an error says that memory is used up, on whatever device.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    True
    >>> is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    False
    """
    words = ("out of memory", "can't allocate memory")
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in words)


@contextlib.contextmanager
def advice_on_memory(model, images):
    """Turn an error that says "out of memory" into one that says what would need less.

    Parameters
    ----------
    model : torch.nn.Module
        What computes inside the block.
    images : torch.Tensor
        The batch that it computes on.

    Raises
    ------
    MemoryError
        In place of PyTorch's error.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        reason = str(error).split("\n")[0]
        raise MemoryError(f"{_advice(model, images)} ({reason})") from error


def _advice(model, images):
    try:
        need = summarize(model, tuple(images.shape[1:])).training_bytes(len(images)) / 2**30
        words = f"about {need:.2g} GiB to train on in {str(next(model.parameters()).dtype)[6:]}"
    except RuntimeError:
        words = "more than there is even for one"
    return (
        f"out of memory on {images.device}: {len(images)} images of {tuple(images.shape[1:])} need {words}. "
        f"Take a smaller batch_size (half the images, half of it), a narrower network or smaller images, or "
        f"precision='bfloat16'"
    )
