"""Shallow descriptors: what a pixel's eight neighbours say, written as one small number, its code.

All of them look at 3x3 pixels and nothing more, so a code map is two rows and two columns smaller than
the image. A face, a digit or a texture is then described by how often each code occurs, block by block
(`block_histograms`), and a classifier such as a support vector machine does the rest. Nothing in here
is learned: that is what makes these descriptors shallow.

The neighbours n[0] ... n[7] are counted from the east against the clock, c is the pixel itself:

    n[3] n[2] n[1]      NW  N  NE
    n[4]  c   n[0]       W  .  E
    n[5] n[6] n[7]      SW  S  SE

How sure each encoding is: `lbp`, `ldp`, `ldn` and `ldtexp` follow their papers; where a paper leaves open
what happens when two responses are equal, the direction with the lower number is taken for the larger
response. `ldterp`, `quest` and `two_phase` are **our reconstructions**: their docstrings say what the source
fixes and what we chose. What they reach on a data set says nothing about the accuracy in those papers.
"""

import numbers

import numpy as np

from cnnlib.windows import integer, pair

NEIGHBOURS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))  # row, column
LARGEST = 2**53  # up to here, float64 tells integers apart

# Mask i answers to an edge whose bright side lies in direction i.
KIRSCH = np.array(
    [
        [[-3, -3, 5], [-3, 0, 5], [-3, -3, 5]],
        [[-3, 5, 5], [-3, 0, 5], [-3, -3, -3]],
        [[5, 5, 5], [-3, 0, -3], [-3, -3, -3]],
        [[5, 5, -3], [5, 0, -3], [-3, -3, -3]],
        [[5, -3, -3], [5, 0, -3], [5, -3, -3]],
        [[-3, -3, -3], [5, 0, -3], [5, 5, -3]],
        [[-3, -3, -3], [-3, 0, -3], [5, 5, 5]],
        [[-3, -3, -3], [-3, 0, 5], [-3, 5, 5]],
    ]
)
ROBINSON = np.array(
    [
        [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]],
        [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
        [[2, 1, 0], [1, 0, -1], [0, -1, -2]],
    ]
)


def kirsch(image):
    """Ask in eight directions how strong an edge is: the responses of the Kirsch masks.

    ``K[i] = 8 * (n[i-1] + n[i] + n[i+1]) - 3 * (n[0] + ... + n[7])``: three neighbours count 5, the
    other five -3. The eight responses add up to 0, and the pixel itself does not count.

    Parameters
    ----------
    image : array_like of shape (H, W)
        Grey levels, of any real type. A grey level is a number on a scale that you choose.

    Returns
    -------
    ndarray of shape (8, H - 2, W - 2)
        Integers for an image of integers, else float64. `KIRSCH` holds the masks.

    Raises
    ------
    TypeError
        If the image does not hold real numbers.
    ValueError
        If it is not of shape (H, W) with at least 3 rows and 3 columns, or not finite.

    References
    ----------
    R. Kirsch, "Computer determination of the constituent structure of biological images", Computers and
    Biomedical Research 4(3), 1971.

    Examples
    --------
    >>> kirsch([[0, 0, 9], [0, 5, 9], [0, 0, 9]])[0]  # east: 3 * 5 * 9
    array([[135]])
    """
    responses = _kirsch(_pixels(image))
    return responses if responses.dtype == float else responses.astype(int)


def robinson(image):
    """Ask in four directions how strong an edge is: the responses of the Robinson masks.

    ``R[i] = n[i-1] + 2 * n[i] + n[i+1] - n[i+3] - 2 * n[i+4] - n[i+5]``. The masks of the other four
    directions are these with the opposite sign, so there is no need for them.

    Parameters
    ----------
    image : array_like of shape (H, W)
        As for `kirsch`.

    Returns
    -------
    ndarray of shape (4, H - 2, W - 2)
        Integers for an image of integers, else float64. `ROBINSON` holds the masks.

    Raises
    ------
    TypeError, ValueError
        As `kirsch`.

    References
    ----------
    G. S. Robinson, "Edge detection by compass gradient masks", Computer Graphics and Image Processing
    6(5), 1977.

    Examples
    --------
    >>> robinson([[0, 0, 9], [0, 5, 9], [0, 0, 9]])[:, 0, 0]  # 9 + 18 + 9; 18 + 9; 9 - 9; -9 - 18
    array([ 36,  27,   0, -27])
    """
    responses = _robinson(_pixels(image))
    return responses if responses.dtype == float else responses.astype(int)


def lbp(image, circular=False):
    """Compute local binary patterns: bit i says whether n[i] is at least as bright as the pixel.

    ``code = sum over i of [n[i] >= c] * 2**i``, 256 codes; `uniform` maps them to 59.

    Parameters
    ----------
    image : array_like of shape (H, W)
        As for `kirsch`.
    circular : bool
        Put the eight neighbours on a circle of radius 1. The diagonal ones are then interpolated between
        four pixels. This is ``skimage.feature.local_binary_pattern(image, 8, 1)`` without its border, and
        like there it is meant for integers: in a flat part of a float image, rounding decides the bits.

    Returns
    -------
    ndarray of int, of shape (H - 2, W - 2)

    Raises
    ------
    TypeError, ValueError
        As `kirsch`.

    References
    ----------
    T. Ojala, M. Pietikäinen, T. Mäenpää, "Multiresolution gray-scale and rotation invariant texture
    classification with local binary patterns", IEEE TPAMI 24(7), 2002.
    C. Shan, S. Gong, P. W. McOwan, "Facial expression recognition based on local binary patterns: a
    comprehensive study", Image and Vision Computing 27(6), 2009.

    Examples
    --------
    >>> lbp([[6, 5, 2], [7, 6, 1], [9, 8, 7]])  # NW, W, SW, S, SE: 8 + 16 + 32 + 64 + 128
    array([[248]])
    """
    pixels = _pixels(image)
    around = _on_circle(pixels.astype(float)) if circular else _around(pixels)
    return _bits(n >= pixels[1:-1, 1:-1] for n in around).astype(int)


def uniform(codes):
    """Map the 256 codes of `lbp` to 59: those with few changes keep a code of their own.

    Go round the eight bits: 58 codes change at most twice between 0 and 1. They become 0 to 57 in
    ascending order; all others become 58. (scikit-image's ``nri_uniform`` numbers the same 59 sets in
    another order.)

    Parameters
    ----------
    codes : array_like of int
        Codes of `lbp`, of any shape.

    Returns
    -------
    ndarray of int, of the same shape

    Raises
    ------
    TypeError, ValueError
        If the codes are not integers from 0 to 255.

    References
    ----------
    As for `lbp`.

    Examples
    --------
    >>> uniform([0, 1, 5, 255])  # 5 is 00000101: it changes four times
    array([ 0,  1, 58, 57])
    """
    return UNIFORM[_bins(codes, np.arange(256))]


def ldp(image):
    """Compute local directional patterns: the bits of the three strongest edge responses.

    Bit i is 1 if ``|K[i]|`` (`kirsch`) is among the three largest. 56 codes.

    Parameters
    ----------
    image : array_like of shape (H, W)
        As for `kirsch`.

    Returns
    -------
    ndarray of int, of shape (H - 2, W - 2)

    Raises
    ------
    TypeError, ValueError
        As `kirsch`.

    References
    ----------
    T. Jabid, M. H. Kabir, O. Chae, "Local directional pattern (LDP) for face recognition", AVSS 2010; the
    same authors, "Robust facial expression recognition based on local directional pattern", ETRI Journal
    32(5), 2010.

    Examples
    --------
    >>> ldp([[0, 0, 9], [0, 5, 9], [0, 0, 9]])  # |K| is 135, 63, 9, 81, 81, 81, 9, 63: 1 + 8 + 16
    array([[25]])
    """
    ranks = _ranks(np.abs(_kirsch(_pixels(image))))
    return _bits(rank < 3 for rank in ranks).astype(int)


def ldn(image):
    """Compute local directional numbers: where the brightest side lies, and where the darkest.

    ``code = 8 * i + j``; i is the direction of the largest response of `kirsch`, j that of the smallest (the
    last one, if there are several). 56 codes, because i and j differ.

    Parameters
    ----------
    image : array_like of shape (H, W)
        As for `kirsch`.

    Returns
    -------
    ndarray of int, of shape (H - 2, W - 2)

    Raises
    ------
    TypeError, ValueError
        As `kirsch`.

    References
    ----------
    A. Ramírez Rivera, J. Rojas Castillo, O. Chae, "Local directional number pattern for face analysis: face
    and expression recognition", IEEE TIP 22(5), 2013.

    Examples
    --------
    >>> ldn([[0, 0, 9], [0, 5, 9], [0, 0, 9]])  # brightest in the east (0), darkest last in the SW (5)
    array([[5]])
    """
    ranks = _ranks(_kirsch(_pixels(image)))
    codes = 8 * _direction(ranks, 0) + _direction(ranks, 7)
    return codes.astype(int)


def ldtexp(image, eps=15):
    """Compute local directional texture patterns: the main direction, and the contrast along two of them.

    P1 and P2 are the directions of the two largest ``|K|`` (`kirsch`); ``d[P] = n[P] - n[P+4]`` is the
    difference between the neighbours on either side; ``T(d)`` is 2 if d > eps, 1 if d < -eps, else 0.
    ``code = 16 * P1 + 4 * T(d[P1]) + T(d[P2])``, 72 codes.

    Parameters
    ----------
    image : array_like of shape (H, W)
        As for `kirsch`.
    eps : float
        Differences up to here count as none, in the image's own grey levels: for an image between 0 and 1,
        a value like ``15 / 255``.

    Returns
    -------
    ndarray of int, of shape (H - 2, W - 2)

    Raises
    ------
    TypeError, ValueError
        As `kirsch`, or if `eps` is not a number from 0 on.

    References
    ----------
    A. Ramírez Rivera, J. Rojas Castillo, O. Chae, "Local directional texture pattern image descriptor",
    Pattern Recognition Letters 51, 2015.

    Examples
    --------
    >>> ldtexp([[0, 0, 90], [0, 50, 90], [0, 0, 90]])  # P1 = E, 90 - 0 is 2; P2 = NW, 0 - 90 is 1
    array([[9]])
    """
    pixels, eps = _pixels(image), _threshold(eps, "eps")
    n = _around(pixels)
    contrast = [_ternary(n[i] - n[(i + 4) % 8], eps) for i in range(8)]
    ranks = _ranks(np.abs(_kirsch(pixels)))
    codes = 16 * _direction(ranks, 0) + 4 * _at(ranks, 0, contrast) + _at(ranks, 1, contrast)
    return codes.astype(int)


def ldterp(image, sigma=15):
    """Compute local directional ternary patterns. **Our reconstruction.**

    g1 and g2 are the directions of the two largest ``|R|`` (`robinson`); ``T`` is as in `ldtexp`, with sigma.
    ``code = 64 * g1 + 16 * T(R[g1]) + 4 * g2 + T(R[g2])``. The layout has room for 108 codes, of which 84 can
    occur: where the strongest response counts as none, so does the second.

    *What the source fixes*: directional information and a ternary pattern are combined, so that a smooth
    region, where directions mean nothing, has a code of its own. *What we chose*: that these are the two
    strongest of Robinson's four masks, the order of the digits, and sigma. The paper then samples a coarse
    and a fine grid with codes that it learns to be active in faces; this function stops at the codes.

    Parameters
    ----------
    image : array_like of shape (H, W)
        As for `kirsch`.
    sigma : float
        Responses up to here count as none. A response is a weighted sum of differences, up to four times
        as large as a difference of grey levels.

    Returns
    -------
    ndarray of int, of shape (H - 2, W - 2)

    Raises
    ------
    TypeError, ValueError
        As `kirsch`, or if `sigma` is not a number from 0 on.

    References
    ----------
    B. Ryu, A. Ramírez Rivera, J. Kim, O. Chae, "Local directional ternary pattern for facial expression
    recognition", IEEE TIP 26(12), 2017.

    Examples
    --------
    >>> ldterp([[0, 0, 9], [0, 5, 9], [0, 0, 9]])  # R is 36, 27, 0, -27: E and 2, then NE and 2
    array([[38]])
    """
    responses, sigma = _robinson(_pixels(image)), _threshold(sigma, "sigma")
    ternary = [_ternary(response, sigma) for response in responses]
    ranks = _ranks(np.abs(responses))
    first = 4 * _direction(ranks, 0) + _at(ranks, 0, ternary)
    codes = 16 * first + 4 * _direction(ranks, 1) + _at(ranks, 1, ternary)
    return codes.astype(int)


def quest(image):
    """Compute quadrilateral senary bit patterns, QUEST. **Our reconstruction.**

    Two quadrilaterals, (E, NE, N, the pixel) and (W, SW, S, the pixel), each give three bits: whether a
    neighbour is at least as bright as the pixel. ``code = sum over k of [n[d[k]] >= c] * 2**k`` with
    ``d = (0, 1, 2, 4, 5, 6)``, 64 codes.

    *What the source fixes* (we have its abstract): neighbours are compared with a reference pixel, in two
    quadrilaterals, by a "trine relationship" in each, which makes a code of six bits. *What we chose*: that
    the pixel is a corner of both quadrilaterals, which leaves three neighbours in each, and which ones.
    It follows that these six bits are six of the eight of `lbp`.

    Parameters
    ----------
    image : array_like of shape (H, W)
        As for `kirsch`.

    Returns
    -------
    ndarray of int, of shape (H - 2, W - 2)

    Raises
    ------
    TypeError, ValueError
        As `kirsch`.

    References
    ----------
    M. Verma, P. Saxena, S. K. Vipparthi, G. Singh, "QUEST: quadriletral senary bit pattern for facial
    expression recognition", IEEE SMC 2018, arXiv:1807.09154.

    Examples
    --------
    >>> quest([[6, 5, 2], [7, 6, 1], [9, 8, 7]])  # none of E, NE, N; W, SW, S: 8 + 16 + 32
    array([[56]])
    """
    pixels = _pixels(image)
    n = _around(pixels)
    return _bits(n[i] >= pixels[1:-1, 1:-1] for i in (0, 1, 2, 4, 5, 6)).astype(int)


def two_phase(image):
    """Compute a code in two phases: where the bright side lies, then what crosses it. **Our reconstruction.**

    Phase one: i is the direction of the largest response of `kirsch`. Phase two: along this direction,
    whether the neighbour ahead, and the one behind, is at least as bright as the pixel.
    ``code = 4 * i + 2 * [n[i] >= c] + [n[i+4] >= c]``, 32 codes. The two bits tell a slope (2, or 1)
    from a valley (3) and a ridge (0).

    *What the source fixes*: no more than the name. We have neither the paper nor its abstract. *What we
    chose*: everything else.

    Parameters
    ----------
    image : array_like of shape (H, W)
        As for `kirsch`.

    Returns
    -------
    ndarray of int, of shape (H - 2, W - 2)

    Raises
    ------
    TypeError, ValueError
        As `kirsch`.

    References
    ----------
    C.-C. Lai, C.-H. Ko, Optik 125(22), 2014, pages 6678 to 6680: the method that the lecture's tables call
    "Two-Phase".

    Examples
    --------
    >>> two_phase([[0, 0, 9], [0, 5, 9], [0, 0, 9]])  # east; 9 is brighter than 5, 0 is not
    array([[2]])
    """
    pixels = _pixels(image)
    n, c = _around(pixels), pixels[1:-1, 1:-1]
    ranks = _ranks(_kirsch(pixels))
    crossing = [2 * _bits([n[i] >= c]) + _bits([n[(i + 4) % 8] >= c]) for i in range(8)]
    codes = 4 * _direction(ranks, 0) + _at(ranks, 0, crossing)
    return codes.astype(int)


def block_histograms(codes, grid, bins, norm=None):
    """Count the codes in each block of a grid and string the counts together.

    Parameters
    ----------
    codes : array_like of int, of shape (H, W)
        A code map.
    grid : int or (int, int)
        Into how many blocks the map is cut; a pair is for rows and for columns of blocks. If the pixels do
        not divide evenly, blocks differ by one row or column; every pixel is in one block.
    bins : int or sequence of int
        How many codes there are, counted from 0; or the codes themselves, such as ``CODES[ldp]``, one bin for
        each in this order.
    norm : {None, "l1", "sqrt"}
        What is done to each block's counts. None: nothing. "l1": divided by the block's pixels, they add up
        to 1, so blocks of different sizes compare. "sqrt": then the square root is taken, so the block
        has length 1; frequent codes no longer drown rare ones. (The dot product of two such vectors
        is the Bhattacharyya coefficient, which a linear classifier thereby uses.)

    Returns
    -------
    ndarray of shape (rows * cols * number of bins,)
        Blocks in reading order; integers for None, else float64.

    Raises
    ------
    TypeError, ValueError
        If the codes are not integers of shape (H, W), one of them has no bin, the grid has more rows or
        columns than the map, or an argument is none of those above.

    References
    ----------
    T. Ahonen, A. Hadid, M. Pietikäinen, "Face description with local binary patterns: application to face
    recognition", IEEE TPAMI 28(12), 2006.
    R. Arandjelović, A. Zisserman, "Three things everyone should know to improve object retrieval", CVPR
    2012 (the square root).

    Examples
    --------
    >>> codes = [[0, 1, 1, 1], [2, 0, 2, 2]]
    >>> block_histograms(codes, (1, 2), bins=3)  # two 0, one 1, one 2 on the left; 0, 2, 2 on the right
    array([2, 1, 1, 0, 2, 2])
    >>> block_histograms(codes, (1, 2), bins=3, norm="l1")
    array([0.5 , 0.25, 0.25, 0.  , 0.5 , 0.5 ])
    """
    values = np.arange(integer(bins, "bins", 1)) if np.ndim(bins) == 0 else np.asarray(bins)
    if (
        values.dtype.kind not in "iu"
        or values.ndim != 1
        or len(np.unique(values)) < values.size
        or not values.size
        or values.min() < 0
    ):
        raise ValueError(f"bins must be a number of codes, or different codes from 0 on: got {bins!r:.80}")
    if norm not in (None, "l1", "sqrt"):
        raise ValueError(f'norm must be None, "l1" or "sqrt": got {norm!r}')
    codes, size = np.asarray(codes), len(values)
    rows, cols = pair(grid, "grid", 1)
    if codes.ndim != 2 or rows > codes.shape[0] or cols > codes.shape[1]:
        raise ValueError(
            "codes must have shape (H, W), and every block of the grid at least one pixel: "
            f"got shape {codes.shape} and a grid of {rows} x {cols}"
        )
    H, W = codes.shape
    block = cols * (np.arange(H) * rows // H)[:, None] + np.arange(W) * cols // W  # of each pixel
    counts = np.bincount((block * size + _bins(codes, values)).ravel(), minlength=rows * cols * size)
    if norm is None:
        return counts
    share = counts / np.repeat(np.bincount(block.ravel()), size)
    return share if norm == "l1" else np.sqrt(share)


def _pixels(image):
    """Check an image; return it as float64, or as the smallest integers that hold a mask's sums."""
    image = np.asarray(image)
    if image.dtype.kind not in "buif":
        raise TypeError(f"image must hold real numbers: got type {image.dtype}")
    if image.ndim != 2:
        raise ValueError(
            f"image must have shape (H, W), one grey level for each pixel: got shape {image.shape}"
            + ("; image.mean(axis=2) makes a colour image grey" if image.ndim == 3 else "")
        )
    if min(image.shape) < 3:
        raise ValueError(f"image must have at least 3 rows and 3 columns: got shape {image.shape}")
    low, high = image.min(), image.max()
    if not np.isfinite([low, high]).all():
        row, col = np.argwhere(~np.isfinite(image))[0]
        raise ValueError(f"image must be finite: got {image[row, col]} in row {row}, column {col}")
    size = max(-int(low), int(high))
    if size > LARGEST:
        raise ValueError(f"image must hold numbers of at most 2**53 in size: got {size:.3g}; divide them")
    if image.dtype.kind == "f":
        return image.astype(float)
    # no mask adds up to more than 15 times the largest pixel; on the way it takes 24 times
    smallest = next(t for t in (np.int16, np.int32, np.int64) if 24 * size <= np.iinfo(t).max)
    return image.astype(smallest)


def _threshold(value, name):
    if not (isinstance(value, numbers.Real) and 0 <= value < np.inf):
        raise ValueError(f"{name} must be a number from 0 on: got {value!r}")
    return value


def _bins(codes, values):
    """Replace each code by its place among the values."""
    codes = np.asarray(codes)
    if codes.dtype.kind not in "iu":
        raise TypeError(f"codes must be integers: got type {codes.dtype}")
    place = np.full(values.max() + 1, -1)
    place[values] = np.arange(len(values))
    known = (codes >= 0) & (codes < len(place))
    known &= place[np.where(known, codes, 0)] >= 0
    if not known.all():
        raise ValueError(
            f"codes must be among those that have a bin: got {codes[~known][0]}; the {len(values)} "
            f"with a bin lie between {values.min()} and {values.max()}"
        )
    return place[codes]


def _moved(pixels, row, col):
    """What lies so many rows below and columns to the right of each pixel inside, as a view."""
    H, W = pixels.shape
    return pixels[1 + row : H - 1 + row, 1 + col : W - 1 + col]


def _around(pixels):
    """The eight neighbours of each pixel inside."""
    return [_moved(pixels, row, col) for row, col in NEIGHBOURS]


def _on_circle(pixels):
    """The eight neighbours at distance 1, computed step by step as scikit-image does."""
    H, W = pixels.shape
    n = _around(pixels)
    for i in (1, 3, 5, 7):
        row, col = NEIGHBOURS[i]
        down = (np.arange(1, H - 1) + row * 0.70711)[:, None] % 1  # the root of 1/2, to five digits as there
        along = (np.arange(1, W - 1) + col * 0.70711) % 1
        top, left = min(row, 0), min(col, 0)
        upper = (1 - along) * _moved(pixels, top, left) + along * _moved(pixels, top, left + 1)
        lower = (1 - along) * _moved(pixels, top + 1, left) + along * _moved(pixels, top + 1, left + 1)
        n[i] = (1 - down) * upper + down * lower
    return n


def _kirsch(pixels):
    n = _around(pixels)
    pairs = [n[i] + n[(i + 1) % 8] for i in range(8)]
    total = pairs[0] + pairs[2] + pairs[4] + pairs[6]
    return np.stack([8 * (n[i - 1] + pairs[i]) - 3 * total for i in range(8)])


def _robinson(pixels):
    n = _around(pixels)
    d = [n[i] - n[(i + 4) % 8] for i in range(8)]
    return np.stack([d[i - 1] + 2 * d[i] + d[i + 1] for i in range(4)])


def _ranks(responses):
    """Rank the directions of each pixel: 0 for the largest response. Of equals, the first comes first."""
    ranks = np.zeros(responses.shape, np.uint8)
    for i in range(len(responses)):
        for j in range(i + 1, len(responses)):
            first = responses[i] >= responses[j]
            ranks[j] += first
            ranks[i] += ~first
    return ranks


def _direction(ranks, rank):
    """The direction that has this rank."""
    return _at(ranks, rank, np.arange(len(ranks), dtype=np.uint8))


def _at(ranks, rank, values):
    """Of one value for each direction, the one of the direction that has this rank."""
    return sum((r == rank) * value for r, value in zip(ranks, values, strict=True))


def _ternary(differences, threshold):
    """2 above the threshold, 1 below its opposite, else 0."""
    return 2 * _bits([differences > threshold]) + _bits([differences < -threshold])


def _bits(truths):
    """Pack truth values into one number, the first one as the lowest bit."""
    return sum(truth.astype(np.uint8) << np.uint8(k) for k, truth in enumerate(truths))


def _changes(code):
    """How often neighbouring bits differ, once round."""
    return bin(code ^ (code >> 1 | (code & 1) << 7)).count("1")


_UNIFORM_CODES = [code for code in range(256) if _changes(code) <= 2]
UNIFORM = np.full(256, 58)  # the table of `uniform`
UNIFORM[_UNIFORM_CODES] = np.arange(58)

_TERNARY = (0, 1, 2)
CODES = {  # every code that a descriptor can give, in ascending order
    lbp: tuple(range(256)),
    ldp: tuple(code for code in range(256) if code.bit_count() == 3),
    ldn: tuple(8 * i + j for i in range(8) for j in range(8) if i != j),
    ldtexp: tuple(16 * i + 4 * t + u for i in range(8) for t in _TERNARY for u in _TERNARY),
    ldterp: tuple(
        64 * i + 16 * t + 4 * j + u
        for i in range(4)
        for t in _TERNARY
        for j in range(4)
        for u in _TERNARY
        if i != j and (t or not u)
    ),
    quest: tuple(range(64)),
    two_phase: tuple(range(32)),
}
