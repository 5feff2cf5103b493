"""The images that the chapters learn from: letters, digits, faces, one call for each.

``images, labels, description = load("digits", split="train")``. Images are float32 in [0, 1] of
shape (N, C, H, W), labels are int64, and the description says where they come from.
"""

import difflib
import hashlib
import os
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnnlib import xo

SPLITS = ("train", "test")
TEST_SHARE = 5  # every fifth image is for testing, where a data set has no split of its own


@dataclass(frozen=True)
class Description:
    """What is known about a data set: printed, it is a short page.

    Attributes
    ----------
    name, title : str
        The name to `load` it by, and its proper name.
    source, licence, citation : str
        Where the images come from, on what terms, and the paper to cite.
    classes : tuple of str
        ``classes[label]`` is what a label means.
    shape : (int, int, int)
        Channels, height and width of an image, in pixels.
    n_train, n_test : int
        How many images each split has.
    split : str
        How the split was made, and what it leaks.
    checksums : tuple of (str, str)
        What was checked, and the SHA-256 that it has.
    synthetic : bool
        Whether a program drew the images.
    """

    name: str
    title: str
    source: str
    licence: str
    citation: str
    classes: tuple
    shape: tuple
    n_train: int
    n_test: int
    split: str
    checksums: tuple = ()
    synthetic: bool = False

    def __repr__(self):
        channels, height, width = self.shape
        rows = {
            "images": f"{self.n_train + self.n_test}: {self.n_train} to train, {self.n_test} to test",
            "shape": f"{channels} channel{'s' * (channels > 1)}, {height} x {width} pixels",
            "classes": f"{len(self.classes)}: {', '.join(self.classes)}",
            "split": self.split,
            "source": self.source,
            "licence": self.licence,
            "cite": self.citation,
        }
        lines = [f"{self.title}{' (synthetic: drawn by a program)' * self.synthetic}"]
        lines += [f"  {key:8} {value}" for key, value in rows.items()]
        lines += [f"  {'sha256':8} {digest}  {what}" for what, digest in self.checksums]
        return "\n".join(lines)


class Dataset(NamedTuple):
    """Images, their labels, and what is known about them."""

    images: np.ndarray
    labels: np.ndarray
    description: Description

    def __repr__(self):
        return f"Dataset({self.description.name!r}, images {self.images.shape}, labels {self.labels.shape})"


def load(name, *, split=None, root=None, download=True):
    """Load a data set by its name.

    Parameters
    ----------
    name : {"xo", "digits", "faces"}
        ``xo``: crooked letters drawn by `cnnlib.xo`. ``digits``: 8x8 handwritten digits that ship
        with scikit-learn. ``faces``: 100 faces and 100 patches without one, from scikit-image.
    split : {"train", "test"}, optional
        One of the fixed splits; all images by default, those to train first. The split of
        ``digits`` mixes the writers, so that it *leaks*: who wrote a test image also wrote
        training images. `folds` keeps writers apart.
    root : path, optional
        Folder to look for files in, and to download to.
    download : bool, optional
        Whether a missing file may be fetched.

    Returns
    -------
    Dataset
        ``images``, float32 of shape (N, C, H, W) in [0, 1]; ``labels``, int64 of shape (N,); and a
        `Description`.

    Raises
    ------
    ValueError
        If the name or the split is unknown.

    Examples
    --------
    >>> images, labels, description = load("digits", split="test")
    >>> images.shape, labels.shape, description.classes[labels[0]]
    ((360, 1, 8, 8), (360,), '0')
    """
    if split is not None and split not in SPLITS:
        raise ValueError(f"split must be 'train', 'test' or None (all): got {split!r}")
    images, labels, description = LOADERS[_known(name)]()
    part = {None: slice(None), "train": slice(description.n_train), "test": slice(description.n_train, None)}
    return Dataset(images[part[split]], labels[part[split]], description)


def chosen(default="digits"):
    """The data set named by the environment variable ``CNNLIB_DATASET``, else the default.

    Raises
    ------
    ValueError
        If the variable names no data set.
    """
    return _known(os.environ.get("CNNLIB_DATASET") or default)


def groups(name, *, split=None):
    """Who made each image, as a number: images of one group must not be divided.

    For ``digits`` a group is a form, filled in by one writer. The labels show where a form begins:
    all 14 of them copy the same text of 130 digits (in some, a few are missing).

    Parameters
    ----------
    name : {"digits"}
        A data set that knows its writers or persons.
    split : {"train", "test"}, optional
        As in `load`.

    Returns
    -------
    ndarray of shape (N,)
        One int64 for each image that ``load(name, split=split)`` returns.

    Raises
    ------
    ValueError
        If the data set does not say who made what.
    """
    if name not in GROUPS:
        raise ValueError(f"groups are known for {', '.join(GROUPS)} only: got {name!r}")
    n_train = load(name).description.n_train
    part = {None: slice(None), "train": slice(n_train), "test": slice(n_train, None)}
    return GROUPS[name]()[part[split]]


def folds(name, k=5):
    """Split into folds that share no writer: train on some writers, test on the others.

    Parameters
    ----------
    name : {"digits"}
        A data set with `groups`.
    k : int, optional
        How many folds.

    Yields
    ------
    train, test : ndarray
        Indices into ``load(name)``. Each image is tested in exactly one fold; a fold tests
        neighbouring groups.

    Raises
    ------
    ValueError
        If there are no groups, or fewer than `k`.

    Examples
    --------
    >>> [len(test) for train, test in folds("digits", 5)]
    [386, 390, 381, 388, 252]
    """
    group = groups(name)
    ids = np.unique(group)
    if not 2 <= k <= len(ids):
        raise ValueError(f"k must be from 2 to the number of groups ({len(ids)} in {name!r}): got {k!r}")
    for held_out in np.array_split(ids, k):
        tested = np.isin(group, held_out)
        yield np.flatnonzero(~tested), np.flatnonzero(tested)


def resize(images, size, *, pad=False):
    """Bring images to another size, bilinearly, or by a border of zeros.

    Parameters
    ----------
    images : ndarray of shape (N, C, H, W)
        Values in [0, 1].
    size : int or (int, int)
        Rows and columns wanted, in pixels; one number for both.
    pad : bool, optional
        Put the images, as they are, in the middle of a larger sheet of zeros (as LeNet did with
        28x28 digits in 32x32) instead of stretching them.

    Returns
    -------
    ndarray of shape (N, C, *size)
        float32, a new array. Shrinking smooths first, so that fine lines do not break up.

    Raises
    ------
    ValueError
        If the images do not have four axes, the size is not positive, or `pad` would cut.

    Examples
    --------
    >>> resize(np.ones((1, 1, 1, 2)), (3, 4), pad=True)[0, 0]
    array([[0., 0., 0., 0.],
           [0., 1., 1., 0.],
           [0., 0., 0., 0.]], dtype=float32)
    """
    images = np.asarray(images, dtype=np.float32)
    if images.ndim != 4:
        raise ValueError(f"images must have shape (N, C, H, W): got {images.shape}")
    rows, cols = (size, size) if np.ndim(size) == 0 else size
    if min(rows, cols) < 1:
        raise ValueError(f"size must be at least 1 pixel each way: got {size}")
    n, c, height, width = images.shape
    if pad:
        if rows < height or cols < width:
            raise ValueError(f"pad needs a size of at least {height} x {width} pixels: got {rows} x {cols}")
        out = np.zeros((n, c, rows, cols), dtype=np.float32)
        top, left = (rows - height) // 2, (cols - width) // 2
        out[:, :, top : top + height, left : left + width] = images
        return out
    from skimage.transform import resize as stretch

    smooth = rows < height or cols < width
    return stretch(images, (n, c, rows, cols), order=1, mode="edge", anti_aliasing=smooth)


def _known(name):
    """The name, if it is one, else an error that guesses what was meant."""
    if isinstance(name, str) and name in LOADERS:
        return name
    guess = difflib.get_close_matches(str(name).lower(), LOADERS, n=1)
    hint = f"; did you mean {guess[0]!r}?" if guess else ""
    raise ValueError(f"name must be one of {', '.join(LOADERS)}: got {name!r}{hint}")


def _split_by_fives(labels):
    """Every fifth image of the class-by-class order is for testing; both parts in file order."""
    by_class = np.argsort(labels, kind="stable")
    tested = np.zeros(len(labels), dtype=bool)
    tested[by_class[::TEST_SHARE]] = True
    return np.concatenate([np.flatnonzero(~tested), np.flatnonzero(tested)]), int(tested.sum())


def _checked(what, pixels, digest):
    """Stop if the package ships other images than the ones this course was written with."""
    found = hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()
    if found != digest:
        raise ValueError(
            f"{what} are not the ones this course knows: sha256 {found}, expected {digest}; "
            "install the versions of requirements.txt"
        )
    return (what, digest)


def _xo():
    rng = np.random.Generator(np.random.PCG64(0))
    labels = np.arange(1000) % 2
    letters = {}  # by their bytes: no letter twice, so none is both in training and in testing
    for label in labels:
        size = len(letters)
        while len(letters) == size:
            letter = xo.draw("XO"[label], rng=rng)
            letters[letter.tobytes()] = letter
    images = np.stack(list(letters.values()))
    description = Description(
        name="xo",
        title="Crooked X's and O's",
        source="cnnlib.xo.draw, seed 0",
        licence="CC BY 4.0, as the course",
        citation="the lecture's toy problem, after B. Rohrer",
        classes=("X", "O"),
        shape=(1, 9, 9),
        n_train=800,
        n_test=200,
        split="the last 200 letters are for testing",
        synthetic=True,
    )
    return ((images + 1) / 2)[:, None].astype(np.float32), labels, description


# SHA-256 of the pixels: uint8 (N, 8, 8), and little-endian float64 (N, 25, 25).
DIGITS_SHA256 = "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
FACES_SHA256 = "ce1ab433bd0a896d88a87e40efdf37d9e1ce98bbd3317b498da9f0a7b8e125d5"

# Where each form of `digits` begins: the text starts anew (0 1 2 ... 9, three times). Twice the
# first digits of a form are missing, and what stands there still belongs to the form before.
DIGITS_FORMS = (0, 130, 256, 386, 516, 646, 776, 906, 1029, 1157, 1287, 1415, 1545, 1667)


def _digits():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.int64)
    order, n_test = _split_by_fives(labels)
    description = Description(
        name="digits",
        title="Optical recognition of handwritten digits (the test part)",
        source="scikit-learn's load_digits; UCI Machine Learning Repository, doi:10.24432/C50P49",
        licence="CC BY 4.0",
        citation="E. Alpaydin, C. Kaynak: Cascading classifiers. Kybernetika 34(4):369-374, 1998",
        classes=tuple("0123456789"),
        shape=(1, 8, 8),
        n_train=len(labels) - n_test,
        n_test=n_test,
        split="every fifth image of each class is for testing; writers are in both (see folds)",
        checksums=(
            _checked(
                "scikit-learn's digits",
                pixels,
                "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3",
            ),
        ),
    )
    return (pixels[order, None] / 16).astype(np.float32), labels[order], description


def _digits_groups():
    from sklearn.datasets import load_digits

    labels = load_digits().target
    forms = np.searchsorted(DIGITS_FORMS, np.arange(len(labels)), side="right") - 1
    return forms[_split_by_fives(labels)[0]]


def _faces():
    from skimage.data import lfw_subset

    pixels = lfw_subset().astype("<f8")
    labels = np.repeat([1, 0], 100)
    order, n_test = _split_by_fives(labels)
    description = Description(
        name="faces",
        title="Faces and patches without a face (a subset of Labeled Faces in the Wild)",
        source="scikit-image's lfw_subset; http://vis-www.cs.umass.edu/lfw/",
        licence="none stated; photographs from the news, collected for research",
        citation="G. Huang, M. Mattar, H. Lee, E. Learned-Miller: Learning to align from scratch. NIPS 2012",
        classes=("no face", "face"),
        shape=(1, 25, 25),
        n_train=len(labels) - n_test,
        n_test=n_test,
        split="every fifth image of each class is for testing",
        checksums=(
            _checked(
                "scikit-image's lfw_subset",
                pixels,
                "ce1ab433bd0a896d88a87e40efdf37d9e1ce98bbd3317b498da9f0a7b8e125d5",
            ),
        ),
    )
    return pixels[order, None].astype(np.float32), labels[order], description


LOADERS = {"xo": _xo, "digits": _digits, "faces": _faces}
GROUPS = {"digits": _digits_groups}
