"""Gradients by brute force: change one number at a time and watch the result."""

import numpy as np


def numerical_gradient(f, x, eps=1e-5):
    """Approximate the gradient of a scalar function with centred differences.

    Each entry of `x` is moved up and down by `eps`, in place, and ``f(x)`` is called both times:
    ``(f(x + eps) - f(x - eps)) / (2 * eps)``. So `f` may use its argument, or, where `x` is for
    example the weight of a layer, ignore the argument and run the layer. The error shrinks with the
    square of `eps`, until rounding takes over.

    Parameters
    ----------
    f : callable
        Takes `x`, returns a number.
    x : ndarray of any shape
        Where to differentiate; float64, and left exactly as it was.
    eps : float
        How far each entry moves, in the units of `x`.

    Returns
    -------
    ndarray of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not a float64 array: float32 keeps too few digits for a difference this small.
    ValueError
        If `x` cannot be written to, `eps` is not positive, or `f` does not return one number.

    References
    ----------
    W. H. Press, S. A. Teukolsky, W. T. Vetterling, B. P. Flannery, "Numerical Recipes", 3rd
    edition, Cambridge University Press, 2007, section 5.7.

    Examples
    --------
    >>> x = np.array([1.0, -2.0])
    >>> numerical_gradient(lambda x: (x**2).sum(), x).round(6)  # 2 * x
    array([ 2., -4.])
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        kind = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"x must be an array of float64: got {kind}; convert with np.asarray(x, dtype=float)")
    if not x.flags.writeable:
        raise ValueError("x must be writable, because its entries are moved in place: pass x.copy()")
    if not eps > 0:
        raise ValueError(f"eps must be greater than 0: got {eps}")

    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        before = x[index]
        try:
            x[index] = before + eps
            above = _one_number(f(x))
            x[index] = before - eps
            below = _one_number(f(x))
        finally:
            x[index] = before  # also when f fails
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def _one_number(value):
    if np.size(value) != 1:
        raise ValueError(f"f must return one number: got an array of shape {np.shape(value)}")
    return np.asarray(value).item()
