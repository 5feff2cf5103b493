"""Descriptors: worked patches, a slow reading of the definitions, scikit-image, what a code must ignore."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.feature import local_binary_pattern

from benchmarks.descriptors import REFERENCE, functions, table
from cnnlib.descriptors import (
    CODES,
    KIRSCH,
    ROBINSON,
    block_histograms,
    kirsch,
    lbp,
    ldn,
    ldp,
    ldterp,
    ldtexp,
    quest,
    robinson,
    two_phase,
    uniform,
)
from cnnlib.windows import correlate2d

ALL = pytest.mark.parametrize("describe", CODES, ids=lambda describe: describe.__name__)

# By hand
#
#     n3 n2 n1     85 32 26
#     n4  c n0     53 50 10
#     n5 n6 n7     60 38 45      n0 + ... + n7 = 349

PATCH = np.array([[85, 32, 26], [53, 50, 10], [60, 38, 45]])
K = [
    8 * (45 + 10 + 26) - 3 * 349,  # E: -399
    8 * (10 + 26 + 32) - 3 * 349,  # NE: -503
    8 * (26 + 32 + 85) - 3 * 349,  # N: 97
    8 * (32 + 85 + 53) - 3 * 349,  # NW: 313
    8 * (85 + 53 + 60) - 3 * 349,  # W: 537
    8 * (53 + 60 + 38) - 3 * 349,  # SW: 161
    8 * (60 + 38 + 45) - 3 * 349,  # S: 97
    8 * (38 + 45 + 10) - 3 * 349,  # SE: -303
]
R = [
    (26 + 2 * 10 + 45) - (85 + 2 * 53 + 60),  # E: -160
    (32 + 2 * 26 + 10) - (53 + 2 * 60 + 38),  # NE: -117
    (85 + 2 * 32 + 26) - (60 + 2 * 38 + 45),  # N: -6
    (32 + 2 * 85 + 53) - (10 + 2 * 45 + 38),  # NW: 117
]


def test_kirsch_and_robinson_of_the_patch():
    np.testing.assert_array_equal(kirsch(PATCH).ravel(), K)
    np.testing.assert_array_equal(robinson(PATCH).ravel(), R)
    assert K == [-399, -503, 97, 313, 537, 161, 97, -303]
    assert R == [-160, -117, -6, 117]


@pytest.mark.parametrize(
    ("describe", "code"),
    [
        (lbp, 8 + 16 + 32),  # NW 85, W 53 and SW 60 reach 50
        (ldp, 2**4 + 2**1 + 2**0),  # |K| of W, NE and E: 537, 503, 399
        (ldn, 8 * 4 + 1),  # largest in the W, smallest in the NE
        (ldtexp, 16 * 4 + 4 * 2 + 1),  # W: 53 - 10 > 15; NE: 26 - 60 < -15
        (ldterp, 64 * 0 + 16 * 1 + 4 * 1 + 1),  # E: -160 < -15; NE comes before NW: -117 < -15
        (quest, 2**3 + 2**4),  # of E, NE, N none; of W, SW, S the first two
        (two_phase, 4 * 4 + 2 + 0),  # W: 53 reaches 50, 10 does not
    ],
)
def test_codes_of_the_patch(describe, code):
    np.testing.assert_array_equal(describe(PATCH), [[code]])


def test_uniform_bin_of_the_patch():
    """56 is 00111000. Smaller uniform codes: 0, eight with one run of ones up to bit 2 or 3, and so on."""
    smaller = [0, 1, 2, 3, 4, 6, 7, 8, 12, 14, 15, 16, 24, 28, 30, 31, 32, 48]
    assert uniform(56) == len(smaller) == 18


@pytest.mark.parametrize(
    ("describe", "code"),
    [
        (lbp, 255),  # equal is bright enough
        (ldp, 2**0 + 2**1 + 2**2),  # all responses are 0: the first three
        (ldn, 8 * 0 + 7),  # the first of the largest, the last of the smallest
        (ldtexp, 0),
        (ldterp, 4 * 1),  # E and NE, no contrast
        (quest, 63),
        (two_phase, 0 + 2 + 1),
    ],
)
@pytest.mark.parametrize("level", [0, 50, -3, 0.5])
def test_codes_of_a_flat_patch(describe, code, level):
    np.testing.assert_array_equal(describe(np.full((3, 3), level)), [[code]])


def bright(direction):
    """A patch of zeros with a bright pixel in one direction, counted from the east against the clock."""
    patch = np.zeros((3, 3), int)
    row, col = [(1, 2), (0, 2), (0, 1), (0, 0), (1, 0), (2, 0), (2, 1), (2, 2)][direction]
    patch[row, col] = 10
    return patch


@pytest.mark.parametrize("i", range(8))
def test_a_bright_neighbour_is_found_where_it_lies(i):
    patch = bright(i)
    patch[1, 1] = 5
    np.testing.assert_array_equal(lbp(patch), [[2**i]])
    # 50 for the three masks that count it 5, -30 for the others; R is +-20, +-10, +-10 and 0
    near = {(i - 1) % 8, i, (i + 1) % 8}
    np.testing.assert_array_equal(kirsch(patch).ravel(), [50 if k in near else -30 for k in range(8)])
    np.testing.assert_array_equal(ldp(patch), [[sum(2**k for k in near)]])
    far = [k for k in range(8) if k not in near]
    np.testing.assert_array_equal(ldn(patch), [[8 * min(near) + far[-1]]])
    expected = [{0: 20, 1: 10, 2: 0, 3: -10, 4: -20, 5: -10, 6: 0, 7: 10}[(i - k) % 8] for k in range(4)]
    np.testing.assert_array_equal(robinson(patch).ravel(), expected)


def test_two_phase_tells_slope_ridge_and_valley():
    slope, ridge, valley = [[0, 5, 9]] * 3, [[0, 0, 1], [0, 9, 2], [0, 0, 1]], [[8, 5, 9]] * 3
    assert [two_phase(rows).item() for rows in (slope, ridge, valley)] == [2, 0, 3]  # all: brightest in the E
    steep_behind = [[0, 0, 9], [7, 5, 1], [0, 0, 9]]  # brightest side in the E, but n[0] < c <= n[4]
    assert two_phase(steep_behind).item() == 1


@pytest.mark.parametrize(("contrast", "digit"), [(16, 2), (15, 0), (-15, 0), (-16, 1)])
def test_contrast_up_to_the_threshold_counts_as_none(contrast, digit):
    """The only difference is n[0] - n[4]: responses 5 and -3 times as large, R[0] twice."""
    east, west = max(contrast, 0), max(-contrast, 0)
    patch = np.array([[0, 0, 0], [west, 0, east], [0, 0, 0]])
    first = 0 if contrast > 0 else 3  # |K| is 5 * 16 for three directions, of which the first ranks first
    others = {0: 1, 3: 4}[first]
    d = kirsch(patch).ravel()
    assert sorted(np.flatnonzero(np.abs(d) == np.abs(d).max()))[:2] == [first, others]
    assert (ldtexp(patch) // 16).item() == first
    digits = [digit if direction in (0, 4) else 0 for direction in (first, others)]
    if others == 4:
        digits[1] = {0: 0, 1: 2}[digit]  # seen from the west, the west is ahead
    assert ldtexp(patch).item() == 16 * first + 4 * digits[0] + digits[1]
    assert ldterp(patch, sigma=30).item() // 16 == digit  # R[0] is 2 * 16 or 2 * 15
    assert ldterp(patch, sigma=2 * abs(contrast)).item() == 4 * 1


def test_sigma_is_15_unless_told():
    patch = [[0, 0, 0], [0, 0, 8], [0, 0, 0]]  # R is 16, 8, 0, -8
    assert ldterp(patch).item() == 64 * 0 + 16 * 2 + 4 * 1 + 0


def test_thresholds_may_be_larger_than_any_pixel():
    image = np.random.default_rng(0).integers(0, 256, (9, 9)).astype(np.uint8)
    assert set(np.unique(ldtexp(image, eps=10**6))) <= {16 * i for i in range(8)}
    assert set(np.unique(ldterp(image, sigma=1e6) & 0b00110011)) == {0}


# A slow reading of the definitions, pixel by pixel, in exact arithmetic

NAMES = ["E", "NE", "N", "NW", "W", "SW", "S", "SE"]
STEPS = {"N": (-1, 0), "S": (1, 0), "E": (0, 1), "W": (0, -1)}


def offset(name):
    return tuple(sum(STEPS[letter][axis] for letter in name) for axis in (0, 1))


def slow_kirsch(n):
    weights = [[5 if (k - i) % 8 in (7, 0, 1) else -3 for k in range(8)] for i in range(8)]
    return [sum(w * v for w, v in zip(row, n, strict=True)) for row in weights]


def slow_robinson(n):
    weights = [
        [{0: 2, 1: 1, 7: 1, 4: -2, 3: -1, 5: -1}.get((k - i) % 8, 0) for k in range(8)] for i in range(4)
    ]
    return [sum(w * v for w, v in zip(row, n, strict=True)) for row in weights]


def strongest(responses):
    """Directions by falling size; sorted is stable, so of equals the first comes first."""
    return sorted(range(len(responses)), key=lambda i: -abs(responses[i]))


def ternary(d, threshold):
    if d > threshold:
        return 2
    if d < -threshold:
        return 1
    return 0


def slow_lbp(n, c):
    return int("".join("1" if v >= c else "0" for v in reversed(n)), 2)


def slow_ldp(n, c):
    chosen = strongest(slow_kirsch(n))[:3]
    return int("".join("1" if i in chosen else "0" for i in reversed(range(8))), 2)


def slow_ldn(n, c):
    responses = slow_kirsch(n)
    largest, smallest = max(responses), min(responses)
    first = next(i for i in range(8) if responses[i] == largest)
    last = next(i for i in reversed(range(8)) if responses[i] == smallest)
    return int(f"{first}{last}", 8)


def slow_ldtexp(n, c, eps=15):
    one, two = strongest(slow_kirsch(n))[:2]
    first, second = (ternary(n[i] - n[i - 4], eps) for i in (one, two))
    return 16 * one + 4 * first + second


def slow_ldterp(n, c, sigma=15):
    responses = slow_robinson(n)
    one, two = strongest(responses)[:2]
    return int(f"{one}{ternary(responses[one], sigma)}{two}{ternary(responses[two], sigma)}", 4)


def slow_quest(n, c):
    at = dict(zip(NAMES, n, strict=True))
    first, second = ["E", "NE", "N"], ["W", "SW", "S"]
    return int("".join("1" if at[name] >= c else "0" for name in reversed(first + second)), 2)


def slow_two_phase(n, c):
    responses = slow_kirsch(n)
    i = responses.index(max(responses))
    ahead, behind = n[i] >= c, n[i - 4] >= c
    return 4 * i + {(False, False): 0, (False, True): 1, (True, False): 2, (True, True): 3}[ahead, behind]


SLOW = {
    lbp: slow_lbp,
    ldp: slow_ldp,
    ldn: slow_ldn,
    ldtexp: slow_ldtexp,
    ldterp: slow_ldterp,
    quest: slow_quest,
    two_phase: slow_two_phase,
}


def slow(function, image, *arguments):
    """Apply a function of the eight neighbours and the pixel at each pixel inside."""
    image = [[Fraction(v) for v in row] for row in np.asarray(image).tolist()]
    H, W = len(image), len(image[0])
    return [
        [
            function([image[r + dr][c + dc] for dr, dc in map(offset, NAMES)], image[r][c], *arguments)
            for c in range(1, W - 1)
        ]
        for r in range(1, H - 1)
    ]


sizes = st.tuples(st.integers(3, 6), st.integers(3, 6))
few_levels = arrays(np.int64, sizes, elements=st.integers(-2, 2))  # many equal responses
bytes_ = arrays(np.uint8, sizes, elements=st.integers(0, 255))
floats = arrays(np.float64, sizes, elements=st.integers(-4000, 4000).map(lambda v: v / 16))  # exact sums


@settings(deadline=None, derandomize=True, max_examples=150)
@given(image=st.one_of(few_levels, bytes_, floats), threshold=st.sampled_from([0, 1, 2, 4, 15, 60, 0.5]))
def test_every_code_is_what_its_definition_says(image, threshold):
    for describe, definition in SLOW.items():
        np.testing.assert_array_equal(describe(image), slow(definition, image), err_msg=describe.__name__)
    np.testing.assert_array_equal(ldtexp(image, threshold), slow(slow_ldtexp, image, threshold))
    np.testing.assert_array_equal(ldterp(image, threshold), slow(slow_ldterp, image, threshold))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(image=st.one_of(few_levels, bytes_, floats))
def test_responses_are_correlations_with_the_masks(image):
    for function, masks, definition in [
        (kirsch, KIRSCH, slow_kirsch),
        (robinson, ROBINSON, slow_robinson),
    ]:
        responses = function(image)
        np.testing.assert_array_equal(responses, [correlate2d(image, mask) for mask in masks])
        expected = np.moveaxis(np.array(slow(lambda n, c, f=definition: f(n), image), float), -1, 0)
        np.testing.assert_array_equal(responses, expected)
        assert responses.dtype == (float if image.dtype == float else int)


@ALL
def test_every_code_occurs_and_no_other(describe):
    rng = np.random.default_rng(0)
    loud, quiet = rng.integers(0, 256, (700, 700)), rng.integers(0, 12, (700, 700))
    found = set(np.unique(describe(loud))) | set(np.unique(describe(quiet)))
    assert found == set(CODES[describe])
    assert list(CODES[describe]) == sorted(found)


def test_how_many_codes_there_are():
    names = {describe.__name__: len(codes) for describe, codes in CODES.items()}
    assert names == {
        "lbp": 2**8,
        "ldp": 8 * 7 * 6 // 6,
        "ldn": 8 * 7,
        "ldtexp": 8 * 3 * 3,
        "ldterp": 4 * 3 * (3 * 3 - 2),  # 0 before 1 or 2 cannot be: the first response is the larger one
        "quest": 2**6,
        "two_phase": 8 * 2 * 2,
    }


# scikit-image


@settings(deadline=None, derandomize=True, max_examples=60)
@given(image=st.one_of(few_levels, bytes_), reach=st.sampled_from([(1, 1), (9, 5)]))
def test_circular_lbp_is_scikit_images(image, reach):
    image = np.tile(image, reach)  # the interpolation's rounding depends on the place
    expected = local_binary_pattern(image, 8, 1, method="default")[1:-1, 1:-1]
    np.testing.assert_array_equal(lbp(image, circular=True), expected)


@pytest.mark.filterwarnings("ignore:Applying `local_binary_pattern` to floating-point images")
def test_circular_lbp_is_scikit_images_on_a_large_image_of_floats():
    image = np.random.default_rng(0).normal(size=(300, 517))
    expected = local_binary_pattern(image, 8, 1)[1:-1, 1:-1]
    np.testing.assert_array_equal(lbp(image, circular=True), expected)
    assert (lbp(image) != expected).mean() > 0.1  # the square one is another descriptor


def test_uniform_codes_are_scikit_images_by_other_numbers():
    image = np.random.default_rng(0).integers(0, 256, (400, 400)).astype(np.uint8)
    ours = uniform(lbp(image, circular=True)).ravel()
    theirs = local_binary_pattern(image, 8, 1, method="nri_uniform")[1:-1, 1:-1].ravel()
    pairs = set(zip(ours.tolist(), theirs.tolist(), strict=True))
    assert sorted(a for a, _ in pairs) == sorted(b for _, b in pairs) == list(range(59))
    assert (58, 58) in pairs


def test_uniform_codes_are_the_runs_of_ones_in_ascending_order():
    runs = {0, 255}
    for length, start in itertools.product(range(1, 8), range(8)):
        runs.add(sum(2 ** ((start + k) % 8) for k in range(length)))
    expected = np.full(256, 58)
    expected[sorted(runs)] = range(58)
    np.testing.assert_array_equal(uniform(np.arange(256)), expected)
    assert uniform(np.arange(256, dtype=np.uint8)).dtype == int


# What must not change a code, and what must change it in a known way

changes = settings(deadline=None, derandomize=True, max_examples=60)


@changes
@given(image=st.one_of(few_levels, bytes_))
def test_kirsch_adds_up_to_zero(image):
    np.testing.assert_array_equal(kirsch(image).sum(axis=0), 0)


@changes
@given(image=bytes_, other=st.integers(0, 255))
def test_the_pixel_itself_does_not_matter_to_the_masks(image, other):
    changed = image.copy()
    changed[1, 1] = other
    for describe in (kirsch, robinson, ldp, ldn, ldtexp, ldterp):
        np.testing.assert_array_equal(describe(changed)[..., 0, 0], describe(image)[..., 0, 0])


@changes
@given(image=st.one_of(few_levels, floats), offset=st.integers(-500, 500))
def test_an_added_offset_changes_nothing(image, offset):
    for describe in (kirsch, robinson, *CODES):
        np.testing.assert_array_equal(describe(image + offset), describe(image))


@changes
@given(image=st.one_of(few_levels, bytes_), factor=st.integers(1, 9))
def test_more_contrast_changes_no_code_if_the_threshold_follows(image, factor):
    stretched = image.astype(int) * factor
    for describe in (lbp, ldp, ldn, quest, two_phase):
        np.testing.assert_array_equal(describe(stretched), describe(image))
    for describe in (ldtexp, ldterp):
        np.testing.assert_array_equal(describe(stretched, 15 * factor), describe(image, 15))


@changes
@given(image=bytes_)
def test_any_rising_grey_map_leaves_lbp_and_quest_alone(image):
    grey = np.cumsum(np.random.default_rng(0).integers(1, 50, 256))
    assert (np.diff(grey) > 0).all()
    for describe in (lbp, quest):
        np.testing.assert_array_equal(describe(grey[image]), describe(image))


def test_a_rising_grey_map_may_change_the_others():
    image = np.random.default_rng(0).integers(0, 256, (50, 50))
    for describe in (ldp, ldn, ldtexp, ldterp, two_phase):
        assert (describe(image**3) != describe(image)).any()


def distinct(seed):
    """An image in which no two responses are equal."""
    return np.random.default_rng(seed).normal(size=(7, 9)) * 100


@pytest.mark.parametrize("seed", range(3))
def test_a_quarter_turn_moves_every_direction_by_two(seed):
    image = distinct(seed)
    turned = np.rot90(image)  # against the clock, as the directions are counted

    def after(describe, image=image):
        return np.rot90(describe(image).astype(int), axes=(-2, -1))

    np.testing.assert_allclose(
        kirsch(turned), np.roll(np.rot90(kirsch(image), axes=(1, 2)), 2, axis=0), atol=1e-9
    )
    r = np.rot90(robinson(image), axes=(1, 2))
    np.testing.assert_allclose(robinson(turned), [-r[2], -r[3], r[0], r[1]], atol=1e-9)
    for describe in (lbp, ldp):
        codes = after(describe)
        np.testing.assert_array_equal(describe(turned), (codes << 2 | codes >> 6) & 255)
    codes = after(ldn)
    np.testing.assert_array_equal(ldn(turned), (codes // 8 + 2) % 8 * 8 + (codes % 8 + 2) % 8)
    codes = after(ldtexp)
    np.testing.assert_array_equal(ldtexp(turned), (codes // 16 + 2) % 8 * 16 + codes % 16)
    codes = after(two_phase)
    np.testing.assert_array_equal(two_phase(turned), (codes // 4 + 2) % 8 * 4 + codes % 4)


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int16, np.uint16, np.int64, np.uint64, np.float32, np.float64]
)
def test_the_type_of_the_image_does_not_matter(dtype):
    image = np.random.default_rng(0).integers(0, 2, (20, 20)) * 127
    for describe in (kirsch, robinson, *CODES, lambda image: lbp(image, circular=True)):
        np.testing.assert_array_equal(describe(image.astype(dtype)), describe(image))


# A mask adds up to 15 times a pixel: 15 * 2185 is too much for 16 bits, 15 * 143165577 for 32.
@pytest.mark.parametrize("size", [1, 255, 1366, 2184, 2185, 2**16 - 1, 143165576, 143165577, 2**32, 2**53])
@pytest.mark.parametrize("sign", [1, -1])
def test_no_sum_overflows(size, sign):
    image = sign * size * np.random.default_rng(0).integers(0, 2, (9, 9))
    image[:3, :3] = sign * size * np.array([[0, 0, 1], [0, 0, 1], [0, 0, 1]])
    for describe, definition in SLOW.items():
        np.testing.assert_array_equal(describe(image), slow(definition, image), err_msg=describe.__name__)
    assert [int(v) for v in kirsch(image)[:, 0, 0]] == slow(lambda n, c: slow_kirsch(n), image)[0][0]
    assert int(kirsch(image)[0, 0, 0]) == sign * 15 * size


def test_truth_values_are_grey_levels_too():
    image = np.random.default_rng(0).random((8, 8)) > 0.5
    for describe in CODES:
        np.testing.assert_array_equal(describe(image), describe(image.astype(int)))


@ALL
def test_a_code_map_is_small_whole_and_its_own(describe):
    image = np.random.default_rng(0).integers(0, 256, (5, 8))
    before = image.copy()
    codes = describe(image)
    assert codes.shape == (3, 6)
    assert codes.dtype == int  # so that a sum of codes cannot overflow
    np.testing.assert_array_equal(describe(image.tolist()), codes)
    np.testing.assert_array_equal(describe(np.asfortranarray(image)), codes)
    codes[:] = 0
    np.testing.assert_array_equal(image, before)


# Histograms of blocks


def test_block_histograms_go_through_the_blocks_in_reading_order():
    codes = np.array([[0, 1, 2, 2], [1, 1, 2, 2], [0, 0, 1, 2]])
    # rows 0 and 1 above, row 2 below: 4 and 2 pixels
    expected = [1, 3, 0, 0, 0, 4, 2, 0, 0, 0, 1, 1]
    np.testing.assert_array_equal(block_histograms(codes, 2, 3), expected)
    np.testing.assert_array_equal(block_histograms(codes, (2, 2), np.arange(3)), expected)
    shares = np.divide(expected, np.repeat([4, 4, 2, 2], 3))
    np.testing.assert_allclose(block_histograms(codes, 2, 3, "l1"), shares)
    np.testing.assert_allclose(block_histograms(codes, 2, 3, norm="sqrt"), np.sqrt(shares))


def test_block_histograms_have_a_bin_for_each_code_in_the_order_given():
    codes = np.array([[7, 224, 7]], np.uint8)
    np.testing.assert_array_equal(block_histograms(codes, 1, [224, 9, 7]), [1, 0, 2])


def test_one_block_is_the_histogram_of_all():
    codes = np.random.default_rng(0).integers(0, 5, (6, 7))
    np.testing.assert_array_equal(block_histograms(codes, 1, 9), np.bincount(codes.ravel(), minlength=9))


@changes
@given(size=sizes, data=st.data())
def test_every_pixel_is_in_one_block_and_blocks_differ_by_one_row_or_column(size, data):
    grid = tuple(data.draw(st.integers(1, n)) for n in size)
    counts = block_histograms(np.arange(size[0] * size[1]).reshape(size), grid, size[0] * size[1])
    assert counts.dtype == int
    blocks = counts.reshape(*grid, *size)
    np.testing.assert_array_equal(blocks.sum(axis=(0, 1)), 1)
    for axis in (0, 1):
        heights = blocks.any(axis=3 - axis).sum(axis=-1)  # of each block along this axis
        assert (heights == np.take(heights, [0], axis=1 - axis)).all()  # rows of blocks are straight
        assert heights.max() - heights.min() <= 1
    for r, c in np.ndindex(*grid):
        rows, cols = blocks[r, c].any(axis=1), blocks[r, c].any(axis=0)
        np.testing.assert_array_equal(blocks[r, c], np.outer(rows, cols))  # a rectangle
        assert (np.diff(np.flatnonzero(rows)) == 1).all()
        assert (np.diff(np.flatnonzero(cols)) == 1).all()
    firsts = [np.argwhere(block)[0].tolist() for block in blocks.reshape(-1, *size)]
    assert firsts == sorted(firsts)  # in reading order


@ALL
def test_histograms_of_a_descriptor_add_up(describe):
    image = np.random.default_rng(0).integers(0, 256, (31, 26))
    codes, bins = describe(image), CODES[describe]
    counts = block_histograms(codes, (4, 3), bins).reshape(12, len(bins))
    assert counts.sum() == codes.size
    for k, code in enumerate(bins):
        assert counts[:, k].sum() == (codes == code).sum()
    np.testing.assert_allclose(block_histograms(codes, (4, 3), bins, "l1").reshape(12, -1).sum(axis=1), 1)
    roots = block_histograms(codes, (4, 3), bins, "sqrt").reshape(12, -1)
    np.testing.assert_allclose((roots**2).sum(axis=1), 1)


# Messages


@ALL
@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((5, 5, 3)), ValueError, r"shape \(H, W\).* got shape \(5, 5, 3\); image\.mean\(axis=2\)"),
        (np.zeros(9), ValueError, r"image must have shape \(H, W\), .* got shape \(9,\)$"),
        (np.zeros((2, 9)), ValueError, r"at least 3 rows and 3 columns: got shape \(2, 9\)"),
        (np.zeros((9, 2)), ValueError, r"got shape \(9, 2\)"),
        (np.zeros((0, 0)), ValueError, r"got shape \(0, 0\)"),
        (
            [[0.0] * 3, [0, np.nan, 0], [0] * 3],
            ValueError,
            "image must be finite: got nan in row 1, column 1",
        ),
        ([[0.0] * 3, [0, 0, 0], [0, -np.inf, 0]], ValueError, "got -inf in row 2, column 1"),
        (np.full((3, 3), "a"), TypeError, "image must hold real numbers: got type <U1"),
        (np.full((3, 3), 1j), TypeError, "got type complex128"),
        (np.full((3, 3), None), TypeError, "got type object"),
        (np.full((3, 3), 2**60), ValueError, r"at most 2\*\*53 in size: got 1.15e\+18; divide them"),
        (np.full((3, 3), -1e300), ValueError, r"at most 2\*\*53 in size: got 1e\+300"),
    ],
)
def test_what_is_no_grey_image_is_refused(describe, image, error, message):
    with pytest.raises(error, match=message):
        describe(image)


@pytest.mark.parametrize("value", [-1, np.nan, np.inf, None, "15", [15], 1j])
def test_thresholds_must_be_numbers_from_zero_on(value):
    for describe, name in ((ldtexp, "eps"), (ldterp, "sigma")):
        with pytest.raises(ValueError, match=f"{name} must be a number from 0 on: got "):
            describe(PATCH, value)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ([[0, 3]], 1, 3),
            ValueError,
            "among those that have a bin: got 3; the 3 with a bin lie between 0 and 2",
        ),
        (([[7, 8]], 1, CODES[ldp]), ValueError, "got 8; the 56 with a bin lie between 7 and 224"),
        (([[0, -1]], 1, 3), ValueError, "got -1"),
        (([[0, 300]], 1, CODES[lbp]), ValueError, "got 300"),
        (([[0.0, 1.0]], 1, 3), TypeError, "codes must be integers: got type float64"),
        (
            ([0, 1], 1, 3),
            ValueError,
            r"codes must have shape \(H, W\).* got shape \(2,\) and a grid of 1 x 1",
        ),
        (([[0, 1]], (1, 3), 3), ValueError, r"got shape \(1, 2\) and a grid of 1 x 3"),
        (([[0, 1]], 2, 3), ValueError, "a grid of 2 x 2"),
        (([[0, 1]], 0, 3), ValueError, "grid must be at least 1: got 0"),
        (([[0, 1]], (1, 1, 1), 3), ValueError, "grid must be one integer or a pair"),
        (([[0, 1]], 1, 0), ValueError, "bins must be at least 1: got 0"),
        (([[0, 1]], 1, 2.0), TypeError, r"bins must be an integer: got 2\.0"),
        (([[0, 1]], 1, []), ValueError, r"bins must be a number of codes, or different codes .* got \[\]"),
        (([[0, 1]], 1, [0, 1, 1]), ValueError, "bins must be a number of codes, or different codes"),
        (([[0, 1]], 1, [-1, 0, 1]), ValueError, "bins must be a number of codes, or different codes"),
        (([[0, 1]], 1, [[0, 1]]), ValueError, "bins must be a number of codes, or different codes"),
        (([[0, 1]], 1, [0.0, 1.0]), ValueError, "bins must be a number of codes, or different codes"),
        (([[0, 1]], 1, np.array([], int)), ValueError, "bins must be a number of codes"),
        (([[0, 1]], 1, 2, "l2"), ValueError, 'norm must be None, "l1" or "sqrt": got \'l2\''),
    ],
)
def test_block_histograms_say_what_is_wrong(arguments, error, message):
    with pytest.raises(error, match=message):
        block_histograms(*arguments)


@pytest.mark.parametrize(
    ("codes", "error", "message"),
    [
        ([256], ValueError, "got 256"),
        ([-1], ValueError, "got -1"),
        ([1.0], TypeError, "codes must be integers"),
    ],
)
def test_uniform_wants_codes_of_lbp(codes, error, message):
    with pytest.raises(error, match=message):
        uniform(codes)


# The benchmark


def test_the_benchmark_times_every_descriptor():
    image = np.random.default_rng(0).integers(0, 256, (12, 12)).astype(np.uint8)
    timed = functions(image)
    assert set(timed) >= {describe.__name__ for describe in CODES}
    np.testing.assert_array_equal(timed["lbp(circular=True)"](), timed[REFERENCE]()[1:-1, 1:-1])
    for describe in CODES:
        np.testing.assert_array_equal(timed[describe.__name__](), describe(image))
    assert len(table(image, repeats=1)) == 2 + len(timed)
