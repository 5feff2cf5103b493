"""What all layers share: parameters of one type, two modes, and checks."""

import math

import numpy as np

from cnnlib.precision import float_type


class Layer:
    """A layer without parameters, which behaves alike in training and afterwards.

    A layer of your own inherits from this class, checks with `_check_x` and `_check_dy` what comes in,
    and returns from `forward` through `_pass`. If it has parameters, it calls them ``weight`` and
    ``bias``, and its `backward` takes ``need_dx=True`` and returns None where dx is not needed.
    """

    weight = bias = dweight = dbias = None
    training = True
    _arrays = ("weight", "bias")  # what is of the same type as x
    _passed = None  # shape and dtype of what forward returned last

    def train(self, mode=True):
        """Go on as in training, or not if `mode` is False; return the layer itself."""
        self.training = mode
        return self

    def eval(self):
        """Go on as after training; return the layer itself."""
        return self.train(False)

    def astype(self, dtype):
        """Convert the layer to float32 or float64.

        Parameters are replaced by arrays of the new type, so call it before you hand them to anything
        that keeps them. Gradients and the last pass are forgotten.

        Parameters
        ----------
        dtype : numpy.dtype or what names one
            ``np.float32`` or ``np.float64``.

        Returns
        -------
        Layer
            The layer itself.

        Raises
        ------
        TypeError
            If it is another type.
        """
        dtype = float_type(dtype)
        for name in self._arrays:
            if getattr(self, name) is not None:
                setattr(self, name, getattr(self, name).astype(dtype, copy=False))
        self.dweight = self.dbias = self._passed = None
        return self

    def _check_x(self, x, shape=None):
        """Check what goes forward; None allows any shape."""
        x = np.asarray(x)
        if x.dtype not in (np.float32, np.float64):
            raise TypeError(
                f"{self} needs floating point, float32 or float64: got x of {x.dtype}; "
                f"convert with x.astype(np.float32) or x.astype(np.float64)"
            )
        for name in self._arrays:
            array = getattr(self, name)
            if array is not None and array.dtype != x.dtype:
                raise TypeError(
                    f"{self} needs x and {name} of the same type: got x of {x.dtype} and {name} of "
                    f"{array.dtype}; convert x with x.astype(np.{array.dtype}) or the layer, or the whole "
                    f"network, with .astype(np.{x.dtype})"
                )
        if shape is not None and not _matches(x.shape, shape):
            raise ValueError(f"{self} expected x of shape ({', '.join(map(str, shape))}): got {x.shape}")
        return x

    def _check_dy(self, dy):
        """Check what comes back: it must look like what forward returned."""
        if self._passed is None:
            raise RuntimeError(f"{self}: backward(dy) needs a call of forward(x) before it")
        dy = np.asarray(dy)
        shape, dtype = self._passed
        if dy.shape != shape:
            raise ValueError(f"{self} expected dy of shape {shape}, as forward returned: got {dy.shape}")
        if dy.dtype != dtype:
            raise TypeError(f"{self} expected dy of {dtype}, as forward returned: got {dy.dtype}")
        return dy

    def _pass(self, y):
        self._passed = y.shape, y.dtype
        return y


def _matches(shape, pattern):
    """Compare shapes; in the pattern, a name stands for any size."""
    return len(shape) == len(pattern) and all(
        isinstance(wanted, str) or size == wanted for size, wanted in zip(shape, pattern, strict=True)
    )


def uniform(rng, shape, fan_in):
    """Draw from -1/sqrt(fan_in) to 1/sqrt(fan_in); fan_in is how many inputs an output depends on."""
    bound = 1 / math.sqrt(fan_in)
    return rng.uniform(-bound, bound, shape)


def generator(rng):
    """Check that `rng` is a random generator; in place of None make one of seed 0."""
    if rng is None:
        return np.random.default_rng(0)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator: got {type(rng).__name__}")
    return rng
