"""Folders of one's own images: what is read, how it is split, what is refused and how that is said."""

import os
import warnings

import numpy as np
import pytest
from PIL import Image

from cnnlib.datasets import folds, groups, image_folder, load
from cnnlib.datasets.image_folder import read_folder

GREY = np.array([[0, 51, 102], [153, 204, 255]], dtype=np.uint8)  # 0, .2, .4 / .6, .8, 1


def save(path, pixels=GREY, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.fixture
def two(tmp_path):
    """Two classes, six grey images, no persons."""
    for name in ("dog", "cat"):
        for i in range(3):
            save(tmp_path / name / f"{i}.png", GREY + np.uint8(i == 1))
    return tmp_path


def test_by_hand(two):
    folder = read_folder(two)
    assert folder.classes == ("cat", "dog")
    assert folder.images.shape == (6, 1, 2, 3)
    assert folder.images.dtype == np.float32
    np.testing.assert_allclose(folder.images[-1, 0], [[0, 0.2, 0.4], [0.6, 0.8, 1]], atol=1e-7)
    # In order of class: cat 0 1 2, dog 0 1 2; the first and the sixth are for testing.
    assert folder.labels.tolist() == [0, 0, 1, 1, 0, 1]
    assert folder.images[:, 0, 0, 0].astype(bool).tolist() == [True, False, False, True, False, False]
    assert folder.n_train == 4
    assert folder.persons is None
    assert folder.split == "every fifth image, in order of class, is for testing"


def test_load_reads_folders(two):
    images, labels, description = load(f"folder:{two}")
    assert (images.shape, images.dtype, labels.dtype) == ((6, 1, 2, 3), np.float32, np.int64)
    assert (description.n_train, description.n_test, description.shape) == (4, 2, (1, 2, 3))
    assert description.classes == ("cat", "dog")
    assert description.source == str(two)
    assert not description.synthetic
    assert len(load(f"folder:{two}", split="train").labels) == 4
    assert load(f"folder:{two}", split="test").labels.tolist() == [0, 1]


def test_persons_are_what_names_have_before_an_underscore(tmp_path):
    for name in ("joy", "anger"):
        for person in ("zoe", "amy", "bob", "eve", "dan", "cat", "fay"):
            save(tmp_path / name / f"{person}_{name}_1.png")
    folder = read_folder(tmp_path)
    # amy bob cat dan eve fay zoe: the first and the sixth are for testing.
    assert folder.persons.tolist() == [1, 2, 3, 4, 6] * 2 + [0, 5] * 2
    assert folder.labels.tolist() == [0] * 5 + [1] * 5 + [0, 0, 1, 1]
    assert folder.n_train == 10
    assert folder.split == "every fifth person is for testing"
    name = f"folder:{tmp_path}"
    assert groups(name).tolist() == folder.persons.tolist()
    assert groups(name, split="test").tolist() == [0, 5, 0, 5]
    for train, test in folds(name, 7):
        assert not set(groups(name)[train]) & set(groups(name)[test])


def test_folders_without_persons_have_no_groups(two):
    with pytest.raises(ValueError, match="do not name persons: each would begin with a name and '_'"):
        groups(f"folder:{two}")


def test_train_and_test_folders_are_the_split(tmp_path):
    save(tmp_path / "train" / "a" / "p_1.png", GREY)
    save(tmp_path / "train" / "b" / "q_1.png", GREY)
    save(tmp_path / "test" / "a" / "p_2.png", 255 - GREY)
    save(tmp_path / "test" / "b" / "q_2.png", GREY)
    folder = read_folder(tmp_path)
    assert folder.classes == ("a", "b")
    assert (folder.n_train, folder.labels.tolist()) == (2, [0, 1, 0, 1])
    assert folder.images[:, 0, 0, 0].tolist() == [0, 0, 1, 0]
    assert folder.persons.tolist() == [0, 1, 0, 1]
    assert folder.split == "by the folders train and test"


def test_train_and_test_must_hold_the_same_classes(tmp_path):
    for path in ("train/a", "train/b", "test/a", "test/c"):
        save(tmp_path / path / "1.png")
    with pytest.raises(ValueError, match="must hold the same classes: got a, b and a, c"):
        read_folder(tmp_path)


def test_a_class_may_be_called_train(tmp_path):
    for name in ("train", "plane"):
        save(tmp_path / name / "1.png")
    assert read_folder(tmp_path).classes == ("plane", "train")


def test_what_is_no_image_is_passed_over(two):
    (two / "cat" / "notes.txt").write_text("not an image")
    (two / "cat" / ".hidden.png").write_text("not an image")
    (two / "cat" / "Thumbs.db").write_bytes(b"\0")
    (two / ".git").mkdir()
    (two / "README.md").write_text("about")
    (two / "cat" / "inside.png").mkdir()
    assert len(read_folder(two).labels) == 6


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".bmp", ".gif", ".tif", ".pgm", ".webp", ".jpg"])
def test_formats_of_images(suffix, two):
    flat = np.full((2, 3), 51, dtype=np.uint8)
    path = two / "cat" / f"x{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save(path, flat, **({"lossless": True} if suffix == ".webp" else {}))
    image = image_folder._read(path, None)
    np.testing.assert_allclose(image, 0.2, atol=0.011)
    assert image.shape[1:] == (2, 3)


# Colours and depths


def test_colours_make_three_channels_of_all(two):
    colour = np.zeros((2, 3, 3), dtype=np.uint8)
    colour[..., 0] = 255
    save(two / "dog" / "3.png", colour)
    images = read_folder(two).images
    assert images.shape == (7, 3, 2, 3)
    red = images[:, 0].min(axis=(1, 2)) == 1
    assert red.sum() == 1
    assert images[red][0, 1:].max() == 0
    others = images[~red]
    np.testing.assert_array_equal(others, np.repeat(others[:, :1], 3, axis=1))


def test_sixteen_bits_keep_their_depth(tmp_path):
    path = save(tmp_path / "x.png", np.array([[0, 1], [13107, 65535]], dtype=np.uint16))
    np.testing.assert_allclose(image_folder._read(path, None)[0], [[0, 1 / 65535], [0.2, 1]], rtol=1e-6)


def test_black_and_white_is_grey(tmp_path):
    path = save(tmp_path / "x.png", np.array([[True, False]]))
    assert image_folder._read(path, None).tolist() == [[[1, 0]]]


def test_what_is_transparent_becomes_white(tmp_path):
    pixels = np.array([[[255, 0, 0, 255], [0, 0, 0, 0]]], dtype=np.uint8)
    path = save(tmp_path / "x.png", pixels)
    assert image_folder._read(path, None).tolist() == [[[1, 1]], [[0, 1]], [[0, 1]]]
    path = tmp_path / "grey.png"
    Image.merge(
        "LA", [Image.new("L", (2, 1), 0), Image.fromarray(np.array([[255, 0]], dtype=np.uint8))]
    ).save(path)
    assert image_folder._read(path, None).tolist() == [[[0, 1]]]


def test_photographs_are_turned_as_their_camera_noted(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    path = save(tmp_path / "x.png", np.array([[0, 255]], dtype=np.uint8), exif=exif)
    assert image_folder._read(path, None).tolist() == [[[0], [1]]]


def test_of_moving_images_the_first_counts(tmp_path):
    frames = [Image.new("L", (2, 1), grey) for grey in (255, 0)]
    path = tmp_path / "x.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert image_folder._read(path, None).min() == 1


# Sizes


def test_odd_sizes_are_refused_with_both_names(two):
    odd = save(two / "dog" / "9.png", np.zeros((5, 4), dtype=np.uint8))
    with pytest.raises(ValueError) as error:  # noqa: PT011  the whole message is compared
        load(f"folder:{two}")
    assert str(error.value) == (
        f"{odd} has 5 x 4 pixels, {two / 'cat' / '0.png'} 2 x 3, and all must agree; "
        "cnnlib.datasets.image_folder.read_folder(path, size=(2, 3)) resizes them"
    )


def test_size_brings_all_to_one(two):
    save(two / "dog" / "9.png", np.full((5, 4), 255, dtype=np.uint8))
    images = read_folder(two, size=(4, 6)).images
    assert images.shape == (7, 1, 4, 6)
    assert (images.min(), images.max()) == (0, 1)
    assert (images.min(axis=(1, 2, 3)) == 1).sum() == 1
    assert read_folder(two, size=3).images.shape == (7, 1, 3, 3)


def test_resizing_is_bilinear(tmp_path):
    path = save(tmp_path / "x.png", np.array([[0, 255]], dtype=np.uint8))
    np.testing.assert_allclose(image_folder._read(path, (1, 4))[0], [[0, 0.25, 0.75, 1]], atol=1e-6)


def test_more_than_fits_is_refused_before_memory_is_taken(two, monkeypatch):
    monkeypatch.setattr(image_folder, "LIMIT", 6 * 6 * 4)
    assert len(read_folder(two).labels) == 6
    monkeypatch.setattr(image_folder, "LIMIT", 6 * 6 * 4 - 1)
    with pytest.raises(
        ValueError, match=r"6 images like .*0.png need .* GiB, more than .*read_folder\(path, size=...\)"
    ):
        read_folder(two)
    assert len(read_folder(two, size=2).labels) == 6


def test_colours_that_no_longer_fit_are_refused(two, monkeypatch):
    save(two / "dog" / "3.png", np.zeros((2, 3, 3), dtype=np.uint8))
    monkeypatch.setattr(image_folder, "LIMIT", 7 * 6 * 4)
    with pytest.raises(ValueError, match="GiB, more than"):
        read_folder(two)


# What is refused


@pytest.mark.parametrize("name", ["", "nowhere", "~nobody-has-this-name"])
def test_a_missing_folder_is_named(name, tmp_path):
    with pytest.raises((FileNotFoundError, RuntimeError), match=r"is not a folder|home"):
        load(f"folder:{tmp_path / name / 'x' if name != '~nobody-has-this-name' else name}")


def test_a_file_is_no_folder(tmp_path):
    path = save(tmp_path / "x.png")
    with pytest.raises(
        FileNotFoundError, match=r"x.png is not a folder; name one that holds a folder for each"
    ):
        load(f"folder:{path}")


def test_no_class_folders_is_refused(tmp_path):
    save(tmp_path / "x.png")
    with pytest.raises(ValueError, match="must hold a folder for each class, at least two: got none"):
        load(f"folder:{tmp_path}")
    save(tmp_path / "cat" / "x.png")
    with pytest.raises(ValueError, match="at least two: got cat"):
        load(f"folder:{tmp_path}")


def test_a_class_without_images_is_refused(two):
    (two / "fish").mkdir()
    (two / "fish" / "notes.txt").write_text("none yet")
    with pytest.raises(ValueError, match=r"fish holds no images; they end in .png, .jpg"):
        read_folder(two)


def png(kind):
    from io import BytesIO

    content = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)).save(content, "PNG")
    content = content.getvalue()
    return {
        "empty": b"",
        "text": b"not an image",
        "page": b"<html></html>",
        "cut": content[:500],
        "broken": content[:60] + b"\xff" * 20 + content[80:],
        "checksum": content[:-5] + b"\0" + content[-4:],
    }[kind]


@pytest.mark.parametrize("kind", ["empty", "text", "page", "cut", "broken"])
def test_an_image_that_cannot_be_read_is_named(kind, two):
    path = two / "dog" / "9.png"
    path.write_bytes(png(kind))
    with pytest.raises(ValueError, match=r"9\.png cannot be read as an image: ") as error:
        load(f"folder:{two}")
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_floating_point_images_are_refused(two):
    save(two / "dog" / "9.tif", np.zeros((2, 3), dtype=np.float32))
    with pytest.raises(
        ValueError, match=r"9\.tif cannot be read as an image: 32 bits a pixel; save it with 8 or 16"
    ):
        read_folder(two)


def test_an_image_that_would_unpack_to_a_huge_one_is_refused(two, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(ValueError, match=r"cannot be read as an image: .*decompression bomb"):
        read_folder(two)


# Links


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
def test_links_are_followed(two, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for i in range(2):
        save(elsewhere / "fish" / f"{i}.png")
    (two / "fish").symlink_to(elsewhere / "fish")
    (two / "dog" / "4.png").symlink_to(elsewhere / "fish" / "0.png")
    folder = read_folder(two)
    assert folder.classes == ("cat", "dog", "fish")
    assert np.bincount(folder.labels).tolist() == [3, 4, 2]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
def test_a_link_that_leads_nowhere_is_named(two):
    (two / "dog" / "9.png").symlink_to("/nowhere/9.png")
    with pytest.raises(
        FileNotFoundError, match=r"9\.png is a link that leads nowhere \(to /nowhere/9\.png\); remove it"
    ):
        read_folder(two)


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
def test_links_in_a_circle_do_not_hang(two):
    (two / "dog" / "a.png").symlink_to(two / "dog" / "b.png")
    (two / "dog" / "b.png").symlink_to(two / "dog" / "a.png")
    (two / "dog" / "up").symlink_to(two)
    with pytest.raises(FileNotFoundError, match=r"a\.png is a link that leads nowhere"):
        read_folder(two)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_hang(two):
    os.mkfifo(two / "dog" / "9.png")
    with pytest.raises(ValueError, match=r"9\.png cannot be read as an image: it is not a plain file"):
        read_folder(two)
