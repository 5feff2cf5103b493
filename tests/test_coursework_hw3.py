"""Assignment 3: right answers get their points, wrong ones do not, and the references are PyTorch's."""

import numpy as np
import pytest
import torch
from coursework_lab import sandbox_or_skip
from coursework_variants import Promises
from numpy.testing import assert_allclose
from torch.nn import functional

from cnnlib.gradcheck import numerical_gradient
from cnnlib.layers import Linear
from cnnlib.losses import CrossEntropyLoss
from coursework import variants
from coursework.check import difference
from coursework.hw3 import hidden, public
from coursework.question import load
from coursework.unit import grade_one


@pytest.fixture
def rng():
    return np.random.default_rng(3)


class TestHw3(Promises):
    name = "hw3"
    fresh_may_raise = ("filters",)


def leaf(array):
    return torch.tensor(array, requires_grad=True)


@pytest.mark.parametrize(("a", "b", "c"), [(2.0, -1.0, 3.0), (3.0, 1.0, -1.0), (-0.75, 0.25, -1.5)])
def test_the_graphs_reference_is_autograds(a, b, c):
    a, b, c = leaf(a), leaf(b), leaf(c)
    gradients = torch.autograd.grad((a * b + c) ** 2 * torch.maximum(a, c), (a, b, c))
    expected = [gradient.item() for gradient in gradients]
    assert_allclose(hidden.graph_reference(a.item(), b.item(), c.item()), expected, rtol=1e-12)


@pytest.mark.parametrize("says", hidden.SETTINGS)
def test_the_convolutions_reference_is_autograds(says, rng):
    for one, x, weight, dy, stride, padding, gradients in hidden._convolutions(rng):
        if one == says:
            leaves = leaf(x), leaf(weight), leaf(np.zeros(len(weight)))
            y = functional.conv2d(*leaves, stride, padding)
            expected = torch.autograd.grad(y, leaves, torch.tensor(dy))
            for gradient, theirs in zip(gradients, expected, strict=True):
                assert_allclose(gradient, theirs.numpy(), rtol=1e-10, atol=1e-12)


def test_some_windows_leave_pixels_unseen(rng):
    unseen = [
        (gradients[0] == 0).any()
        for _, _, _, _, stride, _, gradients in hidden._convolutions(rng)
        if stride > 1
    ]
    assert sum(unseen) >= 2


@pytest.mark.parametrize(("kernel_size", "stride"), [(2, 2), (3, 2), (3, 3), (2, 1)])
@pytest.mark.parametrize("ties", [False, True])
def test_the_pools_reference_is_autograds(kernel_size, stride, ties, rng):
    x = rng.integers(0, 3, (2, 3, 7, 8)).astype(float) if ties else rng.normal(size=(2, 3, 7, 8)) - 9
    input_ = leaf(x)
    y = functional.max_pool2d(input_, kernel_size, stride, ceil_mode=True)
    dy = rng.normal(size=y.shape)
    (expected,) = torch.autograd.grad(y, input_, torch.tensor(dy))
    assert_allclose(hidden.pool_reference(dy, x, kernel_size, stride), expected.numpy(), rtol=1e-12)


def test_the_losss_reference_is_autograds(rng):
    votes, labels = leaf(3 * rng.normal(size=(7, 4))), np.array([2, -1, 0, 3, -1, 1, 1])
    loss = functional.cross_entropy(votes, torch.tensor(labels), ignore_index=-1)
    (expected,) = torch.autograd.grad(loss, votes)
    ours, dvotes = hidden.loss_reference(votes.detach().numpy(), labels)
    assert_allclose(ours, loss.item(), rtol=1e-12)
    assert_allclose(dvotes, expected.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", variants.SEEDS)
def test_the_planted_gradients_are_where_they_are_said_to_be(seed):
    """Held against cnnlib's own witness, with a step that fits each function."""
    for case in variants.hidden("hw3", seed)["q6"]:
        if case.code.endswith(", x, gradient)"):
            function = eval(case.code.removeprefix("wrong_entries(").removesuffix(", x, gradient)"))
            x, claimed = case.inputs["x"].astype(float), case.inputs["gradient"]
            step = 1e-5 if "large loss" in case.says else 1e-6
            gap = np.abs(numerical_gradient(function, x, step) - claimed)
            assert_allclose(gap > 0.001 * np.maximum(1, np.abs(claimed)), case.expected, err_msg=case.says)


def test_the_notebooks_script_and_network_are_the_graders():
    names, _ = variants.names_after("hw3", whole=False)
    ours, theirs = (
        (module["invent_signs"](5, np.random.default_rng(3)), module["write_sheets"])
        for module in (names, vars(public))
    )
    assert_allclose(ours[0], theirs[0])
    sheets = [write(signs, 9, np.random.default_rng(4)) for signs, write in (ours, theirs)]
    assert_allclose(sheets[0][0], sheets[1][0])
    parameters = names["train"](*public._learn, np.random.default_rng(0))
    votes = [module["network_votes"](parameters, public._new[0]) for module in (names, vars(public))]
    assert_allclose(*votes)


def test_the_network_is_pytorchs(rng):
    weight, bias = rng.normal(size=(8, 1, 5, 5)), rng.normal(size=8)
    vote_weight, vote_bias = rng.normal(size=(6, 8)), rng.normal(size=6)
    maps = functional.conv2d(*map(torch.tensor, (public._new[0], weight, bias))).relu()
    expected = maps.amax((2, 3)).numpy() @ vote_weight.T + vote_bias
    ours = public.network_votes([weight, bias, vote_weight, vote_bias], public._new[0])
    assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda good: None, "expected a list of four arrays"),
        (lambda good: good[:3], "expected a list of four arrays"),
        (lambda good: [good[0][0], *good[1:]], r"weight must have the shape \(8, 1, 5, 5\)"),
        (lambda good: [*good[:3], good[3] * np.nan], "not finite"),
        (lambda good: [*good[:3], "votes"], "vote_bias must be an array of numbers"),
        (lambda good: [0 * array for array in good], "reads .* of 400 new sheets, 75% are wanted"),
    ],
)
def test_the_judge_says_what_is_wrong(spoil, says):
    names, _ = variants.names_after("hw3")
    good = names["train"](*public._learn, np.random.default_rng(0))
    case = public.TESTS["q7"][0]
    assert difference(case, good) is None
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(difference(case, spoil(good)))


def test_an_honest_training_reads_with_a_margin():
    """Six scripts, and the worst is well above what is wanted."""
    names, _ = variants.names_after("hw3")
    right = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        signs = public.invent_signs(6, rng)
        learn, new = public.write_sheets(signs, 500, rng), public.write_sheets(signs, 400, rng)
        votes = public.network_votes(names["train"](*learn, rng), new[0])
        right.append(np.mean(votes.argmax(axis=1) == new[1]))
    assert min(right) > 0.8


def linear_on_pixels(images, labels, rng):
    """Softmax regression, trained as long as the solution is."""
    layer, loss = Linear(images[0].size, int(labels.max()) + 1, rng=rng), CrossEntropyLoss()
    for _ in range(40):
        for batch in np.array_split(rng.permutation(len(images)), len(images) // 32):
            loss.forward(layer.forward(images[batch].reshape(len(batch), -1)), labels[batch])
            layer.backward(loss.backward(), need_dx=False)
            layer.weight, layer.bias = layer.weight - 0.05 * layer.dweight, layer.bias - 0.05 * layer.dbias
    return layer


@pytest.mark.slow_grading
def test_what_the_text_of_question_7_says_of_simpler_readers():
    """With the pixels alone about a third of six signs, with filters left as they were about half."""
    fixed = variants.variants("hw3", "WRONG")["q7", "filters stay as they were"]
    names, _ = variants.names_after("hw3", {"q7": fixed})
    pixels, filters = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        signs = public.invent_signs(6, rng)
        learn, new = public.write_sheets(signs, 500, rng), public.write_sheets(signs, 400, rng)
        votes = linear_on_pixels(*learn, rng).forward(new[0].reshape(400, -1))
        pixels.append(np.mean(votes.argmax(axis=1) == new[1]))
        votes = public.network_votes(names["train"](*learn, rng), new[0])
        filters.append(np.mean(votes.argmax(axis=1) == new[1]))
    assert 0.27 < np.mean(pixels) < 0.4
    assert 0.43 < np.mean(filters) < 0.6


def test_the_grader_gives_the_solution_all_points():
    sandbox_or_skip()
    result = grade_one(load("hw3").notebook.read_bytes(), "hw3", seed=5)
    assert result["score"] == result["max_score"] == 24
    assert {cell["status"] for cell in result["cells"]} == {"ok"}
