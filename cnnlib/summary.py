"""A network as a table: for each layer its shape, activations, weights, multiply-adds and receptive field."""

import copy
import math
from html import escape
from typing import NamedTuple

import numpy as np

from cnnlib.layers import Flatten
from cnnlib.network import Sequential
from cnnlib.receptive_field import receptive_field
from cnnlib.windows import integer


class Row(NamedTuple):
    """A layer, or an operation that a ``forward`` writes out itself, in the order in which they run.

    All counts are for one image.

    Attributes
    ----------
    name : str
        Where it is: ``"features.0"``, or the name of the module whose ``forward`` wrote the operation.
    kind : str
        Class of the layer, or name of the operation.
    shape : tuple of int or None
        Of what comes out, without the batch; None for a layer that was never called.
    activations : int
        Values that get memory of their own. What works in place, as ``ReLU(inplace=True)``, or only reshapes
        what is there, has none.
    weights, biases : int
        Parameters; shared ones are counted where they are first used.
    multiply_adds : int
        Of convolutions and matrix products. Additions of biases, comparisons and means are not counted.
    receptive_field : tuple of int or None
        How many pixels of the input a unit sees along each axis, padding included; a unit of a fully
        connected layer sees what all units before it see together. None where that is not known.
    reads : int
        Values that come in; 0 where that is the image itself.
    kept_bytes : int or None
        What PyTorch keeps for the way back and had not kept for an earlier row; None for NumPy networks.
    trainable : int
        Parameters that learn.
    """

    name: str
    kind: str
    shape: tuple | None
    activations: int
    weights: int = 0
    biases: int = 0
    multiply_adds: int = 0
    receptive_field: tuple | None = None
    reads: int = 0
    kept_bytes: int | None = None
    trainable: int = 0

    @property
    def counts(self):
        """Whether there is anything to count."""
        return any((self.activations, self.weights, self.biases, self.multiply_adds))


class Summary:
    """What `summarize` returns; prints as a table of the rows that have something to count.

    Attributes
    ----------
    title : str
    rows : list of Row
        All rows; the first is the image.
    itemsize : int
        Bytes of a value.
    activations, weights, biases, parameters, multiply_adds : int
        Sums over the rows.
    """

    columns = ("layer", "kind", "shape", "activations", "weights", "biases", "multiply-adds", "sees")

    def __init__(self, title, rows, itemsize=4):
        self.title, self.rows, self.itemsize = title, list(rows), itemsize

    @property
    def activations(self):
        return sum(row.activations for row in self.rows)

    @property
    def weights(self):
        return sum(row.weights for row in self.rows)

    @property
    def biases(self):
        return sum(row.biases for row in self.rows)

    @property
    def parameters(self):
        return self.weights + self.biases

    @property
    def multiply_adds(self):
        return sum(row.multiply_adds for row in self.rows)

    def kept_bytes(self, batch_size=1):
        """Bytes that PyTorch keeps of a batch on the way forward, for the way back.

        The batch itself, which the first layer needs again, is among them.
        """
        self._only_pytorch()
        return integer(batch_size, "batch_size", 1) * sum(row.kept_bytes for row in self.rows)

    def inference_bytes(self, batch_size=1):
        """Predict the most memory that is in use at once when a batch goes forward without gradients.

        The parameters, the batch, and the layer for which what comes in and what goes out are largest
        together (with max-pooling's positions, 8 bytes each). What has to wait for a later layer, as the
        shortcut of a residual block does, and what an operation needs inside itself, are left out.

        Parameters
        ----------
        batch_size : int
            How many images.

        Returns
        -------
        int
            Bytes.
        """
        self._only_pytorch()
        most = max(self._passing(row) for row in self.rows[1:])
        batch = integer(batch_size, "batch_size", 1) * (self._size(self.rows[0].activations) + most)
        return self._size(self.parameters) + batch

    def training_bytes(self, batch_size=1, *, optimizer_states=1):
        """Predict the most memory that is in use at once in a training step.

        Parameters and what the optimiser remembers of each are there all the time. On the way forward
        what is kept grows. On the way back, layer by layer to the first that learns, it shrinks and the
        gradients of the parameters grow, while two gradients of activations are there at once. The largest
        sum is returned. What an operation, or the optimiser within its step, needs inside itself is left out.

        Parameters
        ----------
        batch_size : int
            How many images.
        optimizer_states : int
            Numbers that the optimiser remembers for each parameter: 0 for plain gradient descent, 1 with
            momentum, 2 for Adam.

        Returns
        -------
        int
            Bytes.
        """
        self._only_pytorch()
        n = integer(batch_size, "batch_size", 1)
        states = integer(optimizer_states, "optimizer_states")
        learn = [self._size(row.trainable) for row in self.rows]
        always = self._size(self.parameters) + states * sum(learn)
        kept = [n * row.kept_bytes for row in self.rows]
        if not any(row.reads == 0 and row.kept_bytes for row in self.rows[1:]):
            kept[0] = n * self._size(self.rows[0].activations)  # then nothing else keeps the batch
        first = next((i for i, size in enumerate(learn) if size), len(learn))  # the way back ends here
        peak = always + max(sum(learn) + n * self._size(self.rows[0].activations), sum(kept))
        for index, row in enumerate(self.rows[1:], 1):
            if index < first:
                peak = max(peak, always + kept[0] + n * self._passing(row))
            else:
                two = n * self._size(
                    row.reads + math.prod(row.shape or (0,))
                )  # of what comes in and goes out
                peak = max(peak, always + sum(kept[: index + 1]) + sum(learn[index:]) + two)
        return peak

    def records(self):
        """Return a list of dicts, one a row, as ``pandas.DataFrame`` takes them."""
        return [row._asdict() for row in self.rows]

    def __str__(self):
        table = [self.columns, *self._cells()]
        widths = [max(len(line[i]) for line in table) for i in range(len(self.columns))]
        lines = [
            "  ".join(
                text.ljust(width) if i < 3 else text.rjust(width)
                for i, (text, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        rule = "-" * max(map(len, lines))
        return "\n".join([self.title, lines[0], rule, *lines[1:-1], rule, lines[-1]])

    __repr__ = __str__

    def _repr_html_(self):
        head, *body = self.columns, *self._cells()
        side = ["left"] * 3 + ["right"] * 5

        def line(cells, tag):
            inner = zip(cells, side, strict=True)
            style = "padding: 0.1em 0.4em; text-align"
            return "".join(f'<{tag} style="{style}: {s}">{escape(c)}</{tag}>' for c, s in inner)

        rows = "".join(f"<tr>{line(cells, 'td')}</tr>\n" for cells in body[:-1])
        return (
            f'<div style="overflow-x: auto" role="region" tabindex="0" aria-label="{escape(self.title)}">\n'
            '<table class="dataframe" style="font-size: 0.85em; white-space: nowrap">\n'
            f"<caption>{escape(self.title)}</caption>\n"
            f"<thead><tr>{line(head, 'th')}</tr></thead>\n<tbody>\n{rows}</tbody>\n"
            f'<tfoot style="font-weight: bold"><tr>{line(body[-1], "td")}</tr></tfoot>\n</table>\n</div>'
        )

    def _cells(self):
        """The table as text, with a line of sums."""
        for row in self.rows:
            if row.counts:
                shape = " × ".join(map(str, row.shape)) if row.shape is not None else "never called"
                field = row.receptive_field
                sees = " × ".join(map(str, field)) if field else "?"
                yield row.name, row.kind, shape, *map(_count, row[3:7]), sees
        sums = self.activations, self.weights, self.biases, self.multiply_adds
        yield "sum", "", "", *map(_count, sums), ""

    def _passing(self, row):
        """Bytes of what comes in and goes out of a layer."""
        return self._size(row.reads + row.activations) + _positions(row)

    def _size(self, count):
        return count * self.itemsize

    def _only_pytorch(self):
        if any(row.kept_bytes is None for row in self.rows):
            raise TypeError("memory is predicted for PyTorch networks only: this one computes with NumPy")


def summarize(model, input_shape):
    """Send one image of zeros through a network and list what happens, layer by layer.

    Parameters
    ----------
    model : torch.nn.Module or cnnlib.network.Sequential
        It computes as in ``eval`` mode, on its own device and in its own precision, and is afterwards as it
        was. A PyTorch network on the device "meta" is only measured: nothing is computed.
    input_shape : tuple of int
        Shape of an image, (C, H, W), without the batch.

    Returns
    -------
    Summary
        It prints as a table, in a notebook as HTML.

    Raises
    ------
    TypeError, ValueError
        If there is no such network or shape, or what the network itself raises for such an image.

    Examples
    --------
    >>> from cnnlib.layers import Conv2d, Linear, MaxPool2d
    >>> net = Sequential(Conv2d(1, 2, 3), MaxPool2d(2), Flatten(), Linear(8, 3))
    >>> print(summarize(net, (1, 6, 6)))  # 2 x 4 x 4 values, each of 9 products
    Sequential, one image of 1 × 6 × 6
    layer  kind       shape      activations  weights  biases  multiply-adds   sees
    -------------------------------------------------------------------------------
    input  Input      1 × 6 × 6           36        -       -              -  1 × 1
    0      Conv2d     2 × 4 × 4           32       18       2            288  3 × 3
    1      MaxPool2d  2 × 2 × 2            8        -       -              -  4 × 4
    3      Linear     3                    3       24       3             24  6 × 6
    -------------------------------------------------------------------------------
    sum                                   79       42       5            312
    """
    shape = tuple(integer(size, "each size of input_shape", 1) for size in input_shape)
    title = f"{type(model).__name__}, one image of {' × '.join(map(str, shape))}"
    if isinstance(model, Sequential):
        return Summary(title, _numpy_rows(model, shape), _dtype(model).itemsize)
    if not hasattr(model, "named_modules"):
        raise TypeError(
            f"model must be a torch.nn.Module or a cnnlib.network.Sequential: got {type(model).__name__}"
        )
    from cnnlib.tracing import trace  # and with it torch, which is there, because the network is

    parameter = next(model.parameters(), None)
    return Summary(
        title,
        [Row(*step) for step in trace(model, shape)],
        4 if parameter is None else parameter.element_size(),
    )


def _numpy_rows(model, shape):
    """Send an image through copies of the layers, which share their weights."""
    layers = [(name, copy.copy(layer)) for name, layer in _leaves(model)]
    fields = receptive_field([layer for _, layer in layers])
    x = np.zeros((1, *shape), _dtype(model))
    seen, units = (1,) * (len(shape) - 1), shape[1:]
    jump = seen
    rows = [Row("input", "Input", shape, math.prod(shape), receptive_field=seen or None)]
    for (name, layer), field in zip(layers, fields, strict=True):
        y = (layer.eval() if hasattr(layer, "eval") else layer).forward(x)
        if y.ndim == 4:
            seen, jump, units = field.size, field.jump, y.shape[2:]
        elif getattr(layer, "weight", None) is not None and math.prod(units) > 1:
            seen = tuple(s + (n - 1) * j for s, n, j in zip(seen, units, jump, strict=True))
            units = (1, 1)
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        in_place = isinstance(layer, Flatten) or np.shares_memory(x, y)
        rows.append(
            Row(
                name,
                type(layer).__name__,
                y.shape[1:],
                0 if in_place else y.size,
                0 if weight is None else weight.size,
                0 if bias is None else bias.size,
                0 if weight is None or weight.ndim < 2 else y.size * weight[0].size,
                seen or None,
                0 if len(rows) == 1 else x.size,
                trainable=sum(p.size for p in (weight, bias) if p is not None),
            )
        )
        x = y
    return rows


def _leaves(model, prefix=""):
    """The layers of a NumPy network by name, also of those inside another."""
    for index, layer in enumerate(model):
        if isinstance(layer, Sequential):
            yield from _leaves(layer, f"{prefix}{index}.")
        else:
            yield f"{prefix}{index}", layer


def _dtype(model):
    return next((parameter.dtype for parameter in model.parameters()), np.dtype(np.float64))


def _positions(row):
    """Bytes of the positions of the maxima, which PyTorch's max-pooling always writes down."""
    return 8 * row.activations if row.kind.lower().startswith(("maxpool", "max_pool")) else 0


def _count(value):
    return f"{value:,}" if value else "-"
