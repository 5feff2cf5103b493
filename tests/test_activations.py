"""Activations: by hand, against PyTorch, far out where numbers overflow, and what they refuse.

What holds for every layer, such as that gradients are what differences measure, is in test_layers.py.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnnlib.gradcheck import numerical_gradient
from cnnlib.layers import Conv2d, LeakyReLU, Linear, Maxout, ReLU, Sigmoid, Tanh
from cnnlib.network import Sequential

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
ELEMENTWISE = [ReLU(), LeakyReLU(0.2), Sigmoid(), Tanh()]
FAR = np.array([-np.inf, -1e308, -1e4, -750.0, 750.0, 1e4, 1e308, np.inf])


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# By hand


def test_sigmoid_of_the_logarithm_of_odds_is_the_probability_and_its_slope_y_times_1_minus_y():
    sigmoid = Sigmoid()
    y = sigmoid.forward(np.log([1 / 3, 1.0, 4.0]))  # odds 1 : 3, 1 : 1, 4 : 1
    np.testing.assert_allclose(y, [1 / 4, 1 / 2, 4 / 5], rtol=1e-15)
    dx = sigmoid.backward(np.array([16.0, 16.0, 25.0]))
    np.testing.assert_allclose(dx, [16 * 1 / 4 * 3 / 4, 16 * 1 / 2 * 1 / 2, 25 * 4 / 5 * 1 / 5], rtol=1e-15)


def test_tanh_of_ln_3_is_four_fifths_and_its_slope_1_minus_the_square():
    tanh = Tanh()
    y = tanh.forward(np.log([1 / 3, 1.0, 3.0]))  # (3 - 1/3) / (3 + 1/3) = 4/5
    np.testing.assert_allclose(y, [-4 / 5, 0, 4 / 5], rtol=1e-15)
    dx = tanh.backward(np.array([25.0, 7.0, 50.0]))
    np.testing.assert_allclose(dx, [25 * 9 / 25, 7, 50 * 9 / 25], rtol=1e-14)


def test_leaky_relu_lets_a_share_of_the_negative_and_of_its_gradient_through():
    leaky = LeakyReLU(0.25)
    np.testing.assert_array_equal(leaky.forward(np.array([-8.0, 0.0, 3.0])), [-8 / 4, 0, 3])
    np.testing.assert_array_equal(leaky.backward(np.array([20.0, 40.0, 30.0])), [20 / 4, 40 / 4, 30])


def test_leaky_relu_leaks_a_hundredth_unless_told():
    np.testing.assert_array_equal(LeakyReLU().forward(np.array([-1.0])), [-0.01])


def test_leaky_relu_with_slope_0_is_relu_and_with_slope_1_changes_nothing():
    x, dy = normal(4, 3), normal(4, 3, seed=1)
    relu, closed, identity = ReLU(), LeakyReLU(0), LeakyReLU(1)
    np.testing.assert_array_equal(closed.forward(x), relu.forward(x))
    np.testing.assert_array_equal(closed.backward(dy), relu.backward(dy))
    np.testing.assert_array_equal(identity.forward(x), x)
    np.testing.assert_array_equal(identity.backward(dy), dy)


def test_maxout_takes_the_largest_of_neighbours_and_sends_gradient_to_it():
    maxout = Maxout(3)
    np.testing.assert_array_equal(maxout.forward(np.array([[1.0, 5.0, 2.0, -1.0, -2.0, -3.0]])), [[5, -1]])
    np.testing.assert_array_equal(maxout.backward(np.array([[10.0, 20.0]])), [[0, 10, 0, 20, 0, 0]])


def test_maxout_gives_a_tie_to_the_first_piece():
    maxout = Maxout(3)
    maxout.forward(np.array([[0.0, 7.0, 7.0]]))
    np.testing.assert_array_equal(maxout.backward(np.array([[10.0]])), [[0, 10, 0]])


def test_maxout_does_not_hide_an_infinite_gradient():
    maxout = Maxout(2)
    maxout.forward(np.array([[1.0, 2.0]]))
    with pytest.warns(RuntimeWarning, match="invalid value"):  # zero times infinity
        dx = maxout.backward(np.array([[np.inf]]))
    np.testing.assert_array_equal(dx, [[np.nan, np.inf]])


def test_maxout_of_one_piece_changes_nothing():
    x, maxout = normal(3, 4), Maxout(1)
    np.testing.assert_array_equal(maxout.forward(x), x)
    np.testing.assert_array_equal(maxout.backward(2 * x), 2 * x)


def test_maxout_along_another_axis():
    maxout = Maxout(2, dim=0)
    np.testing.assert_array_equal(maxout.forward(np.array([[1.0, 9.0], [5.0, 2.0]])), [[5, 9]])
    np.testing.assert_array_equal(maxout.backward(np.array([[10.0, 20.0]])), [[0, 20], [10, 0]])


def test_two_pieces_make_a_relu_or_the_absolute_value():
    """max(w x, 0 x) is a ReLU, max(x, -x) is |x|: a maxout unit learns which."""
    x = np.array([[-2.0], [0.0], [3.0]])
    for pieces, expected in [((1, 0), [0, 0, 3]), ((1, -1), [2, 0, 3])]:
        linear = Linear(1, 2, bias=False)
        linear.weight = np.array(pieces, dtype=float)[:, np.newaxis]
        unit = Sequential(linear, Maxout(2))
        np.testing.assert_array_equal(unit.forward(x)[:, 0], expected)


def test_linear_and_maxout_are_the_papers_unit():
    """h_i = max over j of x @ W[:, i, j] + b[i, j], with W of shape (inputs, units, pieces)."""
    linear = Linear(5, 4 * 3, rng=np.random.default_rng(1))
    W = linear.weight.T.reshape(5, 4, 3)
    b = linear.bias.reshape(4, 3)
    x = normal(7, 5)
    expected = (np.einsum("nd,dij->nij", x, W) + b).max(axis=2)
    np.testing.assert_allclose(Sequential(linear, Maxout(3)).forward(x), expected, **CLOSE)


def test_convolution_and_maxout_take_the_largest_of_maps_pixel_by_pixel():
    conv = Conv2d(2, 3 * 2, 3, rng=np.random.default_rng(1))
    x = normal(4, 2, 6, 5)
    maps = conv.forward(x)  # (4, 6, 4, 3)
    expected = np.stack([maps[:, 2 * i : 2 * i + 2].max(axis=1) for i in range(3)], axis=1)
    np.testing.assert_array_equal(Sequential(conv, Maxout(2)).forward(x), expected)


def test_gradients_of_a_maxout_unit_are_what_differences_measure():
    linear = Linear(4, 3 * 2, rng=np.random.default_rng(1))
    unit, x, dy = Sequential(linear, Maxout(2)), normal(5, 4), normal(5, 3, seed=1)

    def loss(_):
        return (unit.forward(x) * dy).sum()

    unit.forward(x)
    dx = unit.backward(dy)
    found = [dx, linear.dweight, linear.dbias]
    for gradient, array in zip(found, [x, linear.weight, linear.bias], strict=True):
        np.testing.assert_allclose(gradient, numerical_gradient(loss, array), rtol=1e-6, atol=1e-8)


# Parity with PyTorch

SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)
NUMBERS = st.floats(-50, 50, width=64)


def agree(ours, theirs, x, seed, **close):
    """The values and the gradients of a layer are those of a function of PyTorch."""
    tx = torch.tensor(x, requires_grad=True)
    expected = theirs(tx)
    y = ours.forward(x)
    np.testing.assert_allclose(y, expected.detach().numpy(), **close)
    dy = normal(*y.shape, seed=seed)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(ours.backward(dy), tx.grad.numpy(), **close)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(Sigmoid(), torch.sigmoid), (Tanh(), torch.tanh)], ids=["Sigmoid", "Tanh"]
)
@settings(deadline=None, derandomize=True, max_examples=100)
@given(x=arrays.arrays(np.float64, SHAPES, elements=NUMBERS), seed=st.integers(0, 99))
def test_sigmoid_and_tanh_and_their_gradients_are_pytorchs(ours, theirs, x, seed):
    agree(ours, theirs, x, seed, **CLOSE)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    slope=st.floats(-2, 2),
    x=arrays.arrays(np.float64, SHAPES, elements=st.integers(-3, 3).map(float)),  # with zeros
    seed=st.integers(0, 99),
)
def test_leaky_relu_and_its_gradient_are_pytorchs(slope, x, seed):
    agree(LeakyReLU(slope), lambda tx: F.leaky_relu(tx, slope), x, seed, **CLOSE)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(data=st.data())
def test_maxout_and_its_gradient_are_pytorchs(data):
    shape = list(data.draw(arrays.array_shapes(min_dims=1, max_dims=4, max_side=4)))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    pieces = data.draw(st.integers(1, 4))
    units = shape[dim]
    shape[dim] *= pieces
    axis = dim % len(shape)

    def theirs(tx):
        return tx.unflatten(axis, (units, pieces)).max(dim=axis + 1).values

    agree(Maxout(pieces, dim), theirs, normal(*shape, seed=data.draw(st.integers(0, 99))), 1, **CLOSE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_keeps_all_digits_also_where_it_is_tiny(dtype):
    """1/2 + tanh(x/2)/2 would be 0 at -40."""
    x = np.linspace(-80, 80, 321).astype(dtype)
    expected = 1 / (1 + np.exp(-x.astype(np.longdouble)))
    np.testing.assert_allclose(Sigmoid().forward(x), expected, rtol=8 * np.finfo(dtype).eps)


# Identities of the lecture


def test_tanh_is_a_scaled_sigmoid():
    x = np.linspace(-30, 30, 6001)
    np.testing.assert_allclose(Tanh().forward(x), 2 * Sigmoid().forward(2 * x) - 1, rtol=0, atol=4e-16)


def test_sigmoid_is_steepest_at_0_with_slope_a_quarter():
    sigmoid, x = Sigmoid(), np.linspace(-5, 5, 1001)
    sigmoid.forward(x)
    slopes = sigmoid.backward(np.ones_like(x))
    assert slopes.max() == 0.25
    assert x[slopes.argmax()] == 0


@pytest.mark.parametrize(
    ("layer", "golden"),
    [
        (Sigmoid, {1: 0.235, 5: 6.08e-4, 10: 3.48e-7, 20: 1.14e-13}),
        (Tanh, {1: 0.786, 5: 0.393, 10: 0.223, 20: 0.107}),
        (ReLU, {1: 1, 5: 1, 10: 1, 20: 1}),
    ],
    ids=["Sigmoid", "Tanh", "ReLU"],
)
def test_gradient_through_a_chain_of_units_is_the_product_of_slopes(layer, golden):
    """w = 1, b = 0, x = 0.5."""
    for length, expected in golden.items():
        chain = Sequential(*[layer() for _ in range(length)])
        chain.forward(np.array([0.5]))
        found = chain.backward(np.array([1.0]))[0]
        assert f"{found:.2e}" == f"{expected:.2e}"


# Far out, and nan


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_and_tanh_end_at_their_limits_without_overflow(dtype):
    with np.errstate(over="ignore"):
        x = FAR.astype(dtype)  # 1e308 is infinite in float32
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for layer, low in [(Sigmoid(), 0), (Tanh(), -1)]:
            y = layer.forward(x)
            np.testing.assert_allclose(y, [low] * 4 + [1] * 4, atol=1e-300)
            np.testing.assert_array_equal(layer.backward(np.ones_like(x)), np.zeros(8, dtype))
            assert y.dtype == dtype


def test_leaky_relu_of_infinity_is_infinite():
    np.testing.assert_array_equal(LeakyReLU(0.5).forward(np.array([-np.inf, np.inf])), [-np.inf, np.inf])


@pytest.mark.parametrize("layer", ELEMENTWISE, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_comes_through_and_disturbs_nobody_else(layer, dtype):
    y = layer.forward(np.array([-1.0, np.nan, 2.0], dtype))
    np.testing.assert_array_equal(np.isnan(y), [False, True, False])
    assert y.dtype == dtype


@pytest.mark.parametrize("place", [0, 1, 2])
def test_nan_wins_its_group_and_gets_the_gradient(place):
    x = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    x[0, place] = np.nan
    maxout = Maxout(3)
    np.testing.assert_array_equal(maxout.forward(x), [[np.nan, 6]])
    dx = maxout.backward(np.array([[10.0, 20.0]]))
    np.testing.assert_array_equal(dx[0, :3], 10.0 * (np.arange(3) == place))


def test_of_two_nans_the_first_gets_the_gradient():
    maxout = Maxout(3)
    maxout.forward(np.array([[1.0, np.nan, np.nan]]))
    np.testing.assert_array_equal(maxout.backward(np.array([[10.0]])), [[0, 10, 0]])


@pytest.mark.parametrize("layer", [*ELEMENTWISE, Maxout(2)], ids=repr)
def test_two_passes_of_two_shapes_do_not_mix(layer):
    layer.forward(normal(3, 4))
    x = normal(2, 6, seed=1)
    y = layer.forward(x)
    fresh = eval(repr(layer))
    fresh.forward(x)
    np.testing.assert_array_equal(layer.backward(y), fresh.backward(y))


# Messages


@pytest.mark.parametrize("slope", [np.nan, np.inf, -np.inf])
def test_slope_must_be_finite(slope):
    with pytest.raises(ValueError, match=f"negative_slope must be finite: got {slope}"):
        LeakyReLU(slope)


@pytest.mark.parametrize("slope", ["0.1", None, True, [0.1]])
def test_slope_must_be_a_number(slope):
    with pytest.raises(TypeError, match="negative_slope must be a number: got"):
        LeakyReLU(slope)


def test_slope_of_a_numpy_number_does_not_change_the_type():
    leaky = LeakyReLU(np.float64(0.5))
    assert leaky.forward(np.ones(2, np.float32)).dtype == np.float32
    assert repr(leaky) == "LeakyReLU(negative_slope=0.5)"


@pytest.mark.parametrize("dim", [2, -3])
def test_maxout_needs_its_axis(dim):
    with pytest.raises(ValueError, match=rf"expected x with an axis {dim}: got shape \(5, 4\)"):
        Maxout(2, dim).forward(np.zeros((5, 4)))


def test_maxout_needs_whole_groups():
    message = r"needs a multiple of 3 features along axis 1: got 4 in x of shape \(5, 4\); let the layer"
    with pytest.raises(ValueError, match=message):
        Maxout(3).forward(np.zeros((5, 4)))
