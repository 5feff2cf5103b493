"""float32 or float64, and never both at once: one rule and its messages, for everything that computes."""

import numpy as np


def floats(**arrays):
    """Check that arrays are all float32 or all float64.

    Parameters
    ----------
    **arrays : array_like
        By the names under which an error shall speak of them.

    Returns
    -------
    list of ndarray
        In the order given.

    Raises
    ------
    TypeError
        If an array is neither, or they are not all of one type.

    Examples
    --------
    >>> x, y = floats(x=[1.0, 2.0], y=np.zeros(3))
    >>> x.dtype, y.dtype
    (dtype('float64'), dtype('float64'))
    """
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if array.dtype not in (np.float32, np.float64):
            raise TypeError(
                f"{name} must be float32 or float64: got {array.dtype}; "
                f"convert it, for example with {name}.astype(np.float32)"
            )
    if len({array.dtype for array in arrays.values()}) > 1:
        types = ", ".join(f"{name} of {array.dtype}" for name, array in arrays.items())
        raise TypeError(f"arrays must be of one type: got {types}; convert with astype")
    return list(arrays.values())


def float_type(dtype):
    """Check that `dtype` names float32 or float64, and return it as a numpy.dtype.

    Examples
    --------
    >>> float_type(np.float32)
    dtype('float32')
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"dtype must be np.float32 or np.float64: got {dtype}")
    return dtype
