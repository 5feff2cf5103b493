"""float32 or float64, never mixed."""

import numpy as np
import pytest

from cnnlib.precision import float_type, floats


def test_arrays_of_one_type_pass_as_they_are():
    x, y = np.ones(3, np.float32), np.zeros((2, 2), np.float32)
    assert [a is b for a, b in zip(floats(x=x, y=y), (x, y), strict=True)] == [True, True]


@pytest.mark.parametrize("dtype", [int, bool, np.float16, np.longdouble, complex])
def test_other_types_are_refused_with_the_remedy(dtype):
    with pytest.raises(
        TypeError, match=r"^y must be float32 or float64: got .*; convert.*y\.astype\(np\.float32\)"
    ):
        floats(x=np.ones(1), y=np.ones(1, dtype))


def test_mixed_types_are_refused_and_listed():
    message = "arrays must be of one type: got x of float32, y of float64, z of float32; convert with astype"
    with pytest.raises(TypeError, match=message):
        floats(x=np.ones(1, np.float32), y=np.ones(1), z=np.ones(1, np.float32))


@pytest.mark.parametrize("dtype", [np.float32, "float64", np.dtype("f4"), float])
def test_a_type_may_be_named_in_any_way(dtype):
    assert float_type(dtype) == np.dtype(dtype)


@pytest.mark.parametrize("dtype", [int, np.float16, "complex64"])
def test_a_type_of_other_numbers_is_refused(dtype):
    with pytest.raises(TypeError, match=rf"np.float32 or np.float64: got {np.dtype(dtype)}"):
        float_type(dtype)
