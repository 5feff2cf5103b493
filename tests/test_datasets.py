"""The loaders: shapes, values, splits that never change, folds that keep writers apart, messages."""

import dataclasses
import gzip
import hashlib
import io
import struct
import tarfile
from pathlib import Path

import deck
import numpy as np
import pytest

from cnnlib import datasets
from cnnlib.datasets import chosen, download, expressions, folds, formats, groups, load, resize, table
from cnnlib.datasets.catalogue import DESCRIPTIONS, FILES, PIXELS, Description
from cnnlib.xo import O, X

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = ["xo", "digits", "faces", "expressions"]
SHARED = [folder / "shared" / "data" for folder in (ROOT, ROOT.parent)]  # where the USPS test file may lie


# What every data set keeps to


@pytest.mark.parametrize("name", OFFLINE)
def test_images_are_float32_in_zero_to_one_and_labels_int64(name):
    images, labels, description = load(name)
    n = description.n_train + description.n_test
    assert (images.shape, labels.shape) == ((n, *description.shape), (n,))
    assert (images.dtype, labels.dtype) == (np.float32, np.int64)
    assert (images.min(), images.max()) == (0, 1)
    assert np.unique(labels).tolist() == list(range(len(description.classes)))
    assert description is DESCRIPTIONS[name]


@pytest.mark.parametrize("name", OFFLINE)
def test_all_is_train_and_then_test(name):
    everything, train, test = load(name), load(name, split="train"), load(name, split="test")
    assert (len(train.labels), len(test.labels)) == (train.description.n_train, train.description.n_test)
    np.testing.assert_array_equal(everything.images, np.concatenate([train.images, test.images]))
    np.testing.assert_array_equal(everything.labels, np.concatenate([train.labels, test.labels]))


@pytest.mark.parametrize("name", OFFLINE)
def test_no_image_is_both_in_training_and_in_testing(name):
    train, test = ({image.tobytes() for image in load(name, split=s).images} for s in ("train", "test"))
    assert not train & test


@pytest.mark.parametrize("name", OFFLINE)
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_class_has_its_share_of_every_split(name, split):
    counts = np.bincount(load(name, split=split).labels)
    overall = np.bincount(load(name).labels)
    assert abs(counts / counts.sum() - overall / overall.sum()).max() < 0.005


@pytest.mark.parametrize("name", OFFLINE)
def test_arrays_are_the_callers_own(name):
    first = load(name)
    expected = first.images.copy(), first.labels.copy()
    first.images[:] = -1
    first.labels[:] = -1
    np.testing.assert_array_equal(load(name).images, expected[0])
    np.testing.assert_array_equal(load(name).labels, expected[1])


# Each data set


def test_xo_are_letters_with_ink_1_on_paper_0():
    images, labels, description = load("xo")
    assert set(np.unique(images)) == {0, 1}
    assert description.classes == ("X", "O")
    assert labels[:4].tolist() == [0, 1, 0, 1]
    templates = (np.stack([X, O]) + 1) / 2
    nearest = ((images - templates) ** 2).sum(axis=(2, 3)).argmin(axis=1)
    assert (nearest == labels).mean() > 0.7


def test_xo_has_no_letter_twice():
    images = load("xo").images
    assert len({image.tobytes() for image in images}) == len(images) == 1000


def test_digits_are_scikit_learns():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels, description = load("digits")
    np.testing.assert_array_equal(np.sort(images.sum(axis=(1, 2, 3))), np.sort(bunch.data.sum(axis=1) / 16))
    order = {image.tobytes(): label for image, label in zip(bunch.images / 16, bunch.target, strict=True)}
    assert all(
        order[image[0].astype(np.float64).tobytes()] == label
        for image, label in zip(images, labels, strict=True)
    )
    assert description.classes == tuple("0123456789")


def test_digits_split_is_every_fifth_of_each_class_in_order():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    tested, position = [], 0
    for digit in range(10):
        for i in np.flatnonzero(bunch.target == digit):
            if position % 5 == 0:
                tested.append(i)
            position += 1
    trained = [i for i in range(1797) if i not in set(tested)]
    assert (len(trained), len(tested)) == (1437, 360)
    np.testing.assert_array_equal(load("digits", split="train").images[:, 0], bunch.images[trained] / 16)
    np.testing.assert_array_equal(
        load("digits", split="test").images[:, 0], bunch.images[sorted(tested)] / 16
    )


def test_faces_are_scikit_images():
    from skimage.data import lfw_subset

    images, labels, description = load("faces")
    pixels = lfw_subset().astype(np.float32)
    faces = {image.tobytes() for image in pixels[:100]}
    assert [image[0].tobytes() in faces for image in images] == [label == 1 for label in labels]
    assert description.classes[1] == "face"


@pytest.mark.parametrize("name", PIXELS)
def test_other_pixels_than_the_known_ones_are_refused(name, monkeypatch):
    monkeypatch.setitem(PIXELS, name, "0" * 64)
    with pytest.raises(ValueError, match=f"the pixels of {name} have sha256 .*, expected 0000"):
        load(name)


def test_expressions_are_those_of_the_generator():
    images, labels, description = load("expressions")
    expected = expressions.sample(rng=np.random.Generator(np.random.PCG64(0)))
    np.testing.assert_array_equal(images, expected[0])
    np.testing.assert_array_equal(labels, expected[1])
    assert description.classes == expressions.EXPRESSIONS


def test_what_a_program_drew_says_so():
    assert {name for name, d in DESCRIPTIONS.items() if d.synthetic} == {"xo", "expressions"}
    for name, description in DESCRIPTIONS.items():
        first_line = repr(description).splitlines()[0]
        assert first_line.endswith("(synthetic: drawn by a program)") == (name in ("xo", "expressions"))


# Data sets that are downloaded: small ones of the same form


def gz(array):
    header = struct.pack(f">BBBB{array.ndim}i", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes())


def usps_rows(digits, values):
    rows = np.column_stack([digits, values.reshape(len(digits), -1)])
    text = io.StringIO()
    np.savetxt(text, rows, fmt="%.3f")
    return gzip.compress(text.getvalue().encode())


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Put small files where those of a data set belong, and let the catalogue know them."""

    def place(name, contents, n_train, n_test):
        known = {}
        for part, files in FILES[name].items():
            for file in files:
                content = contents[file.name]
                path = tmp_path / name / file.name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
                facts = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
                known.setdefault(part, []).append(dataclasses.replace(file, **facts))
        monkeypatch.setitem(FILES, name, known)
        small = dataclasses.replace(DESCRIPTIONS[name], n_train=n_train, n_test=n_test)
        monkeypatch.setitem(DESCRIPTIONS, name, small)
        return tmp_path

    return place


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("asked the network")

    monkeypatch.setattr(download, "_get", refuse)


def check(loaded, images, labels):
    np.testing.assert_allclose(loaded.images, images, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(loaded.labels, labels)
    assert (loaded.images.dtype, loaded.labels.dtype) == (np.float32, np.int64)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_idx_data_sets_are_read(name, place, no_network):
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (5, 28, 28)), np.array([3, 1, 4, 1, 5])
    contents = {
        "train-images-idx3-ubyte.gz": gz(pixels[:3]),
        "train-labels-idx1-ubyte.gz": gz(labels[:3]),
        "t10k-images-idx3-ubyte.gz": gz(pixels[3:]),
        "t10k-labels-idx1-ubyte.gz": gz(labels[3:]),
    }
    root = place(name, contents, 3, 2)
    images = pixels[:, None] / 255
    check(load(name, root=root), images, labels)
    check(load(name, split="train", root=root), images[:3], labels[:3])
    check(load(name, split="test", root=root, download=False), images[3:], labels[3:])


def test_usps_is_read_and_only_the_files_that_are_needed(place, no_network):
    values = np.random.default_rng(0).integers(-1000, 1001, (5, 16, 16)) / 1000
    labels = np.array([3, 1, 4, 1, 5])
    contents = {
        "zip.train.gz": usps_rows(labels[:3], values[:3]),
        "zip.test.gz": usps_rows(labels[3:], values[3:]),
    }
    root = place("usps", contents, 3, 2)
    images = (values[:, None] + 1) / 2
    check(load("usps", root=root), images, labels)
    (root / "usps" / "zip.train.gz").unlink()
    check(load("usps", split="test", root=root), images[3:], labels[3:])
    with pytest.raises(FileNotFoundError, match=r"usps/zip.train.gz is needed: not found in"):
        load("usps", root=root, download=False)


def test_cifar10_is_read(place, no_network, monkeypatch):
    monkeypatch.setattr(formats, "CIFAR10_FILE", 1)
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8), np.array([3, 1, 4, 1, 5, 9])
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for i, name in enumerate([f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]):
            content = bytes([labels[i]]) + pixels[i].tobytes()
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    root = place("cifar10", {"cifar-10-binary.tar.gz": archive.getvalue()}, 5, 1)
    check(load("cifar10", root=root), pixels / 255, labels)
    check(load("cifar10", split="train", root=root), pixels[:5] / 255, labels[:5])
    check(load("cifar10", split="test", root=root), pixels[5:] / 255, labels[5:])


def test_a_bad_file_is_refused_and_not_read(place, no_network):
    labels = np.array([1])
    contents = dict.fromkeys(["zip.train.gz", "zip.test.gz"], usps_rows(labels, np.zeros((1, 16, 16))))
    root = place("usps", contents, 1, 1)
    (root / "usps" / "zip.test.gz").write_bytes(b"<!doctype html>")
    with pytest.raises(FileNotFoundError, match=r"zip.test.gz is a web page, not the data"):
        load("usps", split="test", root=root, download=False)


def test_the_data_set_that_is_missing_is_downloaded_to_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0)
    asked = []

    def refuse(url, *_):
        asked.append(url)
        raise OSError("offline")

    monkeypatch.setattr(download, "_get", refuse)
    with pytest.raises(download.DownloadError, match=r"train-images-idx3-ubyte.gz could not be downloaded"):
        load("fashion-mnist", root=tmp_path)
    assert set(asked) == set(FILES["fashion-mnist"]["train"][0].urls)


def test_the_real_usps_test_file_is_read():
    found = [folder for folder in SHARED if (folder / "usps" / "zip.test.gz").is_file()]
    if not found:
        pytest.skip("zip.test.gz is not in shared/data/usps; load('usps', split='test') would download it")
    images, labels, description = load("usps", split="test", root=found[0], download=False)
    assert images.shape == (description.n_test, *description.shape) == (2007, 1, 16, 16)
    assert (images.min(), images.max()) == (0, 1)
    published = [359, 264, 198, 166, 200, 160, 170, 147, 166, 177]  # zip.info
    assert np.bincount(labels).tolist() == published
    # The file begins "9 -1 -1 -1 -1 -1 -0.948 -0.561 0.148".
    assert labels[0] == 9
    np.testing.assert_allclose(images[0, 0, 0, 4:8], [0, 0.026, 0.2195, 0.574], atol=1e-6)


def test_usps_training_file_is_known_by_its_counts(tmp_path):
    (file,) = FILES["usps"]["train"]
    published = [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644]
    assert sum(published) == DESCRIPTIONS["usps"].n_train == 7291
    rows = [str(digit) + " -1" * 256 for digit in np.repeat(np.arange(10), published)]
    good, bad = tmp_path / "good.gz", tmp_path / "bad.gz"
    good.write_bytes(gzip.compress("\n".join(rows).encode()))
    file.check(good)
    rows[0] = "1" + rows[0][1:]
    bad.write_bytes(gzip.compress("\n".join(rows).encode()))
    with pytest.raises(ValueError, match=r"it holds \[1193, 1006, .* expected \[1194, 1005, 731"):
        file.check(bad)


# Groups and folds


def test_each_form_of_digits_copies_the_same_text():
    """That is how we know where one writer ends: the labels begin anew."""
    text = "0123456789" * 3 + (
        "0955650989841773510022782012633733466649150952820017632174631391768431405369617544728225795488490898"
    )
    from sklearn.datasets import load_digits

    written = "".join(map(str, load_digits().target))
    ends = [*datasets.DIGITS_FORMS[1:], len(written)]
    forms = [written[a:b] for a, b in zip(datasets.DIGITS_FORMS, ends, strict=True)]
    assert len(forms) == 14
    assert forms.count(text) == 8
    assert min(map(len, forms)) == 122

    def follows(form):  # the text, with some digits left out
        rest = iter(text)
        return all(digit in rest for digit in form)

    (stray,) = (form for form in forms if not follows(form))
    assert follows(stray[:-1])  # one label of 1,797 is another than the text's: a 3 where an 8 stands


def test_groups_of_digits_follow_the_images():
    from sklearn.datasets import load_digits

    form = {image.tobytes(): np.searchsorted(datasets.DIGITS_FORMS, i, "right") - 1
            for i, image in enumerate(load_digits().images / 16)}  # fmt: skip
    for split in (None, "train", "test"):
        images = load("digits", split=split).images[:, 0].astype(np.float64)
        assert groups("digits", split=split).tolist() == [form[image.tobytes()] for image in images]


def test_the_split_of_digits_leaks_writers_and_the_folds_do_not():
    assert set(groups("digits", split="train")) == set(groups("digits", split="test")) == set(range(14))
    for train, test in folds("digits", 5):
        group = groups("digits")
        assert not set(group[train]) & set(group[test])


@pytest.mark.parametrize(("name", "k"), [("digits", 5), ("digits", 14), ("digits", 2), ("expressions", 6)])
def test_folds_test_every_image_once_and_train_on_the_rest(name, k):
    n = len(load(name).labels)
    tested = []
    for train, test in folds(name, k):
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(n))
        tested.append(test)
    assert len(tested) == k
    np.testing.assert_array_equal(np.sort(np.concatenate(tested)), np.arange(n))


def test_folds_hold_neighbouring_groups_and_all_classes():
    group, labels = groups("digits"), load("digits").labels
    held = [sorted(set(group[test].tolist())) for _, test in folds("digits", 5)]
    assert held == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11], [12, 13]]
    for _, test in folds("digits", 5):
        assert np.bincount(labels[test]).min() >= 20


def test_persons_of_expressions_are_in_one_split_only():
    train, test = groups("expressions", split="train"), groups("expressions", split="test")
    assert sorted(set(train)) == list(range(18))
    assert sorted(set(test)) == list(range(18, 24))
    np.testing.assert_array_equal(np.concatenate([train, test]), groups("expressions"))


def test_groups_are_the_callers_own():
    groups("expressions")[:] = -1
    assert groups("expressions").min() == 0


@pytest.mark.parametrize("k", [1, 0, -1, 15, 2.0, None])
def test_impossible_numbers_of_folds_are_refused(k):
    with pytest.raises(ValueError, match=r"k must be from 2 to the number of groups \(14 in 'digits'\): got"):
        list(folds("digits", k))


@pytest.mark.parametrize("name", ["faces", "xo", "mnist", "usps"])
def test_groups_that_nobody_knows_are_refused(name):
    with pytest.raises(
        ValueError, match=f"groups are known for digits, expressions and folders only: got '{name}'"
    ):
        groups(name)


# Names


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("digit", "; did you mean 'digits'?"),
        ("MNIST", "; did you mean 'mnist'?"),
        ("fashion_mnist", "; did you mean 'fashion-mnist'?"),
        ("FashionMNIST", "; did you mean 'fashion-mnist'?"),
        ("cifar-10", "; did you mean 'cifar10'?"),
        ("imagenet", ""),
        ("", ""),
        (None, ""),
        (3, ""),
        (["digits"], "; did you mean 'digits'?"),
    ],
)
def test_an_unknown_name_gets_the_list_and_a_guess(name, hint):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the whole message is compared
        load(name)
    assert str(error.value) == (
        f"there is no data set {name!r}{hint} "
        "(there are xo, digits, faces, expressions, usps, mnist, fashion-mnist, cifar10 and folder:PATH)"
    )


@pytest.mark.parametrize("split", ["validation", "", 0, "Train"])
def test_an_unknown_split_is_refused(split):
    with pytest.raises(ValueError, match=f"split must be 'train', 'test' or None .all.: got {split!r}"):
        load("digits", split=split)
    with pytest.raises(ValueError, match="split must be"):
        groups("digits", split=split)


def test_the_environment_chooses(monkeypatch):
    monkeypatch.delenv("CNNLIB_DATASET", raising=False)
    assert chosen() == "digits"
    assert chosen("xo") == "xo"
    monkeypatch.setenv("CNNLIB_DATASET", "")
    assert chosen("xo") == "xo"
    monkeypatch.setenv("CNNLIB_DATASET", "mnist")
    assert chosen("xo") == "mnist"
    monkeypatch.setenv("CNNLIB_DATASET", "folder:~/mmi")
    assert chosen() == "folder:~/mmi"
    monkeypatch.setenv("CNNLIB_DATASET", "minst")
    with pytest.raises(ValueError, match=r"there is no data set 'minst'; did you mean 'mnist'\?"):
        chosen()


# Descriptions


def test_a_description_is_a_short_page():
    assert repr(load("digits").description).splitlines() == [
        "Optical recognition of handwritten digits (the test part)",
        "  images   1797: 1437 to train, 360 to test",
        "  shape    1 channel, 8 x 8 pixels",
        "  classes  10: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "  split    every fifth image, in order of class, is for testing; writers are in both (see folds)",
        "  source   scikit-learn's load_digits, from the UCI repository, doi:10.24432/C50P49",
        "  licence  CC BY 4.0",
        "  cite     E. Alpaydin, C. Kaynak: Cascading classifiers. Kybernetika 34(4):369-374, 1998",
        f"  sha256   {PIXELS['digits']}  pixels",
    ]
    assert "3 channels, 32 x 32" in repr(DESCRIPTIONS["cifar10"])


def test_a_description_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        load("digits").description.title = "mine"


def test_a_data_set_prints_in_one_line():
    assert repr(load("xo", split="test")) == "Dataset('xo', images (200, 1, 9, 9), labels (200,))"


@pytest.mark.parametrize("description", DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_every_description_is_complete(description):
    for field in dataclasses.fields(Description):
        assert getattr(description, field.name) or field.name in ("synthetic", "checksums")
    assert bool(description.checksums) != description.synthetic


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_in_its_description(name):
    files = {file for splits in FILES[name].values() for file in splits}
    listed = dict(DESCRIPTIONS[name].checksums)
    assert set(listed) == {file.name for file in files}
    for file in files:
        assert listed[file.name] == (file.sha256 or "none published; its digits are counted")


def test_the_data_page_names_every_data_set_and_every_checksum():
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for name, description in DESCRIPTIONS.items():
        assert f"`{name}`" in page
        assert description.licence in page, name
        _, height, width = description.shape
        assert f"{height}x{width}" in page, name
        for what, digest in description.checksums:
            assert what in page
            assert digest in page, what


# Resizing


def test_resize_by_hand():
    image = np.array([[[[0.0, 1.0]]]])
    np.testing.assert_allclose(resize(image, (1, 4))[0, 0, 0], [0, 0.25, 0.75, 1])
    np.testing.assert_allclose(resize(image, (2, 2))[0, 0], [[0, 1], [0, 1]])
    np.testing.assert_allclose(resize(np.array([[[[0.0], [1.0]]]]), (4, 1))[0, 0, :, 0], [0, 0.25, 0.75, 1])


def test_resize_keeps_images_and_channels_apart():
    images = np.random.default_rng(0).random((3, 2, 5, 4), dtype=np.float32)
    together = resize(images, (10, 9))
    assert together.shape == (3, 2, 10, 9)
    assert together.dtype == np.float32
    for n in range(3):
        for c in range(2):
            np.testing.assert_allclose(
                together[n, c], resize(images[n : n + 1, c : c + 1], (10, 9))[0, 0], atol=1e-6
            )


def test_resize_equals_scikit_image_on_one_picture():
    from skimage.transform import resize as reference

    image = load("faces").images[0, 0]
    for size, smooth in [((40, 31), False), ((12, 40), True), ((12, 13), True)]:
        expected = reference(image, size, order=1, mode="edge", anti_aliasing=smooth)
        np.testing.assert_allclose(resize(image[None, None], size)[0, 0], expected, atol=1e-5)


def test_shrinking_smooths_first():
    lines = np.tile([0.0, 1.0], (1, 1, 16, 8))  # every other column
    np.testing.assert_allclose(resize(lines, 4)[0, 0, :, 1:-1], 0.5, atol=0.1)


def test_pad_centres_and_does_not_touch_the_pixels():
    image = np.arange(1.0, 7.0).reshape(1, 1, 2, 3) / 6
    out = resize(image, (5, 6), pad=True)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out[0, 0, 1:3, 1:4], image[0, 0].astype(np.float32))
    assert np.count_nonzero(out) == 6
    mnist = resize(np.ones((1, 1, 28, 28)), 32, pad=True)[0, 0]
    assert mnist[2:30, 2:30].all()
    assert mnist.sum() == 28 * 28


@pytest.mark.parametrize("pad", [True, False])
def test_the_same_size_gives_a_copy(pad):
    image = np.ones((1, 1, 3, 3), dtype=np.float32)
    out = resize(image, 3, pad=pad)
    out[:] = 0
    assert image.all()


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 8), (1, 1, 1, 8, 8)])
def test_resize_needs_four_axes(shape):
    with pytest.raises(ValueError, match=r"images must have shape \(N, C, H, W\): got"):
        resize(np.zeros(shape), 4)


@pytest.mark.parametrize("size", [0, -1, (0, 4), (4, -1)])
def test_resize_needs_a_size(size):
    with pytest.raises(ValueError, match="size must be at least 1 pixel each way: got"):
        resize(np.zeros((1, 1, 8, 8)), size)


@pytest.mark.parametrize("size", [7, (7, 9), (9, 7)])
def test_pad_does_not_cut(size):
    with pytest.raises(ValueError, match="pad needs a size of at least 8 x 8 pixels: got"):
        resize(np.zeros((1, 1, 8, 8)), size, pad=True)


# The lecture's tables


@pytest.mark.parametrize(
    ("name", "printed", "columns"),
    [
        ("mmi", deck.TABLE_II_MMI, ("6-Class Exp.", "7-Class Exp.")),
        ("gemep-fera", deck.TABLE_III_GEMEP_FERA, ("5-Class Exp.", "6-Class Exp.")),
    ],
)
def test_tables_are_the_lectures(name, printed, columns):
    found = table(name)
    assert found.columns == columns
    assert found.methods == tuple(printed)
    expected = np.array([[np.nan if v is None else v for v in row] for row in printed.values()])
    np.testing.assert_array_equal(found.accuracy, expected)
    assert found.title.lower().endswith(name)
    assert len(found.citations) == len(printed)
    assert all(len(citation) > 60 for citation in found.citations)


def test_tables_as_the_lecture_prints_them():
    """Digit by digit: 82.0 is not 82, 83.05 has two decimals."""
    rows = (ROOT / "data" / "mmi_table2.csv").read_text(encoding="utf-8").splitlines()
    assert rows[2].startswith("Two-Phase [10],75.4,82.0,")
    assert rows[7].startswith("Spatio-Temopral* [25],81.2,-,")
    assert rows[8].startswith("QUEST,83.05,84.0,")


def test_an_unknown_table_is_refused():
    with pytest.raises(ValueError, match="name must be one of mmi, gemep-fera: got 'ck'"):
        table("ck")
