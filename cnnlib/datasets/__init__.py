"""The images that the chapters learn from: letters, digits, faces, one call for each.

``images, labels, description = load("digits", split="train")``. Images are float32 in [0, 1] of
shape (N, C, H, W), labels are int64, and the description says where they come from.
"""

import csv
import difflib
import functools
import hashlib
import os
from typing import NamedTuple

import numpy as np

from cnnlib import xo
from cnnlib.datasets.catalogue import DESCRIPTIONS, FILES, PIXELS, Description
from cnnlib.datasets.download import DATA, fetch
from cnnlib.datasets.expressions import sample
from cnnlib.datasets.formats import read_cifar10, read_idx_pair, read_usps
from cnnlib.datasets.image_folder import read_folder

SPLITS = ("train", "test")
TEST_SHARE = 5  # every fifth image is for testing, where a data set has no split of its own

# Where each form of `digits` begins: the text starts anew (0 1 2 ... 9, three times). Twice the
# first digits of a form are missing, and what stands there still belongs to the form before.
DIGITS_FORMS = (0, 130, 256, 386, 516, 646, 776, 906, 1029, 1157, 1287, 1415, 1545, 1667)

TABLES = {"mmi": "mmi_table2.csv", "gemep-fera": "gemep_fera_table3.csv"}


class Dataset(NamedTuple):
    """Images, their labels, and what is known about them."""

    images: np.ndarray
    labels: np.ndarray
    description: Description

    def __repr__(self):
        return f"Dataset({self.description.name!r}, images {self.images.shape}, labels {self.labels.shape})"


def load(name, *, split=None, root=None, download=True):
    """Load a data set by its name.

    =================  ============================================================================
    ``xo``             1,000 crooked letters, 9x9, drawn by `cnnlib.xo`
    ``digits``         1,797 handwritten digits, 8x8; in scikit-learn, so no network is needed
    ``faces``          100 faces and 100 patches without one, 25x25; in scikit-image
    ``expressions``    840 *synthetic* faces, 48x48, drawn by `cnnlib.datasets.expressions`
    ``usps``           9,298 digits from postal envelopes, 16x16; downloaded, 2 MB
    ``mnist``          70,000 handwritten digits, 28x28; downloaded, 12 MB
    ``fashion-mnist``  70,000 pieces of clothing, 28x28; downloaded, 31 MB
    ``cifar10``        60,000 colour photographs, 32x32; downloaded, 170 MB
    ``folder:PATH``    your own: a folder for each class, see `cnnlib.datasets.image_folder.read_folder`
    =================  ============================================================================

    Parameters
    ----------
    name : str
        One of the names above.
    split : {"train", "test"}, optional
        One of the fixed splits; all images by default, those to train first. The description says
        how a split was made. That of ``digits`` mixes the writers, so it *leaks*: who wrote a test
        image also wrote training images. `folds` keeps writers apart. That of ``expressions`` keeps
        persons apart.
    root : path, optional
        The folder to look for files in, and to download to; by default the one that the environment
        variable ``CNNLIB_DATA`` names, then ``data/``. A file that is there is used after its
        checksum, in a folder of the data set's name or directly.
    download : bool, optional
        Whether a missing file may be downloaded.

    Returns
    -------
    Dataset
        ``images``, float32 of shape (N, C, H, W) in [0, 1]; ``labels``, int64 of shape (N,); and a
        `cnnlib.datasets.catalogue.Description`.

    Raises
    ------
    ValueError
        If the name or the split is unknown, or a file is not what it should be.
    FileNotFoundError
        If a file is missing and `download` is false, or there is no such folder.
    cnnlib.datasets.download.DownloadError
        If a file cannot be downloaded or written.

    Examples
    --------
    >>> images, labels, description = load("digits", split="test")
    >>> images.shape, labels.shape, description.classes[labels[0]]
    ((360, 1, 8, 8), (360,), '0')
    """
    _check_split(split)
    if isinstance(name, str) and name.startswith("folder:"):
        return _folder(name, split)
    name = _known(name)
    if name in FILES:
        return _downloaded(name, split, root, download)
    images, labels = LOADERS[name]()
    part = _part(DESCRIPTIONS[name].n_train, split)
    images = np.ascontiguousarray(images[part], dtype=np.float32)
    return Dataset(images, labels[part].astype(np.int64), DESCRIPTIONS[name])


def chosen(default="digits"):
    """The name in the environment variable ``CNNLIB_DATASET``, else the default.

    Raises
    ------
    ValueError
        If the variable names no data set.

    Examples
    --------
    >>> description = load(chosen()).description     # CNNLIB_DATASET=mnist makes this MNIST
    """
    name = os.environ.get("CNNLIB_DATASET") or default
    return name if str(name).startswith("folder:") else _known(name)


def groups(name, *, split=None):
    """Who made each image, as a number: images of one group must not be divided.

    For ``digits`` a group is a form that somebody filled in. The labels show where a form begins:
    all 14 copy the same text of 130 digits (a few are missing here and there; one label differs).
    The set's authors speak of 13 writers, so somebody may have filled in two. For ``expressions``
    and for folders a group is a person.

    Parameters
    ----------
    name : {"digits", "expressions"} or "folder:PATH"
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
    _check_split(split)
    if isinstance(name, str) and name.startswith("folder:"):
        folder = read_folder(name.removeprefix("folder:"))
        if folder.persons is None:
            raise ValueError(f"the files of {name} do not name persons: each would begin with a name and '_'")
        return folder.persons[_part(folder.n_train, split)]
    if _known(name) not in GROUPS:
        raise ValueError(f"groups are known for {', '.join(GROUPS)} and folders only: got {name!r}")
    return GROUPS[name]()[_part(DESCRIPTIONS[name].n_train, split)]


def folds(name, k=5):
    """Split into folds that share no writer or person: train on some, test on the others.

    Parameters
    ----------
    name : {"digits", "expressions"} or "folder:PATH"
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
    >>> [len(test) for train, test in folds("digits", 5)]     # 3, 3, 3, 3 and 2 forms
    [386, 390, 381, 388, 252]
    """
    group = groups(name)
    ids = np.unique(group)
    if not isinstance(k, int) or not 2 <= k <= len(ids):
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
        Put the images, as they are, in the middle of a larger sheet of zeros (as LeNet had its
        28x28 digits in 32x32) instead of stretching them.

    Returns
    -------
    ndarray of shape (N, C, rows, columns)
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
    if (rows, cols) == (height, width):
        return images.copy()
    from skimage.transform import resize as stretch

    smooth = rows < height or cols < width
    return stretch(images, (n, c, rows, cols), order=1, mode="edge", anti_aliasing=smooth)


class Table(NamedTuple):
    """A table of the lecture: accuracies in per cent, one row for each method."""

    title: str
    columns: tuple
    methods: tuple
    accuracy: np.ndarray
    citations: tuple


def table(name):
    """Read a table of accuracies that the lecture prints.

    Parameters
    ----------
    name : {"mmi", "gemep-fera"}
        Table II or Table III.

    Returns
    -------
    Table
        ``accuracy`` has shape (methods, 2), float64, in per cent; NaN where the lecture prints a dash.

    Raises
    ------
    ValueError
        If there is no such table.

    Examples
    --------
    >>> mmi = table("mmi")
    >>> mmi.columns, mmi.methods[0], mmi.accuracy[0].tolist()
    (('6-Class Exp.', '7-Class Exp.'), 'LBP [9]', [76.5, 81.7])
    """
    if name not in TABLES:
        raise ValueError(f"name must be one of {', '.join(TABLES)}: got {name!r}")
    with open(DATA / TABLES[name], newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    values = [[float("nan" if cell == "-" else cell) for cell in row[1:3]] for row in rows]
    methods, citations = tuple(row[0] for row in rows), tuple(row[3] for row in rows)
    return Table(
        f"Recognition accuracy on {name.upper()}", tuple(header[1:3]), methods, np.array(values), citations
    )


def _known(name):
    """The name, if it is one, else an error that guesses what was meant."""
    names = list(DESCRIPTIONS)
    if name in names:
        return name
    guess = difflib.get_close_matches(str(name).lower().replace("_", "-"), names, n=1)
    hint = f"; did you mean {guess[0]!r}?" if guess else ""
    raise ValueError(f"there is no data set {name!r}{hint} (there are {', '.join(names)} and folder:PATH)")


def _check_split(split):
    if split is not None and split not in SPLITS:
        raise ValueError(f"split must be 'train', 'test' or None (all): got {split!r}")


def _part(n_train, split):
    """The slice of a split, where training images come first."""
    return {None: slice(None), "train": slice(n_train), "test": slice(n_train, None)}[split]


def _by_fives(labels):
    """Training images first: every fifth of the class-by-class order is for testing."""
    by_class = np.argsort(labels, kind="stable")
    tested = np.zeros(len(labels), dtype=bool)
    tested[by_class[::TEST_SHARE]] = True
    return np.concatenate([np.flatnonzero(~tested), np.flatnonzero(tested)])


def _check_pixels(name, pixels):
    """Stop if a package ships other images than the ones this course was written with."""
    found = hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()
    if found != PIXELS[name]:
        raise ValueError(
            f"the pixels of {name} have sha256 {found}, expected {PIXELS[name]}; "
            "install the packages of requirements.txt"
        )


def _xo():
    rng = np.random.Generator(np.random.PCG64(0))
    labels = np.arange(1000) % 2
    letters = {}  # by their bytes: no letter twice, so none is both in training and in testing
    for label in labels:
        size = len(letters)
        while len(letters) == size:
            letter = xo.draw("XO"[label], rng=rng)
            letters[letter.tobytes()] = letter
    return (np.stack(list(letters.values()))[:, None] + 1) / 2, labels


def _digits():
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    pixels = pixels.astype(np.uint8).reshape(-1, 1, 8, 8)
    _check_pixels("digits", pixels)
    order = _by_fives(labels)
    return pixels[order] / 16, labels[order]


def _digits_groups():
    from sklearn.datasets import load_digits

    labels = load_digits().target
    forms = np.searchsorted(DIGITS_FORMS, np.arange(len(labels)), side="right") - 1
    return forms[_by_fives(labels)]


def _faces():
    from skimage.data import lfw_subset

    pixels = lfw_subset().astype("<f8")[:, None]
    _check_pixels("faces", pixels)
    labels = np.repeat([1, 0], 100)
    order = _by_fives(labels)
    return pixels[order], labels[order]


@functools.cache
def _drawn_expressions():
    return sample(rng=np.random.Generator(np.random.PCG64(0)))


def _expressions():
    images, labels, _ = _drawn_expressions()
    return images.copy(), labels


def _expressions_groups():
    return _drawn_expressions()[2].copy()


def _downloaded(name, split, root, download):
    """Load a data set from its files, and only from those of the split that is wanted."""
    description = DESCRIPTIONS[name]
    sizes = {"train": description.n_train, "test": description.n_test}
    wanted = SPLITS if split is None else (split,)
    n = sum(sizes[part] for part in wanted)
    images, labels = np.empty((n, *description.shape), dtype=np.float32), np.empty(n, dtype=np.int64)
    start = 0
    for part in wanted:
        paths = [fetch(file, name, root=root, download=download) for file in FILES[name][part]]
        pixels, digits = _read(name, part, paths)
        end = start + sizes[part]
        images[start:end] = pixels.reshape(-1, *description.shape)
        labels[start:end] = digits
        start = end
    return Dataset(images, labels, description)


def _read(name, part, paths):
    """Pixels in [0, 1] and labels of one split."""
    if name == "usps":
        return read_usps(*paths)
    pixels, labels = read_cifar10(*paths, part) if name == "cifar10" else read_idx_pair(*paths)
    return np.divide(pixels, 255, dtype=np.float32), labels


def _folder(name, split):
    folder = read_folder(name.removeprefix("folder:"))
    part = _part(folder.n_train, split)
    description = Description(
        name=name,
        title="Images of your own",
        source=str(folder.path),
        licence="yours to know",
        citation="yours to know",
        classes=folder.classes,
        shape=folder.images.shape[1:],
        n_train=folder.n_train,
        n_test=len(folder.images) - folder.n_train,
        split=folder.split,
    )
    return Dataset(folder.images[part], folder.labels[part], description)


LOADERS = {"xo": _xo, "digits": _digits, "faces": _faces, "expressions": _expressions}
GROUPS = {"digits": _digits_groups, "expressions": _expressions_groups}
