"""A network as a list of layers: the output of one becomes the input of the next."""


class Sequential:
    """Layers, one after the other.

    Any object with ``forward(x)`` and ``backward(dy)`` is a layer; its parameters are what it calls
    ``weight`` and ``bias``, their gradients ``dweight`` and ``dbias``. A Sequential is a layer too.

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

    def backward(self, dy):
        """Send dy back through all layers, last to first, and return the gradient for x.

        Raises
        ------
        RuntimeError
            If nothing went forward before.
        """
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

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
        if not self.layers:
            return "Sequential()"
        lines = [f"({index}): {layer}" for index, layer in enumerate(self.layers)]
        body = "\n".join(lines).replace("\n", "\n  ")
        return f"Sequential(\n  {body}\n)"
