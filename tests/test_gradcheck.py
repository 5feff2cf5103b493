"""Centred differences: right where calculus is, and leaving x as it was."""

import numpy as np
import pytest

from cnnlib.gradcheck import numerical_gradient

# By hand


def test_difference_of_a_square_is_exact():
    """((3 + e)^2 - (3 - e)^2) / 2e = 12e / 2e = 6, whatever e is; a one-sided difference gives 6 + e."""
    assert numerical_gradient(lambda x: x[0] ** 2, np.array([3.0]), eps=0.5) == [6.0]


def test_each_entry_has_its_own_derivative():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    measured = numerical_gradient(lambda x: x[0, 0] * x[0, 1] + 10 * x[1, 0], x)
    np.testing.assert_allclose(measured, [[2, 1], [10, 0]], rtol=1e-9, atol=1e-9)


def test_error_shrinks_with_the_square_of_eps():
    x = np.array([1.0])
    errors = [abs(numerical_gradient(lambda x: np.exp(x[0]), x, eps)[0] - np.e) for eps in (1e-2, 1e-3)]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.01)


def test_f_may_ignore_its_argument_and_see_x_change():
    x = np.array([2.0])
    assert numerical_gradient(lambda _: 3 * x[0], x) == pytest.approx([3.0])


def test_f_may_return_an_array_of_one_number():
    assert numerical_gradient(lambda x: x[None] * 2, np.array([1.0])) == pytest.approx([2.0])


@pytest.mark.parametrize("shape", [(), (0,), (2, 3, 1)])
def test_gradient_has_the_shape_of_x(shape):
    np.testing.assert_allclose(numerical_gradient(np.sum, np.ones(shape)), np.ones(shape), rtol=1e-9)


def test_x_that_is_a_view_of_a_larger_array_is_moved_in_place():
    whole = np.arange(6.0).reshape(2, 3)
    measured = numerical_gradient(lambda _: (whole**2).sum(), whole[:, ::2])
    np.testing.assert_allclose(measured, 2 * whole[:, ::2], rtol=1e-9, atol=1e-9)


# x comes back


def test_x_is_restored_exactly():
    x = np.array([0.1, 1 / 3, 1e-20, -1e6])
    before = x.copy()
    numerical_gradient(lambda x: (x**2).sum(), x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("failing_call", [1, 2])
def test_x_is_restored_when_f_fails(failing_call):
    x = np.array([0.1, 0.2])
    calls = []

    def f(x):
        calls.append(x.copy())
        if len(calls) == failing_call:
            raise ZeroDivisionError
        return 0.0

    with pytest.raises(ZeroDivisionError):
        numerical_gradient(f, x)
    np.testing.assert_array_equal(x, [0.1, 0.2])


# Messages


@pytest.mark.parametrize("x", [np.ones(2, np.float32), np.ones(2, int), [1.0], 1.0])
def test_x_must_be_float64(x):
    with pytest.raises(TypeError, match=r"x must be an array of float64: got \w+; convert with np\.asarray"):
        numerical_gradient(np.sum, x)


def test_x_must_be_writable():
    x = np.ones(2)
    x.setflags(write=False)
    with pytest.raises(ValueError, match=r"x must be writable.*pass x.copy\(\)"):
        numerical_gradient(np.sum, x)


@pytest.mark.parametrize("eps", [0, -1e-5, np.nan])
def test_eps_must_be_positive(eps):
    with pytest.raises(ValueError, match="eps must be greater than 0: got"):
        numerical_gradient(np.sum, np.ones(2), eps)


def test_f_must_return_one_number():
    with pytest.raises(ValueError, match=r"f must return one number: got an array of shape \(2,\)"):
        numerical_gradient(lambda x: x, np.ones(2))
