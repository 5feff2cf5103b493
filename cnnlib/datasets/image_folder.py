"""Read images of your own from a folder that holds a folder for each class."""

import os
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".ppm", ".webp")
LIMIT = 1 << 31  # bytes of pixels as float32
TEST_SHARE = 5  # every fifth person, or every fifth image of each class


class Folder(NamedTuple):
    """What a folder holds, images to train first; `persons` is None if the file names name none."""

    path: Path
    images: np.ndarray
    labels: np.ndarray
    persons: np.ndarray | None
    classes: tuple
    n_train: int
    split: str


def read_folder(path, *, size=None):
    """Read the images ``PATH/CLASS/PERSON_anything.png``.

    Or, with a split of your own, ``PATH/train/CLASS/...`` and ``PATH/test/CLASS/...``. Classes are
    numbered in the order of their names. What every file name has before its first underscore is
    taken to name the person who is shown. Without folders ``train`` and ``test``, every fifth
    person is for testing; if the files name no persons, every fifth image of the class-by-class
    order, which leaks whatever the images share. Links are followed. Files that do not end like an
    image, and whatever begins with a dot, are passed over.

    Parameters
    ----------
    path : path
        The folder.
    size : int or (int, int), optional
        Rows and columns, in pixels, that all images are brought to. Without it they must agree.

    Returns
    -------
    Folder
        ``images``, float32 of shape (N, C, H, W) in [0, 1], with one channel if every image is
        grey, else three; ``labels`` and ``persons``, int64 of shape (N,). What is transparent
        becomes white, photographs are turned as their camera noted, of moving images the first counts.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or a link leads nowhere.
    ValueError
        If there are fewer than two class folders, a class has no images, an image cannot be read,
        the sizes differ, or all of it would need more than 2 GiB.
    """
    path = Path(path).expanduser()
    if not path.is_dir():
        raise FileNotFoundError(f"folder:{path} is not a folder; name one that holds a folder for each class")
    parts = [path / "train", path / "test"]
    if not all(part.is_dir() for part in parts):
        parts = [path]
    classes = _classes(parts[0])
    for part in parts[1:]:
        if _classes(part) != classes:
            raise ValueError(
                f"{parts[0]} and {part} must hold the same classes: got {', '.join(classes)} "
                f"and {', '.join(_classes(part))}"
            )
    found = [
        [(file, label) for label, name in enumerate(classes) for file in _files(part / name)]
        for part in parts
    ]
    files = [file for part in found for file, _ in part]
    labels = np.array([label for part in found for _, label in part], dtype=np.int64)
    persons = _persons(files)
    images = _read_all(files, size)
    if len(parts) == 2:
        return Folder(path, images, labels, persons, classes, len(found[0]), "by the folders train and test")

    if persons is not None:
        tested, split = persons % TEST_SHARE == 0, "every fifth person is for testing"
    else:
        tested, split = (
            np.zeros(len(labels), dtype=bool),
            "every fifth image, in order of class, is for testing",
        )
        tested[::TEST_SHARE] = True  # the files are listed class by class
    order = np.concatenate([np.flatnonzero(~tested), np.flatnonzero(tested)])
    persons = None if persons is None else persons[order]
    return Folder(path, images[order], labels[order], persons, classes, int((~tested).sum()), split)


def _classes(folder):
    names = tuple(sorted(d.name for d in folder.iterdir() if d.is_dir() and not d.name.startswith(".")))
    if len(names) < 2:
        raise ValueError(
            f"{folder} must hold a folder for each class, at least two: got {', '.join(names) or 'none'}"
        )
    return names


def _files(folder):
    files = sorted(
        f
        for f in folder.iterdir()
        if f.suffix.lower() in SUFFIXES and not f.name.startswith(".") and not f.is_dir()
    )
    if not files:
        raise ValueError(f"{folder} holds no images; they end in {', '.join(SUFFIXES)}")
    for file in files:
        if not file.exists():
            raise FileNotFoundError(
                f"{file} is a link that leads nowhere (to {os.readlink(file)}); remove it"
            )
    return files


def _persons(files):
    """A number for each person, in the order of their names."""
    if not all("_" in file.stem for file in files):
        return None
    names = [file.stem.split("_")[0] for file in files]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _read_all(files, size):
    """All images, as one array; grey ones are repeated where others have colours."""
    images = None
    for i, file in enumerate(files):
        image = _read(file, size)
        if images is None:
            _check_memory(files, image)
            images = np.empty((len(files), *image.shape), dtype=np.float32)
        if image.shape[1:] != images.shape[2:]:
            (h, w), (rows, cols) = image.shape[1:], images.shape[2:]
            raise ValueError(
                f"{file} has {h} x {w} pixels, {files[0]} {rows} x {cols}, and all must agree; "
                f"cnnlib.datasets.image_folder.read_folder(path, size=({rows}, {cols})) resizes them"
            )
        if len(image) > images.shape[1]:  # the first one that has colours
            _check_memory(files, image)
            images = np.repeat(images, 3, axis=1)
        images[i] = image
    return images


def _check_memory(files, image):
    size = len(files) * image.nbytes
    if size > LIMIT:
        raise ValueError(
            f"{len(files):,} images like {files[0]} need {size / 2**30:.1f} GiB, more than "
            f"{LIMIT / 2**30:.0f}; "
            "cnnlib.datasets.image_folder.read_folder(path, size=...) makes them smaller"
        )


def _read(file, size):
    """One image, float32 of shape (C, H, W) in [0, 1]."""
    from PIL import Image, ImageOps

    if not file.is_file():
        raise ValueError(f"{file} cannot be read as an image: it is not a plain file")
    try:
        with warnings.catch_warnings(), Image.open(file) as picture:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = ImageOps.exif_transpose(picture)
            if picture.mode in ("I", "F"):
                raise ValueError("32 bits a pixel; save it with 8 or 16")
            if picture.mode.startswith("I;16"):
                values = np.asarray(picture, dtype=np.float32)[None] / 65535
            else:
                grey = picture.mode in ("1", "L", "LA")
                if picture.has_transparency_data:
                    picture = picture.convert("RGBA")
                    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
                values = np.asarray(picture.convert("L" if grey else "RGB"), dtype=np.float32) / 255
                values = values[None] if grey else values.transpose(2, 0, 1)
    except Exception as error:  # broken files make Pillow raise almost anything, SyntaxError included
        reason = str(error).replace(repr(str(file)), "it")
        raise ValueError(f"{file} cannot be read as an image: {reason}") from None
    if size is None:
        return values
    rows, cols = (size, size) if np.ndim(size) == 0 else size
    bilinear = Image.Resampling.BILINEAR
    return np.stack([np.asarray(Image.fromarray(v).resize((cols, rows), bilinear)) for v in values])
