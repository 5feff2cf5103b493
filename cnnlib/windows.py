"""Windows that slide over an image: how many fit, what they see, and the way back.

Three ways to look at the same windows. `output_size` counts them along one axis, `correlate2d`
multiplies each with a kernel and adds up, and `im2col` writes each as a column, which turns a
convolution into one matrix product. `col2im` is the transpose of `im2col`.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def integer(value, name, minimum=0):
    """Check that `value` is a whole number, not a truth value, and at least `minimum`."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer: got {value!r}")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}: got {value}")
    return int(value)


def pair(value, name, minimum=0):
    """Turn one number for both axes, or one for each, into a pair (rows, cols).

    Parameters
    ----------
    value : int or (int, int)
        One number stands for rows and columns alike.
    name : str
        What the value is called in error messages.
    minimum : int
        The smallest value allowed.

    Returns
    -------
    (int, int)

    Raises
    ------
    TypeError, ValueError
        If there are not two integers, or one is smaller than `minimum`.

    Examples
    --------
    >>> pair(2, "stride"), pair((2, 1), "stride")
    ((2, 2), (2, 1))
    """
    if not isinstance(value, (tuple, list, np.ndarray)):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{name} must be one integer or a pair (rows, cols): got {value!r}")
    rows, cols = value
    return integer(rows, name, minimum), integer(cols, name, minimum)


def output_size(size, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False):
    """Count the positions of a window along one axis.

    ``floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1``

    Parameters
    ----------
    size : int
        Length of the input along the axis, in pixels.
    kernel_size : int
        Length of the window, in pixels that it looks at.
    stride : int
        Pixels from one window to the next.
    padding : int
        Pixels added at each end.
    dilation : int
        Pixels from one pixel of the window to the next.
    ceil_mode : bool
        Round up: count a last window that sticks out, provided that it starts inside the input or
        the padding before it. Pooling can use such a window, a convolution cannot.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If a number is not an integer.
    ValueError
        If a number is too small, or no window fits.

    References
    ----------
    V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016,
    arXiv:1603.07285.

    Examples
    --------
    >>> output_size(9, 3)
    7
    >>> output_size(7, 2, stride=2), output_size(7, 2, stride=2, ceil_mode=True)
    (3, 4)
    """
    size = integer(size, "size", 1)
    kernel_size = integer(kernel_size, "kernel_size", 1)
    stride = integer(stride, "stride", 1)
    padding = integer(padding, "padding")
    dilation = integer(dilation, "dilation", 1)

    span = dilation * (kernel_size - 1) + 1  # pixels from the window's first to its last
    room = size + 2 * padding - span  # pixels that are left for the window to move
    steps = -(-room // stride) if ceil_mode else room // stride
    if steps < 0:
        spread = f" with dilation={dilation} spans {span}" if dilation > 1 else ""
        raise ValueError(
            f"kernel_size must fit in the padded input: got kernel_size={kernel_size}{spread}, "
            f"but size={size} with padding={padding} gives {size + 2 * padding}"
        )
    if ceil_mode and steps * stride >= size + padding:
        steps -= 1  # the last window would start where there is nothing but padding
    return steps + 1


def meeting(count, offset, stride, size):
    """Find which of `count` positions look at a pixel that exists, along one axis.

    Position p looks at pixel ``p * stride + offset``, and there are `size` pixels.

    Returns
    -------
    positions, pixels : slice
        Of the same length: the n-th of these positions looks at the n-th of these pixels.

    Examples
    --------
    >>> positions, pixels = meeting(4, offset=-1, stride=2, size=6)  # they look at -1, 1, 3 and 5
    >>> list(range(4))[positions], list(range(6))[pixels]
    ([1, 2, 3], [1, 3, 5])
    """
    start = max(0, -(offset // stride))  # the first that looks at 0 or beyond: -offset / stride, rounded up
    stop = max(start, min(count, (size - 1 - offset) // stride + 1))
    pixel = start * stride + offset
    return slice(start, stop), slice(pixel, pixel + (stop - start) * stride, stride)


def correlate2d(image, kernel):
    """Slide a kernel over an image; at each position multiply, then add up.

    The kernel is not flipped, and it stays inside the image.

    Parameters
    ----------
    image : array_like of shape (H, W)
        One channel; computed in float64, whatever the type.
    kernel : array_like of shape (KH, KW)
        What to look for.

    Returns
    -------
    ndarray of shape (H - KH + 1, W - KW + 1)

    Raises
    ------
    ValueError
        If one of them does not have two axes, or the kernel does not fit in the image.

    Examples
    --------
    >>> correlate2d([[1, 2, 3], [4, 5, 6]], [[1, 0], [0, 1]])  # 1 + 5 and 2 + 6
    array([[6., 8.]])
    """
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    for name, array in (("image", image), ("kernel", kernel)):
        if array.ndim != 2:
            raise ValueError(f"{name} must have two axes, rows and columns: got shape {array.shape}")
    for size, kernel_size in zip(image.shape, kernel.shape, strict=True):
        output_size(size, kernel_size)  # complains if the kernel does not fit
    windows = sliding_window_view(image, kernel.shape)  # (H - KH + 1, W - KW + 1, KH, KW)
    return (windows * kernel).sum(axis=(2, 3))


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    """Write what each window sees as a column.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        Images.
    kernel_size, stride, padding, dilation : int or (int, int)
        The windows, as in `output_size`; a pair is for rows and for columns.

    Returns
    -------
    ndarray of shape (N, C * KH * KW, OH * OW)
        One column for each window, windows in reading order. The rows go through the channels and
        in each of them through the window, in reading order. (``torch.nn.functional.unfold``
        returns the same.)

    Raises
    ------
    TypeError, ValueError
        As `output_size`, or if `x` does not have four axes.

    References
    ----------
    K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for
    document processing", IWFHR 2006.

    Examples
    --------
    >>> x = np.array([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]])
    >>> im2col(x, 2)
    array([[[1, 2, 4, 5],
            [2, 3, 5, 6],
            [4, 5, 7, 8],
            [5, 6, 8, 9]]])
    """
    x = np.asarray(x)
    (OH, OW), (KH, KW), (PH, PW), pixels = _positions(x.shape, kernel_size, stride, padding, dilation)
    N, C, _, _ = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (PH, PH), (PW, PW)))
    columns = np.empty((N, C, KH, KW, OH, OW), x.dtype)
    for i, j, rows, cols in pixels:
        columns[:, :, i, j] = padded[:, :, rows, cols]
    return columns.reshape(N, C * KH * KW, OH * OW)


def col2im(columns, input_shape, kernel_size, stride=1, padding=0, dilation=1):
    """Add each column back to the pixels it came from: the transpose of `im2col`.

    It is not the inverse: a pixel that four windows see receives four numbers.

    Parameters
    ----------
    columns : ndarray of shape (N, C * KH * KW, OH * OW)
        As `im2col` returns them.
    input_shape : (int, int, int, int)
        The images' shape, (N, C, H, W).
    kernel_size, stride, padding, dilation : int or (int, int)
        The same as for `im2col`.

    Returns
    -------
    ndarray of shape (N, C, H, W)

    Raises
    ------
    TypeError, ValueError
        As `im2col`, or if `columns` does not have the shape that `im2col` returns.

    Examples
    --------
    >>> col2im(np.ones((1, 4, 4)), (1, 1, 3, 3), kernel_size=2)[0, 0]  # how many windows see it
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    columns = np.asarray(columns)
    (OH, OW), (KH, KW), (PH, PW), pixels = _positions(input_shape, kernel_size, stride, padding, dilation)
    N, C, H, W = input_shape
    if columns.shape != (N, C * KH * KW, OH * OW):
        raise ValueError(
            f"columns must have shape (N, C * KH * KW, OH * OW) = {(N, C * KH * KW, OH * OW)} "
            f"for images of shape {tuple(input_shape)}: got {columns.shape}"
        )
    columns = columns.reshape(N, C, KH, KW, OH, OW)
    padded = np.zeros((N, C, H + 2 * PH, W + 2 * PW), columns.dtype)
    for i, j, rows, cols in pixels:
        padded[:, :, rows, cols] += columns[:, :, i, j]
    return padded[:, :, PH : PH + H, PW : PW + W]


def _positions(shape, kernel_size, stride, padding, dilation):
    """Output size, kernel size and padding as pairs, and what each pixel of the kernel meets.

    The last is a list of (i, j, rows, cols): over all windows, pixel (i, j) of the kernel meets the
    padded image's pixels [rows, cols], two slices of lengths OH and OW.
    """
    if len(shape) != 4:
        raise ValueError(f"images must have shape (N, C, H, W): got {tuple(shape)}")
    KH, KW = pair(kernel_size, "kernel_size", 1)
    SH, SW = pair(stride, "stride", 1)
    PH, PW = pair(padding, "padding")
    DH, DW = pair(dilation, "dilation", 1)
    OH = output_size(shape[2], KH, SH, PH, DH)
    OW = output_size(shape[3], KW, SW, PW, DW)
    pixels = [
        (i, j, slice(i * DH, i * DH + OH * SH, SH), slice(j * DW, j * DW + OW * SW, SW))
        for i in range(KH)
        for j in range(KW)
    ]
    return (OH, OW), (KH, KW), (PH, PW), pixels
