"""What a unit sees: which pixels of the input can change it."""

from typing import NamedTuple

from cnnlib.windows import pair


class ReceptiveField(NamedTuple):
    """What the units of a layer see of the input; pairs are (rows, cols), in pixels of the input.

    Attributes
    ----------
    layer : object
        The layer itself.
    size : (int, int)
        Height and width of what one unit sees.
    jump : (int, int)
        From what one unit sees to what its neighbour sees.
    start : (float, float)
        Centre of what the first unit sees, if the first pixel is at (0, 0). With padding, part of it
        can lie outside the image.
    """

    layer: object
    size: tuple
    jump: tuple
    start: tuple


def receptive_field(layers):
    """Work out, layer by layer, what a unit sees of the input.

    A window of k pixels, d apart, on units that lie j pixels apart in the input and see r of them each,
    sees ``r + d * (k - 1) * j``: one unit, and (k - 1) * d steps to the last. A stride s takes j to
    ``j * s``.

    Parameters
    ----------
    layers : iterable
        Layers, first to last: a `cnnlib.network.Sequential`, a list, a ``torch.nn.Sequential``. What is
        itself iterable is gone through. A layer tells about its windows by ``kernel_size`` and, where
        they are not 1, 0 and 1, ``stride``, ``padding`` and ``dilation``, each a number or a pair. A layer
        without ``kernel_size`` changes nothing; so what is said of layers such as Linear, which see
        all units at once, holds for a single unit before them.

    Returns
    -------
    list of ReceptiveField
        One for each layer.

    Raises
    ------
    TypeError, ValueError
        If a size is no integer or too small, or a convolution is transposed.

    References
    ----------
    A. Araujo, W. Norris, J. Sim, "Computing receptive fields of convolutional neural networks",
    Distill, 2019, doi:10.23915/distill.00021.

    Examples
    --------
    >>> from cnnlib.layers import Conv2d, MaxPool2d
    >>> for field in receptive_field([Conv2d(1, 6, 5), MaxPool2d(2), Conv2d(6, 16, 5)]):
    ...     print(field.size, field.jump, field.start)
    (5, 5) (1, 1) (2.0, 2.0)
    (6, 6) (2, 2) (2.5, 2.5)
    (14, 14) (2, 2) (6.5, 6.5)
    """
    fields, axes = [], [(1, 1, 0.0), (1, 1, 0.0)]  # size, jump, start; a pixel sees itself
    for layer in _leaves(layers):
        if getattr(layer, "transposed", False):
            raise ValueError(f"a transposed convolution has no windows on its input: got {layer}")
        if hasattr(layer, "kernel_size"):
            axes = [_through(*axis, *window) for axis, window in zip(axes, _windows(layer), strict=True)]
        fields.append(ReceptiveField(layer, *zip(*axes, strict=True)))
    return fields


def _leaves(layers):
    for layer in layers:
        if hasattr(layer, "__iter__"):
            yield from _leaves(layer)
        else:
            yield layer


def _windows(layer):
    """Kernel size, stride, padding and dilation, once for the rows and once for the columns."""
    kernel_size = pair(layer.kernel_size, "kernel_size", 1)
    stride = getattr(layer, "stride", 1)
    stride = kernel_size if stride is None else pair(stride, "stride", 1)
    padding = pair(getattr(layer, "padding", 0), "padding")
    dilation = pair(getattr(layer, "dilation", 1), "dilation", 1)
    return zip(kernel_size, stride, padding, dilation, strict=True)


def _through(size, jump, start, kernel_size, stride, padding, dilation):
    """Follow one axis through a layer."""
    reach = dilation * (kernel_size - 1)  # from the first unit of a window to its last
    return size + reach * jump, jump * stride, start + (reach / 2 - padding) * jump
