"""Readers of data files: what they read, and what they refuse, in one line and without a full memory."""

import gzip
import io
import struct
import tarfile
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.datasets import formats
from cnnlib.datasets.formats import read_cifar10, read_idx, read_idx_pair, read_usps


def idx(array):
    """An IDX file, before gzip, as its definition says."""
    header = struct.pack(f">BBBB{array.ndim}i", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def packed(tmp_path):
    """Write bytes as a gzip file."""

    def packed(content, name="file.gz", cut=None):
        path = tmp_path / name
        path.write_bytes(gzip.compress(content, compresslevel=1, mtime=0)[:cut])
        return path

    return packed


# IDX


def test_idx_by_hand(packed):
    path = packed(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 20, 30, 40, 50, 255]))
    np.testing.assert_array_equal(read_idx(path), np.array([[10, 20, 30], [40, 50, 255]], dtype=np.uint8))
    assert read_idx(path).dtype == np.uint8


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 2**32))
def test_idx_of_any_shape_comes_back(tmp_path_factory, shape, seed):
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path_factory.mktemp("idx") / "file.gz"
    path.write_bytes(gzip.compress(idx(array)))
    np.testing.assert_array_equal(read_idx(path), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ends too early: 0 bytes where 4 are announced"),
        (b"\0\0\x08", "ends too early: 3 bytes where 4 are announced"),
        (b"\0\0\x08\x02" + struct.pack(">i", 3), "ends too early: 4 bytes where 8 are announced"),
        (b"\0\0\x08\x01" + struct.pack(">i", 3) + b"ab", "ends too early: 2 bytes where 3 are announced"),
        (
            b"\0\0\x08\x01" + struct.pack(">i", 3) + b"abcd",
            "goes on after the 3 bytes that its header announces",
        ),
        (b"\0\0\x0d\x01" + struct.pack(">i", 1) + b"abcd", "it begins with 00000d01, expected 000008"),
        (b"\x01\0\x08\x01" + struct.pack(">i", 1) + b"a", "it begins with 01000801, expected 000008"),
        (b"\0\0\x08\x00", "it begins with 00000800, expected 000008 and 01 to 04 dimensions"),
        (b"\0\0\x08\x05" + 5 * struct.pack(">i", 1) + b"a", "it begins with 00000805"),
        (b"\0\0\x08\x01" + struct.pack(">i", -3) + b"abc", r"impossible header: shape \(-3,\)"),
        (b"\0\0\x08\x02" + struct.pack(">ii", -3, -1) + b"abc", r"impossible header: shape \(-3, -1\)"),
        (b"\0\0\x08\x02" + struct.pack(">ii", 0, 3), r"impossible header: shape \(0, 3\)"),
        (
            b"\0\0\x08\x01" + struct.pack(">i", 2**31 - 1),
            r"shape \(2147483647,\).* at most 268,435,456 bytes",
        ),
        (b"\0\0\x08\x04" + 4 * struct.pack(">i", 2**31 - 1), "impossible header"),
        (b"\0\0\x08\x03" + struct.pack(">iii", 2**22, 2**22, 2**20), "impossible header"),  # 2**64 wraps to 0
    ],
)
def test_impossible_idx_files_are_refused(content, message, packed):
    path = packed(content)
    with pytest.raises(ValueError, match=message) as error:
        read_idx(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_the_largest_idx_file_is_where_the_limit_says(packed):
    path = packed(idx(np.zeros((4, 5))))
    assert read_idx(path, limit=20).shape == (4, 5)
    with pytest.raises(ValueError, match=r"shape \(4, 5\); .* at most 19 bytes"):
        read_idx(path, limit=19)


def test_images_and_labels_that_fit(packed):
    images, labels = np.arange(24).reshape(2, 3, 4), np.array([9, 0])
    pair = read_idx_pair(packed(idx(images), "images.gz"), packed(idx(labels), "labels.gz"))
    np.testing.assert_array_equal(pair[0], images)
    np.testing.assert_array_equal(pair[1], labels)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((3, 2, 2)), np.zeros(2), r"shapes \(3, 2, 2\) and \(2,\), expected \(N, H, W\) and \(N,\)"),
        (np.zeros((2, 2, 2)), np.zeros(3), r"shapes \(2, 2, 2\) and \(3,\)"),
        (np.zeros((2, 4)), np.zeros(2), r"shapes \(2, 4\) and \(2,\)"),
        (np.zeros((2, 2, 2)), np.zeros((2, 1)), r"shapes \(2, 2, 2\) and \(2, 1\)"),
        (np.zeros((2, 2, 2)), np.array([0, 10]), "labels.gz has label 10, expected 0 to 9"),
    ],
)
def test_images_and_labels_that_do_not_fit_are_refused(images, labels, message, packed):
    with pytest.raises(ValueError, match=message):
        read_idx_pair(packed(idx(images), "images.gz"), packed(idx(labels), "labels.gz"))


# Gzip


READERS = [read_idx, read_usps, lambda path: read_cifar10(path, "train")]


@pytest.mark.parametrize("read", READERS)
def test_what_is_no_gzip_file_is_refused(read, tmp_path):
    path = tmp_path / "file.gz"
    path.write_bytes(b"<html>not data</html>")
    with pytest.raises(ValueError, match=r"file.gz is no gzip file, or broken: Not a gzipped file"):
        read(path)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("cut", [15, -20, -3])
def test_a_gzip_file_that_is_cut_off_is_refused(read, cut, packed):
    content = idx(np.random.default_rng(0).integers(0, 256, (40, 50)))
    if read is not read_idx:
        content = b"0" * 10_000
    with pytest.raises(ValueError, match=r"file.gz (is cut off|ends too early)"):
        read(packed(content, cut=cut))


@pytest.mark.parametrize("read", READERS)
def test_a_flipped_bit_is_noticed(read, packed):
    path = packed(idx(np.arange(200).reshape(20, 10)))
    broken = bytearray(path.read_bytes())
    broken[-8] ^= 1  # in the checksum of gzip itself
    path.write_bytes(broken)
    with pytest.raises(ValueError, match=r"CRC|not made of rows|no tar archive"):
        read(path)


@pytest.fixture(scope="module")
def bomb(tmp_path_factory):
    """300 MB of zeros in 300 KB."""
    path = tmp_path_factory.mktemp("bomb") / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=9) as stream:
        for _ in range(300):
            stream.write(bytes(1_000_000))
    assert path.stat().st_size < 400_000
    return path


def peak_memory(call):
    """The most memory that Python held while something failed, in bytes, and how it failed."""
    tracemalloc.start()
    with pytest.raises(ValueError) as error:  # noqa: PT011  the caller looks at it
        call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, str(error.value)


def test_a_bomb_of_text_is_not_unpacked(bomb):
    peak, message = peak_memory(lambda: read_usps(bomb))
    assert message == f"{bomb} unpacks to more than 33,554,432 bytes"
    assert peak < 100e6


def test_a_bomb_behind_an_idx_header_is_not_unpacked(tmp_path, bomb):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(idx(np.zeros((2, 3)))) + bomb.read_bytes())
    peak, message = peak_memory(lambda: read_idx(path))
    assert message == f"{path} goes on after the 6 bytes that its header announces"
    assert peak < 5e6


def test_a_bomb_in_an_archive_is_not_unpacked(tmp_path, bomb):
    path = tmp_path / "cifar.tar.gz"
    member = tarfile.TarInfo("readme.html")
    member.size = 300_000_000
    path.write_bytes(gzip.compress(member.tobuf()) + bomb.read_bytes())
    peak, message = peak_memory(lambda: read_cifar10(path, "test", limit=1 << 25))
    assert message == f"{path} unpacks to more than 33,554,432 bytes"
    assert peak < 40e6  # of which 31 MB await the images


def test_a_bomb_in_the_header_of_an_archive_stops_at_the_limit(tmp_path, bomb):
    path = tmp_path / "cifar.tar.gz"
    header = tarfile.TarInfo("long")
    header.size, header.type = 300_000_000, tarfile.XHDTYPE
    path.write_bytes(gzip.compress(header.tobuf()) + bomb.read_bytes())
    _, message = peak_memory(lambda: read_cifar10(path, "test", limit=1 << 24))
    assert message == f"{path} unpacks to more than 16,777,216 bytes"


# USPS


def row(digit, *values):
    return " ".join(map(str, [digit, *values, *[-1.0] * (256 - len(values))])).encode() + b"\n"


def test_usps_by_hand(packed):
    images, labels = read_usps(packed(row("6.0000", 1, 0, -0.5) + row("5")))
    assert images.shape == (2, 16, 16)
    assert images.dtype == np.float32
    assert labels.dtype == np.int64
    assert labels.tolist() == [6, 5]
    np.testing.assert_array_equal(images[0, 0, :4], [1.0, 0.5, 0.25, 0.0])  # (value + 1) / 2
    assert images[0].sum() == 1.75
    assert images[1].sum() == 0


def test_usps_rows_are_rows(packed):
    images, _ = read_usps(packed(row(1, *[-1] * 16, 1)))
    assert np.argwhere(images[0]).tolist() == [[1, 0]]


def test_spaces_at_the_end_of_a_row_are_fine(packed):
    images, labels = read_usps(packed(row(1).replace(b"\n", b" \n") + row(2)))
    assert (images.shape, labels.tolist()) == ((2, 16, 16), [1, 2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"1 2 3\n", "has 3 numbers in a row, expected a digit and 256 grey values"),
        (row(1).strip() + b" 0\n", "has 258 numbers in a row"),
        (row(1) + b"1 2 3\n", "is not made of rows of numbers"),
        (row(1) + row(2).replace(b"2 ", b"two "), "is not made of rows of numbers"),
        (row(1) + b"\xff\n", "is not made of rows of numbers"),
        (b"# " + row(1), "is not made of rows of numbers"),
        (row(10), "has a digit other than 0 to 9"),
        (row(-1), "has a digit other than 0 to 9"),
        (row(1.5), "has a digit other than 0 to 9"),
        (row("nan"), "has a digit other than 0 to 9"),
        (row(1, 1.001), r"or a grey value outside \[-1, 1\]"),
        (row(1, -1.001), r"or a grey value outside \[-1, 1\]"),
        (row(1, "nan"), r"or a grey value outside \[-1, 1\]"),
        (row(1, "inf"), r"or a grey value outside \[-1, 1\]"),
    ],
)
def test_impossible_usps_files_are_refused(content, message, packed):
    path = packed(content)
    with pytest.raises(ValueError, match=message) as error:
        read_usps(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_the_longest_usps_file_is_where_the_limit_says(packed):
    content = row(1) * 3
    assert len(read_usps(packed(content), limit=len(content))[1]) == 3
    with pytest.raises(ValueError, match="unpacks to more than"):
        read_usps(packed(content), limit=len(content) - 1)


# CIFAR-10

FOLDER = "cifar-10-batches-bin/"


@pytest.fixture
def small(monkeypatch):
    """Files of 2 images instead of 10,000."""
    monkeypatch.setattr(formats, "CIFAR10_FILE", 2)


def records(first):
    """Two records: label, 1,024 bytes of red, of green, of blue."""
    colours = [bytes([10 * label + c]) * 1024 for label in (first, first + 1) for c in (1, 2, 3)]
    return bytes([first]) + b"".join(colours[:3]) + bytes([first + 1]) + b"".join(colours[3:])


WHOLE = {FOLDER + f"data_batch_{i}.bin": records(i) for i in (1, 2, 3, 4, 5)} | {
    FOLDER + "test_batch.bin": records(7)
}


def archive(path, members, extra=()):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info in extra:
            tar.addfile(info)
    return path


def test_cifar10_by_hand(small, tmp_path):
    order = dict(reversed(WHOLE.items()))  # the archive's order does not matter
    path = archive(tmp_path / "cifar.tar.gz", order | {FOLDER + "readme.html": b"read me"})
    images, labels = read_cifar10(path, "train")
    assert labels.tolist() == [1, 2, 2, 3, 3, 4, 4, 5, 5, 6]
    assert images.shape == (10, 3, 32, 32)
    assert images.dtype == np.uint8
    assert images[0, :, 0, 0].tolist() == [11, 12, 13]  # red, green, blue
    assert (images == images[:, :, :1, :1]).all()
    images, labels = read_cifar10(path, "test")
    assert labels.tolist() == [7, 8]
    assert images[1, :, 31, 31].tolist() == [81, 82, 83]


def test_cifar10_pixels_go_row_by_row(small, tmp_path):
    content = bytes([0]) + bytes(range(32)) + bytes(3040) + bytes([1]) + bytes(3072)
    images, _ = read_cifar10(archive(tmp_path / "cifar.tar.gz", {FOLDER + "test_batch.bin": content}), "test")
    np.testing.assert_array_equal(images[0, 0, 0], range(32))
    assert images[0, 0, 1:].sum() == 0


def test_nothing_of_an_archive_is_written_anywhere(small, tmp_path):
    escapes = {"../evil": b"x", "/tmp/evil-by-tar": b"x", FOLDER + "../../evil": b"x"}
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path = archive(folder / "cifar.tar.gz", escapes | WHOLE, [link])
    assert len(read_cifar10(path, "train")[1]) == 10
    assert [p for p in tmp_path.rglob("*") if not p.is_dir()] == [path]


def special(kind):
    info = tarfile.TarInfo(FOLDER + "test_batch.bin")
    info.type, info.linkname, info.size = kind, "/etc/passwd", len(records(1))
    return info


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_folders_and_devices_are_not_taken_for_images(kind, small, tmp_path):
    path = archive(tmp_path / "cifar.tar.gz", {}, [special(kind)])
    with pytest.raises(
        ValueError, match=r"has a bad cifar-10-batches-bin/test_batch.bin: 6,146 bytes of type b'\d'"
    ):
        read_cifar10(path, "test")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_batch_3.bin": None}, "lacks cifar-10-batches-bin/data_batch_3.bin"),
        (
            {"data_batch_3.bin": records(1)[:-1]},
            "has a bad .*data_batch_3.bin: 6,145 bytes .* of 6,146 bytes",
        ),
        ({"data_batch_3.bin": records(1) + b"x"}, "has a bad .*data_batch_3.bin: 6,147 bytes"),
        ({"data_batch_3.bin": records(10)}, "has label 11, expected 0 to 9"),
    ],
)
def test_impossible_cifar10_archives_are_refused(changes, message, small, tmp_path):
    members = WHOLE | {FOLDER + name: content for name, content in changes.items()}
    path = archive(tmp_path / "cifar.tar.gz", {n: c for n, c in members.items() if c is not None})
    with pytest.raises(ValueError, match=message):
        read_cifar10(path, "train")


def test_a_file_that_is_there_twice_is_refused(small, tmp_path):
    path = tmp_path / "cifar.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for _ in range(2):
            info = tarfile.TarInfo(FOLDER + "test_batch.bin")
            info.size = len(records(1))
            tar.addfile(info, io.BytesIO(records(1)))
    with pytest.raises(ValueError, match="or a second one"):
        read_cifar10(path, "test")


def test_what_is_no_tar_archive_is_refused(packed):
    with pytest.raises(ValueError, match=r"file.gz is no tar archive, or broken"):
        read_cifar10(packed(b"text" * 1000), "test")


def test_an_archive_that_ends_within_a_file_is_refused(small, tmp_path, packed):
    content = gzip.decompress(archive(tmp_path / "cifar.tar.gz", WHOLE).read_bytes())
    with pytest.raises(ValueError, match="is no tar archive, or broken: unexpected end of data"):
        read_cifar10(packed(content[:3000]), "train")


def test_the_largest_archive_is_where_the_limit_says(small, tmp_path):
    path = archive(tmp_path / "cifar.tar.gz", WHOLE)
    with pytest.raises(ValueError, match="unpacks to more than 6,000 bytes"):
        read_cifar10(path, "test", limit=6000)


def test_limits_leave_room_for_the_real_files():
    assert formats.IDX_LIMIT > 60_000 * 28 * 28
    assert formats.USPS_LIMIT > 7291 * 257 * 7
    assert formats.CIFAR10_LIMIT > 60_000 * formats.CIFAR10_RECORD + 1_000_000
