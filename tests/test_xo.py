"""The toy pictures: what they show, how a letter is drawn, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlib import xo
from cnnlib.xo import FEATURES, X_TRICKY, O, X, draw


def ink(rows):
    """A picture from rows of text: # is 1, anything else is -1."""
    return np.array([[1.0 if pixel == "#" else -1.0 for pixel in row] for row in rows])


# By hand


def test_clean_letters_are_the_arrays():
    np.testing.assert_array_equal(draw("X"), X)
    np.testing.assert_array_equal(draw("O"), O)


def test_o_is_a_ring_of_radius_three():
    ring = [
        "---------",
        "---###---",
        "--#---#--",
        "-#-----#-",
        "-#-----#-",
        "-#-----#-",
        "--#---#--",
        "---###---",
        "---------",
    ]
    np.testing.assert_array_equal(O, ink(ring))


def test_features_are_a_falling_stroke_a_crossing_and_a_rising_stroke():
    assert FEATURES.shape == (3, 3, 3)
    np.testing.assert_array_equal(FEATURES[0], ink(["#--", "-#-", "--#"]))
    np.testing.assert_array_equal(FEATURES[1], ink(["#-#", "-#-", "#-#"]))
    np.testing.assert_array_equal(FEATURES[2], ink(["--#", "-#-", "#--"]))


def test_shift_moves_down_and_right():
    np.testing.assert_array_equal(draw("X", shift=(1, 0)), np.roll(X, 1, axis=0))
    np.testing.assert_array_equal(draw("X", shift=(0, 1)), np.roll(X, 1, axis=1))
    np.testing.assert_array_equal(draw("O", shift=(-1, 1)), np.roll(O, (-1, 1), axis=(0, 1)))


def test_what_leaves_the_picture_is_cut_off():
    expected = np.full((9, 9), -1.0)
    expected[5:, :4] = X[1:5, 4:8]  # the upper right quarter, now at the lower left
    expected[8, 0] = 1  # and the crossing
    np.testing.assert_array_equal(draw("X", shift=(4, -4)), expected)
    np.testing.assert_array_equal(draw("O", shift=(100, 0)), np.full((9, 9), -1.0))


def test_angle_turns_counterclockwise():
    """The arm toward the upper left, at 135 degrees, comes down to 165 degrees: row 3, column 0."""
    turned = draw("X", angle=30)
    assert turned[3, 0] == 1
    assert turned[5, 0] == -1


def test_scale_one_third_leaves_the_crossing_alone():
    small = np.full((9, 9), -1.0)
    small[3:6, 3:6] = FEATURES[1]
    np.testing.assert_array_equal(draw("X", scale=1 / 3), small)


def test_scale_leaves_the_thickness_alone():
    """A circle of radius 4 with a stroke of 1.8 covers distances 3.1 to 4.9: 4, but not 3."""
    row = draw("O", scale=4 / 3, weight=1.8)[4]
    np.testing.assert_array_equal(row, ink(["#-------#"])[0])


def test_strokes_of_the_x_end_three_pixels_from_the_centre():
    """The corner lies sqrt(2) = 1.414 pixels beyond the end, so a stroke of 2.8 just misses it."""
    assert draw("X", weight=2.8)[0, 0] == -1
    assert draw("X", weight=2.84)[0, 0] == 1


def test_weight_is_the_thickness_in_pixels():
    """In the middle row a circle of radius 3 and thickness 2 covers distances 2, 3 and 4."""
    row = draw("O", weight=2)[4]
    np.testing.assert_array_equal(row, ink(["###---###"])[0])


def test_pixels_exactly_half_a_stroke_away_are_ink():
    """Turned by 45 degrees the X is a plus, and with thickness 2 its sides are ties to the last digit."""
    plus = np.full((9, 9), -1.0)
    plus[3:6, :] = plus[:, 3:6] = 1
    for quarter in range(8):
        np.testing.assert_array_equal(draw("X", angle=45 + 90 * quarter, weight=2), plus)


def test_slack_is_far_too_small_to_see():
    assert draw("O", weight=1.99999)[4, 0] == -1
    assert draw("O", weight=2)[4, 0] == 1


def test_tricky_x_shares_five_of_thirteen_inked_pixels_with_x():
    assert (X == 1).sum() == (X_TRICKY == 1).sum() == 13
    assert ((X == 1) & (X_TRICKY == 1)).sum() == 5
    assert (X == X_TRICKY).sum() == 81 - (13 - 5) - (13 - 5)


# Laws


@settings(deadline=None, derandomize=True, max_examples=50)
@given(angle=st.integers(-180, 180), weight=st.floats(1, 3), scale=st.floats(0.5, 1.5))
def test_x_looks_the_same_after_a_quarter_turn(angle, weight, scale):
    before = draw("X", angle=angle, weight=weight, scale=scale)
    np.testing.assert_array_equal(draw("X", angle=angle + 90, weight=weight, scale=scale), before)
    np.testing.assert_array_equal(np.rot90(before), before)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(angle=st.integers(-180, 180), row=st.integers(-3, 3), col=st.integers(-3, 3))
def test_o_does_not_feel_a_turn_and_x_turned_back_is_its_mirror_image(angle, row, col):
    shift = (row / 4, col / 4)
    np.testing.assert_array_equal(draw("O", angle=angle, shift=shift), draw("O", shift=shift))
    mirrored = draw("X", angle=-angle, shift=(row / 4, -col / 4))
    np.testing.assert_array_equal(draw("X", angle=angle, shift=shift), mirrored[:, ::-1])


@settings(deadline=None, derandomize=True, max_examples=50)
@given(shape=st.sampled_from("XO"), seed=st.integers(0, 2**32))
def test_random_letters_are_pictures_and_the_generator_decides_alone(shape, seed):
    picture = draw(shape, rng=np.random.default_rng(seed))
    assert picture.shape == (9, 9)
    assert picture.dtype == np.float64
    assert set(np.unique(picture)) == {-1.0, 1.0}
    np.testing.assert_array_equal(draw(shape, rng=np.random.default_rng(seed)), picture)


def test_generator_draws_only_what_is_left_out_from_the_ranges():
    rng = np.random.default_rng(7)
    shift = rng.uniform(*xo.SHIFT_RANGE, size=2)
    scale = rng.uniform(*xo.SCALE_RANGE)
    angle = rng.uniform(*xo.ANGLE_RANGE)
    weight = rng.uniform(*xo.WEIGHT_RANGE)
    expected = draw("X", shift=shift, scale=scale, angle=angle, weight=weight)
    np.testing.assert_array_equal(draw("X", rng=np.random.default_rng(7)), expected)

    clean = {"shift": (0, 0), "scale": 1, "angle": 0, "weight": 1}
    np.testing.assert_array_equal(draw("X", **clean, rng=rng), X)


def test_ranges_are_what_the_lecture_calls_trickier():
    assert xo.SHIFT_RANGE == (-1, 1)
    assert xo.SCALE_RANGE == (0.6, 1.2)
    assert xo.ANGLE_RANGE == (-30, 30)
    assert xo.WEIGHT_RANGE == (1, 2.5)


# Messages


@pytest.mark.parametrize("array", [X, O, X_TRICKY, FEATURES])
def test_arrays_are_read_only_float64(array):
    assert array.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


def test_draw_returns_a_picture_of_its_own():
    draw("X")[:] = 0
    np.testing.assert_array_equal(draw("X"), X)


@pytest.mark.parametrize("shape", ["Q", "x", "", "XO", None, 3, X])
def test_unknown_shape_is_refused(shape):
    with pytest.raises(ValueError, match="shape must be 'X' or 'O': got"):
        draw(shape)


@pytest.mark.parametrize("name", ["scale", "weight"])
@pytest.mark.parametrize("value", [0, -1, -0.5])
def test_size_and_thickness_must_be_positive(name, value):
    with pytest.raises(ValueError, match=f"{name} must be greater than 0: got {value}"):
        draw("X", **{name: value})


@pytest.mark.parametrize("shift", [1, (1,), (1, 2, 3), ()])
def test_shift_must_be_two_numbers(shift):
    with pytest.raises(ValueError, match="shift must be two numbers"):
        draw("X", shift=shift)


@pytest.mark.parametrize("name", ["scale", "angle", "weight"])
@pytest.mark.parametrize("value", ["1", True, 1j, [1]])
def test_numbers_must_be_numbers(name, value):
    with pytest.raises(TypeError, match=f"{name} must be a number: got"):
        draw("O", **{name: value})
    with pytest.raises(TypeError, match="shift must be a number: got"):
        draw("O", shift=(0, value))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_must_be_finite(value):
    for arguments in ({"shift": (value, 0)}, {"scale": value}, {"angle": value}, {"weight": value}):
        with pytest.raises(ValueError, match="must be finite: got"):
            draw("O", **arguments)


@pytest.mark.parametrize("rng", [0, np.random, np.random.RandomState(0)])
def test_rng_must_be_a_generator(rng):
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator: got"):
        draw("X", rng=rng)
