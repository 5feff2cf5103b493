"""Schematic faces: action units move what they are named for, persons differ, seeds decide alone."""

import numpy as np
import pytest

from cnnlib.datasets import expressions
from cnnlib.datasets.expressions import EXPRESSIONS, PERSON, UNITS, VIEW, draw, films, prototypes, sample

SIZE = 192
NEUTRAL = draw("neutral", size=SIZE)


def seeded(seed):
    return np.random.Generator(np.random.PCG64(seed))


def shown(name):
    """The average face with one action unit."""
    return draw({name: 1.0}, size=SIZE)


def box(picture, rows, cols):
    """The part of a picture between two rows and two columns, given from -1 to 1."""
    (top, bottom), (left, right) = (
        ((np.array(ends) + 1) / 2 * SIZE).round().astype(int) for ends in (rows, cols)
    )
    return picture[top:bottom, left:right]


def darkest_row(picture):
    return picture.mean(axis=1).argmin()


# The six expressions, as the Facial Action Coding System describes them (Ekman & Friesen)


@pytest.mark.parametrize(
    ("expression", "units"),
    [
        ("anger", {"brow_lowerer", "upper_lid_raiser", "lid_tightener", "lip_tightener"}),  # 4 5 7 23
        ("disgust", {"nose_wrinkler", "upper_lip_raiser", "lid_tightener"}),  # 9 10
        (
            "fear",  # 1 2 4 5 20 25
            {
                "inner_brow_raiser",
                "outer_brow_raiser",
                "brow_lowerer",
                "upper_lid_raiser",
                "lip_stretcher",
                "lips_part",
            },
        ),
        ("joy", {"cheek_raiser", "lip_corner_puller", "lips_part"}),  # 6 12 25
        (
            "sadness",
            {"inner_brow_raiser", "brow_lowerer", "lip_corner_depressor", "chin_raiser"},
        ),  # 1 4 15 17
        (
            "surprise",  # 1 2 5 25 26
            {"inner_brow_raiser", "outer_brow_raiser", "upper_lid_raiser", "lips_part", "jaw_drop"},
        ),
        ("neutral", set()),
    ],
)
def test_expressions_use_their_action_units(expression, units):
    strengths = prototypes()[EXPRESSIONS.index(expression)]
    assert {name for name, s in zip(UNITS, strengths, strict=True) if s >= 0.5} == units
    np.testing.assert_array_equal(draw(expression), draw(dict(zip(UNITS, strengths, strict=True))))


def test_there_are_six_basic_expressions_and_neutral_is_the_last():
    assert EXPRESSIONS == ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
    assert prototypes().shape == (7, 15)
    assert (prototypes() >= 0).all()
    assert (prototypes() <= 1).all()


# What each action unit does to the average face


@pytest.mark.parametrize("name", UNITS)
def test_every_action_unit_changes_the_face_and_nothing_beside_it(name):
    change = np.abs(shown(name) - NEUTRAL)
    assert change.max() > 0.1
    assert change[:, : SIZE // 12].max() == 0
    assert change[: SIZE // 6].max() == 0


@pytest.mark.parametrize(
    ("name", "rows", "cols", "direction"),
    [
        ("inner_brow_raiser", (-0.47, -0.19), (-0.16, -0.12), -1),
        ("outer_brow_raiser", (-0.47, -0.2), (-0.42, -0.3), -1),
        ("brow_lowerer", (-0.47, -0.17), (-0.16, -0.12), +1),
        ("lip_corner_puller", (0.3, 0.6), (-0.25, -0.2), -1),
        ("lip_corner_depressor", (0.3, 0.6), (-0.23, -0.18), +1),
        ("jaw_drop", (0.3, 0.9), (-0.1, 0.1), +1),
    ],
)
def test_brows_and_mouth_move_up_or_down(name, rows, cols, direction):
    before, after = (darkest_row(box(picture, rows, cols)) for picture in (NEUTRAL, shown(name)))
    assert direction * (after - before) >= 4  # pixels


def white_of_the_eyes(picture):
    return (box(picture, (-0.25, 0.05), (-0.45, 0.45)) > 0.8).sum()


@pytest.mark.parametrize(
    ("name", "opens"), [("upper_lid_raiser", True), ("lid_tightener", False), ("cheek_raiser", False)]
)
def test_eyes_open_and_close(name, opens):
    ratio = white_of_the_eyes(shown(name)) / white_of_the_eyes(NEUTRAL)
    assert ratio > 1.5 if opens else ratio < 0.5


def test_jaw_drop_opens_a_dark_mouth():
    rows, cols = (0.35, 0.8), (-0.2, 0.2)
    assert (box(shown("jaw_drop"), rows, cols) < 0.15).sum() > 5 * (
        box(NEUTRAL, rows, cols) < 0.15
    ).sum() + 50


def test_a_smile_shows_teeth_and_a_closed_mouth_does_not():
    rows, cols = (0.35, 0.7), (-0.3, 0.3)
    teeth = [
        (box(draw(e, size=SIZE), rows, cols) > 0.8).sum() for e in ("joy", "neutral", "anger", "sadness")
    ]
    assert teeth[0] > 20
    assert teeth[1:] == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "wider"), [("lip_stretcher", True), ("lip_corner_puller", True), ("lip_tightener", False)]
)
def test_mouths_get_wider_and_narrower(name, wider):
    def width(picture):
        return np.ptp(np.argwhere(box(picture, (0.4, 0.6), (-0.4, 0.4)) < 0.5)[:, 1])

    assert (width(shown(name)) > width(NEUTRAL)) == wider


def test_units_can_be_mixed_and_scaled():
    np.testing.assert_array_equal(draw("joy", strength=0), draw("neutral"))
    np.testing.assert_array_equal(draw({}), draw("neutral"))
    np.testing.assert_array_equal(draw({"jaw_drop": 1.0}, strength=0.5), draw({"jaw_drop": 0.5}))
    half, full = (np.abs(draw("joy", strength=s) - draw("neutral")).sum() for s in (0.5, 1.0))
    assert 0 < half < full


def test_the_average_face_looks_straight_ahead():
    """The two halves mirror each other, but for the shade of the nose and the light in the eyes."""
    differs = np.abs(NEUTRAL - NEUTRAL[:, ::-1]) > 0.02
    assert differs.mean() < 0.02


@pytest.mark.parametrize("size", [16, 32, 48, 128])
def test_pictures_of_any_size_show_the_same(size):
    from skimage.transform import resize

    picture = draw("fear", size=size)
    assert (picture.shape, picture.dtype) == ((size, size), np.float32)
    large = resize(draw("fear", size=256), (size, size), order=1, anti_aliasing=True)
    assert np.abs(picture - large).mean() < 0.03


# The data set


def test_sample_has_every_person_show_everything_in_order():
    images, labels, person = sample(rng=seeded(1), persons=3, variants=2, size=16)
    assert images.shape == (42, 1, 16, 16)
    assert images.dtype == np.float32
    assert labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6] * 3
    assert person.tolist() == [0] * 14 + [1] * 14 + [2] * 14
    assert (labels.dtype, person.dtype) == (np.int64, np.int64)
    assert 0 <= images.min() < 0.1
    assert 0.9 < images.max() <= 1


def test_the_generator_decides_alone():
    first, again, other = (sample(rng=seeded(s), persons=2, variants=1)[0] for s in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.05
    np.testing.assert_array_equal(draw("joy", rng=seeded(5)), draw("joy", rng=seeded(5)))
    assert np.abs(draw("joy", rng=seeded(5)) - draw("joy", rng=seeded(6))).mean() > 0.05


def test_films_end_with_the_pictures_of_the_sample(monkeypatch):
    """Without noise the last picture of each film is the sample's, bit by bit."""
    monkeypatch.setitem(VIEW, "noise", (0.0, 0.0))
    images, labels, person = sample(rng=np.random.default_rng(4), persons=2, variants=1, size=16)
    pictures, film_labels, film_person = films(
        rng=np.random.default_rng(4), persons=2, variants=1, frames=3, size=16
    )
    assert pictures.shape == (14, 3, 1, 16, 16)
    np.testing.assert_array_equal(pictures[:, -1], images)
    np.testing.assert_array_equal(film_labels, labels)
    np.testing.assert_array_equal(film_person, person)


def test_expressions_rise_in_films(monkeypatch):
    """The second picture of four differs from the first by less than the last does; neutral faces rest."""
    monkeypatch.setitem(VIEW, "noise", (0.0, 0.0))
    pictures, labels, _ = films(rng=np.random.default_rng(5), persons=2, variants=1, size=24)
    moved = np.abs(pictures[:, 1:] - pictures[:, :1]).mean(axis=(2, 3, 4))
    shown = labels < EXPRESSIONS.index("neutral")
    assert (np.diff(moved[shown], axis=1) > 0).all()
    assert (moved[~shown] == 0).all()


def test_no_two_pictures_are_alike():
    images = sample(rng=seeded(0), persons=4, variants=5)[0]
    assert len({image.tobytes() for image in images}) == len(images)


def test_batches_do_not_show(monkeypatch):
    images = sample(rng=seeded(2), persons=2, variants=3)[0]
    monkeypatch.setattr(expressions, "BATCH", 5)
    np.testing.assert_array_equal(sample(rng=seeded(2), persons=2, variants=3)[0], images)


def test_persons_look_like_themselves(monkeypatch):
    """From the front, in one light, without noise, pictures of a person are nearer to each other."""
    still = {name: (np.mean(ends), np.mean(ends)) for name, ends in VIEW.items()} | {"noise": (0, 0)}
    monkeypatch.setattr(expressions, "VIEW", still)
    images, _, person = sample(rng=seeded(3), persons=6, variants=2)
    for i, image in enumerate(images):
        distance = ((images - image) ** 2).sum(axis=(1, 2, 3))
        distance[i] = np.inf
        assert person[distance.argmin()] == person[i]


@pytest.mark.parametrize("name", PERSON)
def test_persons_differ_in_everything_that_is_listed(name, monkeypatch):
    low, high = PERSON[name]
    monkeypatch.setitem(PERSON, name, (low, low))
    one = draw("joy")
    monkeypatch.setitem(PERSON, name, (high, high))
    assert np.abs(draw("joy") - one).max() > 0.05


@pytest.mark.parametrize("name", sorted(set(VIEW) - {"noise", "gain"}))
def test_views_differ_in_everything_that_is_listed(name, monkeypatch):
    low, high = VIEW[name]
    monkeypatch.setitem(VIEW, name, (low, low))
    one = draw("fear")
    monkeypatch.setitem(VIEW, name, (high, high))
    assert np.abs(draw("fear") - one).max() > 0.03


def test_gain_multiplies_all_greys(monkeypatch):
    monkeypatch.setitem(VIEW, "gain", (1.0, 1.0))
    one = draw("neutral")
    monkeypatch.setitem(VIEW, "gain", (0.8, 0.8))
    np.testing.assert_allclose(draw("neutral"), 0.8 * one, atol=1e-5)


def test_noise_has_its_standard_deviation(monkeypatch):
    pictures = []
    for noise in (0.0, 0.02):
        monkeypatch.setitem(VIEW, "noise", (noise, noise))
        pictures.append(sample(rng=seeded(4), persons=2, variants=2)[0])
    clean, noisy = pictures
    inside = (clean > 0.1) & (clean < 0.9)  # nothing is cut off there
    assert abs((noisy - clean)[inside].std() - 0.02) < 0.001


def test_the_classes_can_be_learned_but_not_by_pixels_alone():
    """A linear classifier on pixels, tested on persons that it has not seen, on three seeds."""
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    for seed in range(3):
        images, labels, person = sample(rng=seeded(seed))
        linear = make_pipeline(StandardScaler(), RidgeClassifier(alpha=3000.0))
        pixels = images.reshape(len(images), -1)
        accuracy = cross_val_score(linear, pixels, labels, groups=person, cv=GroupKFold(4)).mean()
        assert 0.55 < accuracy < 0.85


def test_ranges_are_ranges():
    for table in (PERSON, VIEW):
        assert all(low < high for low, high in table.values())
    assert all(len(strengths) == 6 for strengths in UNITS.values())


# Messages


@pytest.mark.parametrize("expression", ["happiness", "Joy", "", "contempt"])
def test_an_unknown_expression_is_refused(expression):
    with pytest.raises(ValueError, match=f"expression must be one of anger, .*, neutral: got {expression!r}"):
        draw(expression)


def test_an_unknown_action_unit_is_refused():
    with pytest.raises(
        ValueError, match=r"action units are inner_brow_raiser, .*, jaw_drop: got AU12, smile"
    ):
        draw({"smile": 1.0, "AU12": 1.0, "jaw_drop": 1.0})
