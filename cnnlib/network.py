"""A network as a list of layers: the output of one becomes the input of the next. LeNet-5; training."""

import numpy as np

from cnnlib.fitting import NotFinite, fit
from cnnlib.history import History
from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.layers.base import generator

__all__ = ["History", "LeNet5", "NotFinite", "Sequential", "fit"]


class Sequential:
    """Layers, one after the other.

    Any object with ``forward(x)`` and ``backward(dy)`` is a layer; its parameters are what it calls
    ``weight`` and ``bias``, their gradients ``dweight`` and ``dbias``. What it lacks of ``train``, ``eval``
    and ``astype`` is not called. A Sequential is a layer too.

    Parameters
    ----------
    *layers
        In the order in which they compute. ``net[0]`` is the first, ``net[:2]`` a Sequential of the
        first two (the same layers, not copies), ``len(net)`` how many there are.

    Raises
    ------
    TypeError
        If something is not a layer.
    ValueError
        If a layer appears twice: it remembers one forward pass, so the second would erase the first.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.layers import Linear, ReLU
    >>> net = Sequential(Linear(2, 2, bias=False), ReLU())
    >>> net[0].weight = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> net.forward(np.array([[5.0, 3.0]]))  # 5 - 3 and -5 + 3, which the ReLU makes 0
    array([[2., 0.]])
    >>> net.backward(np.array([[1.0, 1.0]]))  # only the first output lets a gradient through
    array([[ 1., -1.]])
    """

    def __init__(self, *layers):
        self.layers = layers
        for index, layer in enumerate(layers):
            if isinstance(layer, type) or not (hasattr(layer, "forward") and hasattr(layer, "backward")):
                raise TypeError(f"a layer needs forward(x) and backward(dy): got {layer!r} at {index}")
        leaves = list(self._leaves())
        for index, layer in enumerate(leaves):
            if any(layer is earlier for earlier in leaves[:index]):
                raise ValueError(
                    f"each layer may appear only once, because it remembers one pass: got {layer} twice"
                )

    def forward(self, x):
        """Send x through all layers, first to last, and return what the last one returns."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy, need_dx=True):
        """Send dy back through all layers, last to first, and return the gradient for x.

        Parameters
        ----------
        dy : ndarray of the shape that `forward` returned
            Gradient of the loss with respect to what `forward` returned.
        need_dx : bool
            Whether the gradient for x is wanted. To train, it is not: then the way back ends at the
            first layer with parameters, which computes their gradients only, and None is returned.
            That layer's `backward` must take ``need_dx``, too.

        Raises
        ------
        RuntimeError
            If nothing went forward before.
        """
        if need_dx:
            for layer in reversed(self.layers):
                dy = layer.backward(dy)
            return dy
        learning = [i for i, layer in enumerate(self.layers) if Sequential(layer).parameters()]
        if learning:
            first = learning[0]
            for layer in reversed(self.layers[first + 1 :]):
                dy = layer.backward(dy)
            self.layers[first].backward(dy, need_dx=False)
        return None

    def train(self, mode=True):
        """Tell all layers to behave as in training, or not if `mode` is False; return the network."""
        for layer in self.layers:
            if hasattr(layer, "train"):
                layer.train(mode)
        return self

    def eval(self):
        """Tell all layers to behave as after training; return the network."""
        return self.train(False)

    def astype(self, dtype):
        """Convert all layers to float32 or float64; return the network.

        Parameters are replaced by arrays of the new type, so call it before you hand them to anything
        that keeps them. Images and gradients must then be of that type, too.

        Raises
        ------
        TypeError
            If `dtype` is neither ``np.float32`` nor ``np.float64``.

        Examples
        --------
        >>> net = Sequential(Linear(2, 1)).astype(np.float32)
        >>> net.forward(np.ones((1, 2), np.float32)).dtype
        dtype('float32')
        """
        for layer in self.layers:
            if hasattr(layer, "astype"):
                layer.astype(dtype)
        return self

    def parameters(self):
        """List the parameters: weight, then bias, of each layer that has them, first to last.

        They are the layers' own arrays: ``parameter -= step`` changes the network.
        """
        return [parameter for _, _, parameter in self._named_parameters()]

    def gradients(self):
        """List the gradients that the last `backward` computed, in the order of `parameters`.

        Raises
        ------
        RuntimeError
            If nothing came back before.
        """
        gradients = []
        for layer, name, _ in self._named_parameters():
            gradient = getattr(layer, f"d{name}", None)
            if gradient is None:
                raise RuntimeError(
                    f"gradients() needs a call of backward(dy) before it: {layer} has no d{name}"
                )
            gradients.append(gradient)
        return gradients

    def _leaves(self):
        """Go through the layers, and through those of a Sequential inside this one."""
        for layer in self.layers:
            if isinstance(layer, Sequential):
                yield from layer._leaves()
            else:
                yield layer

    def _named_parameters(self):
        for layer in self._leaves():
            for name in ("weight", "bias"):
                parameter = getattr(layer, name, None)
                if parameter is not None:
                    yield layer, name, parameter

    def __iter__(self):
        return iter(self.layers)

    def __len__(self):
        return len(self.layers)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Sequential(*self.layers[index])
        return self.layers[index]

    def __repr__(self):
        name = type(self).__name__
        if not self.layers:
            return f"{name}()"
        lines = [f"({index}): {layer}" for index, layer in enumerate(self.layers)]
        body = "\n".join(lines).replace("\n", "\n  ")
        return f"{name}(\n  {body}\n)"


class LeNet5(Sequential):
    """LeNet-5 as it is built today: two convolutions, each with pooling, and three fully connected layers.

    For images of 32 x 32 pixels; digits of 28 x 28 get two pixels of padding on each side. With one input
    channel and ten classes it has 61,706 parameters.

    Parameters
    ----------
    num_classes : int
        How many votes come out.
    in_channels : int
        Channels of the images.
    rng : numpy.random.Generator, optional
        Draws the parameters, first layer first; ``np.random.default_rng(0)`` unless given.
    dtype : numpy.dtype or what names one
        Type of the parameters and of all that goes through: ``np.float32`` or ``np.float64``.

    Notes
    -----
    The layers' sizes are the paper's; four things it did otherwise:

    - Its subsampling added up the four pixels of a window, then scaled and shifted the sum by two learned
      numbers for each map and squashed it; here is max-pooling, which learns nothing.
    - Its activation was a scaled hyperbolic tangent, 1.7159 tanh(2/3 a); here is ReLU.
    - In its second convolution (C3) a map saw 3, 4 or 6 of the 6 maps before, by a table: 1,516
      parameters; here each sees all 6: 2,416.
    - Its output units, radial basis functions, measured the distance to a drawn 7 x 12 picture of each class,
      and a small distance was a vote; here is a linear layer, made for `cnnlib.losses.CrossEntropyLoss`.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86(11):2278-2324, 1998.

    Examples
    --------
    >>> net = LeNet5()
    >>> net.forward(np.zeros((7, 1, 32, 32), np.float32)).shape
    (7, 10)
    >>> sum(parameter.size for parameter in net.parameters())
    61706
    """

    def __init__(self, num_classes=10, *, in_channels=1, rng=None, dtype=np.float32):
        rng = generator(rng)
        super().__init__(
            Conv2d(in_channels, 6, 5, rng=rng),  # (N, 6, 28, 28)
            ReLU(),
            MaxPool2d(2),  # (N, 6, 14, 14)
            Conv2d(6, 16, 5, rng=rng),  # (N, 16, 10, 10)
            ReLU(),
            MaxPool2d(2),  # (N, 16, 5, 5)
            Flatten(),  # (N, 400)
            Linear(400, 120, rng=rng),
            ReLU(),
            Linear(120, 84, rng=rng),
            ReLU(),
            Linear(84, num_classes, rng=rng),
        )
        self.astype(dtype)
