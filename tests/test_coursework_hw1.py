"""Assignment 1: what holds for every assignment, its references by hand and against independent code."""

from collections import Counter

import numpy as np
import pytest
from coursework_variants import Promises
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from skimage.feature import local_binary_pattern
from sklearn.metrics.pairwise import additive_chi2_kernel
from sklearn.neighbors import KNeighborsClassifier

from cnnlib import descriptors
from coursework import variants
from coursework.hw1 import hidden

PATCH = np.array([[85, 32, 26], [53, 50, 10], [60, 38, 45]])


class TestHw1(Promises):
    name = "hw1"
    caught_in_public = 0.8


@pytest.fixture
def rng():
    return np.random.default_rng(1)


# The references, by hand and against others' code


def test_codes_of_the_patch_are_those_of_chapter_1():
    assert hidden.lbp(PATCH).tolist() == [[56]]
    assert hidden.ldp(PATCH).tolist() == [[19]]
    assert hidden.without_up(np.array([56])).tolist() == [7]


@pytest.mark.parametrize("high", [3, 256])
def test_codes_are_those_of_cnnlib(rng, high):
    image = rng.integers(0, high, (9, 12))
    assert_array_equal(hidden.lbp(image), descriptors.lbp(image))
    assert_array_equal(hidden.ldp(image), descriptors.ldp(image))


def test_lbp_sees_what_scikit_image_sees_east_north_west_and_south(rng):
    """Scikit-image interpolates the diagonals; the four straight neighbours it takes as they are."""
    image = rng.integers(0, 256, (8, 9)).astype(np.uint8)
    theirs = local_binary_pattern(image, P=4, R=1)[1:-1, 1:-1].astype(int)
    ours = hidden.lbp(image)
    assert_array_equal(sum((ours >> 2 * p & 1) << p for p in range(4)), theirs)


def test_ldp_keeps_the_largest_of_scipys_correlations(rng):
    """Without ties: all decimals."""
    image = rng.uniform(0, 1, (8, 9))
    masks = np.full((8, 3, 3), -3.0)
    for i in range(8):
        masks[i, 1, 1] = 0
        for p in (i - 1, i, (i + 1) % 8):
            down, right = hidden.AROUND[p]
            masks[i, 1 + down, 1 + right] = 5
    strength = np.abs([ndimage.correlate(image, mask)[1:-1, 1:-1] for mask in masks])
    for count in (1, 3, 4):
        kept = strength >= np.sort(strength, axis=0)[8 - count]
        assert_array_equal(
            hidden.ldp(image, count), sum(bits << i for i, bits in enumerate(kept.astype(int)))
        )


def test_codes_without_an_up_are_scikit_images_rotation_invariant_ones():
    """The number of different ones, and that a turned picture has the same ones, turned."""
    every = hidden.without_up(np.arange(256))
    assert len(set(every.tolist())) == 36
    image = np.random.default_rng(3).integers(0, 256, (7, 9))
    turned = hidden.without_up(hidden.lbp(np.rot90(image)))
    assert_array_equal(turned, np.rot90(hidden.without_up(hidden.lbp(image))))
    ror = local_binary_pattern(image.astype(np.uint8), P=8, R=1, method="ror")
    assert set(np.unique(ror).astype(int).tolist()) <= set(every.tolist())


def test_block_shares_are_those_of_cnnlib(rng):
    codes = rng.integers(0, 6, (10, 11))
    expected = descriptors.block_histograms(codes, (4, 3), 6, "l1")
    assert_allclose(hidden.block_shares(codes, (4, 3), 6), expected)


def test_chi_square_is_scikit_learns(rng):
    a, b = rng.integers(0, 3, (4, 9)) / 9, rng.integers(0, 3, (5, 9)) / 9
    assert_allclose(hidden.chi_square(a, b), -additive_chi2_kernel(a, b), atol=1e-12)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_vote_is_scikit_learns_where_two_labels_cannot_tie(rng, k):
    distances, labels = rng.uniform(size=(30, 12)), np.resize([4, 9], 12)
    machine = KNeighborsClassifier(k, metric="precomputed").fit(np.zeros((12, 12)), labels)
    assert_array_equal(hidden.vote(distances, labels, k), machine.predict(distances))


@pytest.mark.parametrize("seed", range(5))
def test_ties_of_a_vote_go_to_the_label_met_first(seed):
    """`Counter.most_common` orders equal counts by their first appearance."""
    for case in hidden.q6_cases(np.random.default_rng(seed)):
        distances, labels = case.inputs["distances"], case.inputs["labels"]
        k = int(case.code.removesuffix(")").split(", ")[-1])
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        expected = [Counter(labels[row].tolist()).most_common(1)[0][0] for row in order]
        assert case.expected.tolist() == expected


# Question 7


def roughness(pictures, kinds):
    """Mean step from pixel to pixel, in spreads of the picture: down and across, for each kind."""
    grey = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    grey = grey / grey.std(axis=(1, 2), keepdims=True)
    steps = [np.abs(np.diff(grey, axis=axis)).mean(axis=(1, 2)) for axis in (1, 2)]
    return np.array([[step[kinds == kind].mean() for kind in range(4)] for step in steps])


def test_textures_of_the_notebook_come_from_where_the_graders_do(rng):
    names, _ = variants.names_after("hw1")
    ours, theirs = (textures(30, rng, turned=False) for textures in (hidden.textures, names["textures"]))
    assert_array_equal(ours[1], theirs[1])
    assert_allclose(roughness(*ours), roughness(*theirs), atol=0.06)
    # normal numbers with correlation c from pixel to pixel step by 2 * sqrt((1 - c) / pi) on average
    step = 2 * np.sqrt((1 - np.array([0, 0.8])) / np.pi)
    assert_allclose(roughness(*ours)[0, [0, 2]], step, atol=0.02)  # sand; grass along its blades
    assert_allclose(roughness(*ours)[1, [0, 2]], step[0], atol=0.02)


def test_the_comparisons_that_the_text_makes_hold():
    names, _ = variants.names_after("hw1")

    def shares(codes, bins):
        return np.bincount(codes.ravel(), minlength=bins) / codes.size

    def mean(describe):
        return np.mean([names["share_right"](describe, seed) for seed in range(5)])

    assert 0.15 < mean(lambda image: shares(image, 256)) < 0.38
    assert 0.5 < mean(lambda image: shares(descriptors.lbp(image), 256)) < 0.75
    assert mean(names["describe"]) > 0.97
