"""What happens in one forward pass of a PyTorch network: every layer, and every operation between layers.

Hooks tell when a layer begins and ends. A dispatch mode sees each operation below them, also those that a
``forward`` writes out itself, such as ``F.relu(x)`` or ``x + y``; from its arguments follow the
multiply-adds, the receptive field, and whether a result has memory of its own or shares its input's.
`MemoryMeter` watches the memory of a pass in the same way.
"""

import weakref
from typing import NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

# What autograd keeps of a layer or an operation for the way back, beside its parameters. The others keep
# what came in.
KEEPS_OUTPUT = {"ReLU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "relu", "sigmoid", "tanh", "_softmax"}
KEEPS_NOTHING = {"Flatten", "Unflatten", "Identity", "Dropout", "Dropout2d", "add", "sub", "cat", "mean"}
INDEX_BYTES = 8  # a maximum's position


class Axis(NamedTuple):
    """What the units of a map see along one axis of the input, in its pixels, and how many there are."""

    size: int
    jump: int
    start: float  # centre of what the first unit sees
    units: int

    def through(self, kernel_size, stride, padding, dilation, units):
        """Follow windows, as `cnnlib.receptive_field` does."""
        reach = dilation * (kernel_size - 1)
        start = self.start + (reach / 2 - padding) * self.jump
        return Axis(self.size + reach * self.jump, self.jump * stride, start, units)

    def whole(self):
        """One unit that sees what all units see."""
        return self.through(self.units, 1, 0, 1, 1)

    def joined(self, other):
        """Units that see what both see."""
        low = min(axis.start - axis.size / 2 for axis in (self, other))
        high = max(axis.start + axis.size / 2 for axis in (self, other))
        return Axis(round(high - low), self.jump, (low + high) / 2, self.units)


class Origin(NamedTuple):
    """What is known of a tensor: the number of its memory, its field, whether something before it learns."""

    memory: int
    axes: tuple | None
    learns: bool


class Step(NamedTuple):
    """A layer, or an operation between layers, in the order in which they ran.

    Attributes
    ----------
    name : str
        As in ``named_modules``; of an operation, the name of the module whose ``forward`` wrote it.
    kind : str
        Class of the layer, or name of the operation.
    shape : tuple or None
        Of what came out, without the batch; None if it was never called.
    activations : int
        Values of an image that went into memory of its own: 0 for what works in place or only reshapes.
    weights, biases, trainable : int
        Parameters that no step before had, and how many of them learn.
    multiply_adds : int
    receptive_field : tuple or None
        Pixels along each axis; None if it is not known.
    reads : int
        Values of an image that came in, the image itself left out.
    kept_bytes : int
        What autograd keeps of an image for the way back, and did not keep for a step before.
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
    kept_bytes: int = 0
    trainable: int = 0


class _Trace(TorchDispatchMode):
    """Watches a forward pass of one image; `steps` is what it saw."""

    def __init__(self, model, x):
        super().__init__()
        self.names = {module: name for name, module in model.named_modules()}
        self.steps, self.kept, self.counted = [], set(), set()
        self.tensors, self.origins, self.memories = [], {}, {}  # all are kept, so that no id comes twice
        self.multiply_adds = 0
        self.running, self.before = [], []  # modules that run; of a layer: what was known when it began
        axes = tuple(Axis(1, 1, 0.0, units) for units in x.shape[2:])
        self.image = self.know(x, axes, False).memory
        field = (1,) * len(axes) or None
        self.steps.append(Step("input", "Input", tuple(x.shape[1:]), x[0].numel(), receptive_field=field))

    def know(self, tensor, axes, learns):
        """Keep what is known of a tensor."""
        storage = tensor.untyped_storage()._cdata
        memory = self.memories.setdefault(storage, len(self.memories))
        self.tensors.append(tensor)
        self.origins[id(tensor)] = Origin(memory, axes, learns)
        return self.origins[id(tensor)]

    def known(self, values):
        """The tensors in a structure that came from the image."""
        return [t for t in tree_iter(values) if isinstance(t, torch.Tensor) and id(t) in self.origins]

    # Operations.

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        memories = len(self.memories)
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        self.multiply_adds += _multiply_adds(name, args, out)
        inputs = self.known((args, kwargs))
        if inputs:
            learns = any(self.origins[id(t)].learns for t in inputs)
            learns |= any(isinstance(a, torch.nn.Parameter) and a.requires_grad for a in tree_iter(args))
            fields = [self.origins[id(t)].axes for t in inputs]
            for tensor in tree_iter(out):
                if isinstance(tensor, torch.Tensor):
                    self.know(tensor, _axes(name, args, inputs, fields, tensor), learns)
            if not self.before:
                kind = name.removesuffix("_").removesuffix("_with_indices")
                where = self.names[self.running[-1]] if self.running else ""
                self.step(where, kind, inputs, out, memories, self.multiply_adds)
                self.multiply_adds = 0
        return out

    # Layers.

    def begin(self, module, args):
        self.running.append(module)
        if not any(module.children()):
            self.before.append((len(self.memories), self.multiply_adds, self.known(args)))

    def end(self, module, args, out):
        self.running.pop()
        if not any(module.children()):
            memories, multiply_adds, inputs = self.before.pop()
            self.multiply_adds, multiply_adds = multiply_adds, self.multiply_adds - multiply_adds
            self.step(self.names[module], type(module).__name__, inputs, out, memories, multiply_adds, module)

    def step(self, name, kind, inputs, out, memories, multiply_adds, module=None):
        """Write down a layer, or an operation that made something new."""
        outputs = self.known(out)
        if not outputs:
            return
        new = {self.origins[id(t)].memory: t[0].numel() for t in outputs if t.is_floating_point()}
        activations = sum(size for memory, size in new.items() if memory >= memories)
        if module is None and not activations:
            return
        weights, biases, trainable = self.parameters(module) if module is not None else (0, 0, 0)
        if module is not None and any(p.requires_grad for p in module.parameters(recurse=False)):
            for tensor in outputs:
                self.origins[id(tensor)] = self.origins[id(tensor)]._replace(learns=True)
        axes = self.origins[id(outputs[0])].axes
        self.steps.append(
            Step(
                name,
                kind,
                tuple(outputs[0].shape[1:]),
                activations,
                weights,
                biases,
                multiply_adds,
                tuple(axis.size for axis in axes) if axes else None,
                sum(t[0].numel() for t in inputs if self.origins[id(t)].memory != self.image),
                self.keep(kind, inputs, outputs, trainable, module),
                trainable,
            )
        )

    def parameters(self, module):
        """Count the parameters of a module itself that no step has counted yet."""
        counts = {"weights": 0, "biases": 0, "trainable": 0}
        for name, parameter in module.named_parameters(recurse=False):
            if parameter not in self.counted:
                self.counted.add(parameter)
                counts["biases" if "bias" in name else "weights"] += parameter.numel()
                counts["trainable"] += parameter.numel() * parameter.requires_grad
        return tuple(counts.values())

    def keep(self, kind, inputs, outputs, trainable, module):
        """Bytes that autograd keeps of a step and did not keep before."""
        learned = any(self.origins[id(t)].learns for t in inputs)
        multiplies = kind.startswith(("Conv", "Linear"))
        if not (learned or trainable) or (multiplies and not trainable):
            return 0
        size = 0
        if kind in KEEPS_OUTPUT:
            kept = outputs
        else:
            kept = [] if kind in KEEPS_NOTHING else inputs
            if kind.lower().startswith(("maxpool", "max_pool")):
                size += outputs[0][0].numel() * INDEX_BYTES
            if kind.startswith("Dropout") and module.p > 0:  # in training: a mask, and an output of its own
                size += 2 * outputs[0][0].numel() * outputs[0].element_size()
        for tensor in kept:
            memory = self.origins[id(tensor)].memory
            if memory not in self.kept and tensor.is_floating_point():
                self.kept.add(memory)
                size += tensor[0].numel() * tensor.element_size()
        return size

    def rest(self, model):
        """Add a step for each module whose parameters no step has counted."""
        for module in self.names:
            weights, biases, trainable = self.parameters(module)
            if weights or biases:
                name, kind = self.names[module], type(module).__name__
                self.steps.append(Step(name, kind, None, 0, weights, biases, trainable=trainable))


def trace(model, input_shape):
    """Send one image of zeros through a network and write down what happens.

    Parameters
    ----------
    model : torch.nn.Module
        Run in ``eval`` mode and without gradients; afterwards as it was. On the device "meta" only shapes
        are computed.
    input_shape : tuple of int
        Shape of an image, without the batch.

    Returns
    -------
    list of Step
        The first is the image itself.
    """
    parameter = next(model.parameters(), torch.empty(0))
    x = torch.zeros((1, *input_shape), dtype=parameter.dtype, device=parameter.device)
    watch = _Trace(model, x)
    training = {module: module.training for module in model.modules()}
    hooks = []
    try:
        for module in model.eval().modules():
            hooks.append(module.register_forward_pre_hook(watch.begin))
            hooks.append(module.register_forward_hook(watch.end))
        with torch.no_grad(), watch:
            model(x)
    finally:
        for hook in hooks:
            hook.remove()
        for module, mode in training.items():
            module.training = mode
    watch.rest(model)
    return watch.steps


def _multiply_adds(name, args, out):
    """Multiply-adds of the operations that are sums of products."""
    if name == "convolution":
        x, weight, *_ = args
        transposed = args[6]  # each value that comes in, instead of each that goes out, meets a filter
        return (x if transposed else out).numel() * weight[0].numel()
    if name in ("mm", "bmm"):
        return out.numel() * args[0].shape[-1]
    if name in ("addmm", "baddbmm"):
        return out.numel() * args[1].shape[-1]
    return 0


def _axes(name, args, inputs, fields, out):
    """What the units of a result see; None if that is not known."""
    if not fields[0] or any(field is None or len(field) != len(fields[0]) for field in fields):
        return None
    axes, x = fields[0], inputs[0]
    if name == "convolution":
        _, weight, _, stride, padding, dilation, transposed, *_ = args
        return None if transposed else _windows(axes, out, weight.shape[2:], stride, padding, dilation)
    if name.startswith(("max_pool", "avg_pool")):
        kernel, stride, padding, dilation = (*args[1:5], *((), (), (), ())[len(args) - 1 :])
        dilation = 1 if name.startswith("avg") else dilation
        return _windows(axes, out, kernel, stride or kernel, padding or 0, dilation or 1)
    if name in ("mm", "addmm"):
        return tuple(axis.whole() for axis in axes) if x.ndim == 2 and len(x) == 1 else None
    if name == "mean" and out.numel() * _units(axes) == x.numel():
        return tuple(axis.whole() for axis in axes)
    if "bmm" in name or "attention" in name:
        return None  # who looks at whom is decided by the values
    same = all(len({axis.units for axis in along}) == 1 for along in zip(*fields, strict=True))
    same &= all(len({axis.jump for axis in along}) == 1 for along in zip(*fields, strict=True))
    if not same or out.numel() % _units(axes) or (out.numel() != x.numel() and name != "cat"):
        return None
    for field in fields[1:]:
        axes = tuple(axis.joined(other) for axis, other in zip(axes, field, strict=True))
    return axes


def _units(axes):
    units = 1
    for axis in axes:
        units *= axis.units
    return units


def _windows(axes, out, *window):
    """Send each axis through windows; pooling along one axis comes as pooling along two."""
    dims = max([len(axes), *(len(values) for values in window if not isinstance(values, int))])
    along = zip(*(_each(values, dims) for values in window), strict=True)
    units = out.shape[-dims:]
    both = list(zip(along, units, strict=True))[dims - len(axes) :]
    return tuple(axis.through(*values, count) for axis, (values, count) in zip(axes, both, strict=True))


def _each(values, dims):
    values = [values] if isinstance(values, int) else list(values)
    return values * dims if len(values) == 1 else values


class MemoryMeter(TorchDispatchMode):
    """Measures the memory of PyTorch's tensors inside a ``with``, on any device.

    Each tensor that an operation returns is counted once, when its memory is new, until that memory is given
    back, also on the way back through the network. What an operation uses inside itself is not seen.

    Parameters
    ----------
    *tensors
        Tensors, or lists of them, that are there before: parameters, images.

    Attributes
    ----------
    live, peak : int
        Bytes now, and the most there have been at once.

    Examples
    --------
    >>> x = torch.zeros(1000)  # 4 bytes each
    >>> with MemoryMeter(x) as memory:
    ...     y = x + 1
    ...     del y
    ...     y = x[:10]  # shares the memory of x
    >>> memory.live, memory.peak
    (4000, 8000)
    """

    def __init__(self, *tensors):
        super().__init__()
        self.live = self.peak = 0
        self._sizes = {}
        self._count(tensors)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        self._count(out)
        return out

    def _count(self, values):
        for tensor in tree_iter(values):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                key = storage._cdata
                if key not in self._sizes:
                    self._sizes[key] = storage.nbytes()
                    self.live += storage.nbytes()
                    weakref.finalize(storage, self._gone, key)
        self.peak = max(self.peak, self.live)

    def _gone(self, key):
        self.live -= self._sizes.pop(key)
