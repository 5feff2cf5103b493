"""Read the files that classic data sets come in, trusting nothing that they say about themselves.

Each reader unpacks no more bytes than the format can need and checks every number of a header, so
that a bad file ends in one line and not in a full memory. Nothing is unpickled, and nothing from
an archive is written to the disk.
"""

import gzip
import io
import math
import struct
import tarfile
import zlib
from contextlib import contextmanager

import numpy as np

IDX_LIMIT = 1 << 28  # bytes; MNIST's largest file holds 47 million
USPS_LIMIT = 1 << 25  # bytes; the training file holds 14 million
CIFAR10_LIMIT = 1 << 28  # bytes; the archive holds 184 million
USPS_PIXELS = 16 * 16
CIFAR10_FILE = 10_000  # images in each file of CIFAR-10
CIFAR10_RECORD = 1 + 3 * 32 * 32  # a label and the pixels, in bytes
CIFAR10_FILES = {"train": [f"data_batch_{i}.bin" for i in range(1, 6)], "test": ["test_batch.bin"]}


def read_idx(path, *, limit=IDX_LIMIT):
    """Read a gzipped IDX file of unsigned bytes, such as MNIST's.

    Parameters
    ----------
    path : path
        The file. Its header is two zero bytes, the type (8, unsigned bytes), the number of
        dimensions, and each dimension as a signed 32-bit integer, highest byte first.
    limit : int, optional
        Most bytes that the header may announce.

    Returns
    -------
    ndarray of uint8
        In the shape that the header gives.

    Raises
    ------
    ValueError
        If it is no gzip file, breaks off, or its header is impossible.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits (file formats).
    """
    with _unpacked(path) as stream:
        zeros, kind, dimensions = struct.unpack(">HBB", _exactly(stream, 4, path))
        if (zeros, kind) != (0, 8) or not 1 <= dimensions <= 4:
            raise ValueError(
                f"{path} is no IDX file of unsigned bytes: it begins with "
                f"{zeros:04x}{kind:02x}{dimensions:02x}, expected 000008 and 01 to 04 dimensions"
            )
        shape = struct.unpack(f">{dimensions}i", _exactly(stream, 4 * dimensions, path))
        size = math.prod(shape)
        if min(shape) < 1 or size > limit:
            raise ValueError(
                f"{path} has an impossible header: shape {shape}; "
                f"each number must be at least 1 and their product at most {limit:,} bytes"
            )
        values = _exactly(stream, size, path)
        if stream.read(1):
            raise ValueError(f"{path} goes on after the {size:,} bytes that its header announces")
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def read_idx_pair(images_path, labels_path, *, classes=10):
    """Read an IDX file of images and the one of their labels, and check that they fit.

    Returns
    -------
    images : ndarray of shape (N, H, W), uint8
    labels : ndarray of shape (N,), uint8

    Raises
    ------
    ValueError
        If a file is bad, their counts differ, or a label is not below `classes`.
    """
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise ValueError(
            f"{images_path} and {labels_path} do not belong together: "
            f"shapes {images.shape} and {labels.shape}, expected (N, H, W) and (N,)"
        )
    if labels.max() >= classes:
        raise ValueError(f"{labels_path} has label {labels.max()}, expected 0 to {classes - 1}")
    return images, labels


def read_usps(path, *, limit=USPS_LIMIT):
    """Read a gzipped text file of handwritten digits, as the Elements of Statistical Learning has them.

    Parameters
    ----------
    path : path
        The file: on each line a digit and 16 x 16 grey values from -1 (paper) to 1 (ink).
    limit : int, optional
        Most bytes that it may unpack to.

    Returns
    -------
    images : ndarray of shape (N, 16, 16), float32
        Values in [0, 1]: 1 is ink.
    labels : ndarray of shape (N,), int64

    Raises
    ------
    ValueError
        If it is no gzip file, breaks off, is too long, or holds anything but digits and grey values.

    References
    ----------
    T. Hastie, R. Tibshirani, J. Friedman: The Elements of Statistical Learning (zip.info).
    """
    with _unpacked(path) as stream:
        text = stream.read(limit + 1)
    if len(text) > limit:
        raise ValueError(f"{path} unpacks to more than {limit:,} bytes")
    if not text.strip():
        raise ValueError(f"{path} is empty")
    try:
        rows = np.loadtxt(io.BytesIO(text), dtype=np.float32, comments=None, ndmin=2, encoding="latin1")
    except ValueError as error:
        raise ValueError(f"{path} is not made of rows of numbers: {error}") from None
    if rows.shape[1] != 1 + USPS_PIXELS:
        raise ValueError(f"{path} has {rows.shape[1]} numbers in a row, expected a digit and 256 grey values")
    labels, pixels = rows[:, 0], rows[:, 1:]
    if not np.isin(labels, range(10)).all() or not (np.abs(pixels) <= 1).all():
        raise ValueError(f"{path} has a digit other than 0 to 9, or a grey value outside [-1, 1]")
    return ((pixels + 1) / 2).reshape(-1, 16, 16), labels.astype(np.int64)


def read_cifar10(path, split, *, limit=CIFAR10_LIMIT):
    """Read one split of CIFAR-10 straight out of its binary archive; nothing is unpacked to the disk.

    Parameters
    ----------
    path : path
        ``cifar-10-binary.tar.gz``: files of records, each a label and 32 x 32 red, green, blue bytes.
    split : {"train", "test"}
        The five training files, in order, or the test file.
    limit : int, optional
        Most bytes that the archive may unpack to.

    Returns
    -------
    images : ndarray of shape (N, 3, 32, 32), uint8
    labels : ndarray of shape (N,), uint8

    Raises
    ------
    ValueError
        If the archive breaks off or unpacks to too much, a file is missing, is there twice, is not
        a plain file, or has the wrong size, or a label is not 0 to 9.

    References
    ----------
    A. Krizhevsky: Learning multiple layers of features from tiny images. Tech. report, 2009.
    """
    names = [f"cifar-10-batches-bin/{name}" for name in CIFAR10_FILES[split]]
    records = np.empty((len(names), CIFAR10_FILE, CIFAR10_RECORD), dtype=np.uint8)
    missing = dict(zip(names, records, strict=True))
    try:
        with (
            _unpacked(path) as stream,
            tarfile.open(fileobj=_Limited(stream, limit, path), mode="r|") as archive,
        ):
            for member in archive:
                if member.name not in names:
                    continue
                if member.name not in missing or not member.isreg() or member.size != records[0].size:
                    raise ValueError(
                        f"{path} has a bad {member.name}: {member.size:,} bytes of type {member.type!r}, "
                        f"or a second one; expected one plain file of {records[0].size:,} bytes"
                    )
                content = archive.extractfile(member).read()
                values = np.frombuffer(content, dtype=np.uint8)
                missing.pop(member.name)[...] = values.reshape(CIFAR10_FILE, CIFAR10_RECORD)
    except tarfile.TarError as error:
        raise ValueError(f"{path} is no tar archive, or broken: {error}") from None
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}")
    records = records.reshape(-1, CIFAR10_RECORD)
    labels, pixels = records[:, 0], records[:, 1:]
    if labels.max() > 9:
        raise ValueError(f"{path} has label {labels.max()}, expected 0 to 9")
    return pixels.reshape(-1, 3, 32, 32), labels


@contextmanager
def _unpacked(path):
    """The contents of a gzip file as a stream; what gzip can complain of becomes a ValueError."""
    try:
        with gzip.open(path, "rb") as stream:
            yield stream
    except EOFError:
        raise ValueError(f"{path} is cut off: the gzip stream ends too early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is no gzip file, or broken: {error}") from None


def _exactly(stream, size, path):
    """Read so many bytes, or say that they are not there."""
    values = stream.read(size)
    if len(values) < size:
        raise ValueError(f"{path} ends too early: {len(values):,} bytes where {size:,} are announced")
    return values


class _Limited:
    """A stream that stops a reader which asks for more than there can be."""

    def __init__(self, stream, limit, path):
        self.stream, self.left, self.limit, self.path = stream, limit, limit, path

    def read(self, size):
        values = self.stream.read(size)  # tarfile asks for 10 KB at a time
        self.left -= len(values)
        if self.left < 0:
            raise ValueError(f"{self.path} unpacks to more than {self.limit:,} bytes")
        return values
