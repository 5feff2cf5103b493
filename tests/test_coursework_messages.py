"""Frames and values between the checker and a student's process: what goes in comes out, lies do not."""

import base64
import contextlib
import enum
import json
import os
import struct
import threading
import time
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursework import messages
from coursework.messages import Foreign, Malformed, decode, encode, frame, receive, send

numbers = st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False)
leaves = st.none() | numbers | st.text()
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def sent(value):
    """A value after a journey through JSON."""
    return decode(json.loads(json.dumps(encode(value))))


@settings(database=None)
@given(values)
def test_plain_data_comes_back_with_its_types(value):
    assert repr(sent(value)) == repr(value) or mixed(value)


def mixed(value):
    """Whether ints and floats stand in one long list: they come back as floats."""
    return sent(value) == value


@pytest.mark.parametrize("code", [*"?bBhHiIqQ", "e", "f", "d"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3)])
def test_an_array_comes_back_with_dtype_shape_and_values(code, shape):
    array = np.resize(np.array([0, 1, 1]), shape).astype(code)
    back = sent(array)
    assert type(back) is np.ndarray
    assert (back.dtype, back.shape) == (array.dtype, shape)
    np.testing.assert_array_equal(back, array)
    back[...] = 1  # and can be written to


@pytest.mark.parametrize(
    "array",
    [np.arange(6.0).reshape(2, 3).T, np.arange(6.0)[::2], np.arange(3, dtype=">f8")],
    ids=["transposed", "every other", "big endian"],
)
def test_the_layout_in_memory_does_not_matter(array):
    np.testing.assert_array_equal(sent(array), array)


def test_not_a_number_and_infinities_come_back():
    np.testing.assert_array_equal(sent(np.array([np.nan, np.inf, -np.inf])), [np.nan, np.inf, -np.inf])
    assert sent(float("inf")) == float("inf")
    assert np.isnan(sent(float("nan")))


def test_a_scalar_of_numpy_comes_back_as_one():
    back = sent(np.float32(0.5))
    assert type(back) is np.float32
    assert back == 0.5


def test_long_lists_of_numbers_travel_as_arrays_and_come_back_as_lists():
    rows = [[float(i) for i in range(100)] for _ in range(3)]
    assert sent(rows) == rows
    assert type(sent(rows)[0]) is list
    assert len(json.dumps(encode(rows))) < 3500  # 8 bytes a number in base64, not 20 characters
    assert sent(tuple(range(100))) == tuple(range(100))
    assert type(sent([True] * 20)[0]) is bool
    assert sent([np.float64(1)] * 20) == [1.0] * 20


def test_what_numpy_can_read_as_numbers_comes_back_as_an_array():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0])

    np.testing.assert_array_equal(sent(Tensor()), [1.0, 2.0])
    np.testing.assert_array_equal(sent(np.array([1.5, 2.5], np.longdouble)), [1.5, 2.5])


def test_derived_classes_come_back_as_what_they_derive_from():
    Pair = namedtuple("Pair", "a b")
    Colour = enum.IntEnum("Colour", "RED")
    assert sent(Pair(1, 2)) == (1, 2)
    assert type(sent(Pair(1, 2))) is tuple
    assert type(sent(Colour.RED)) is int

    class Text(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    assert type(sent(Text("a"))) is str


@pytest.mark.parametrize(
    ("value", "name"),
    [(object(), "object"), ((x for x in "a"), "generator"), ({1}, "set"), (1j, "complex"), (10**30, "int")],
)
def test_of_anything_else_comes_the_name_of_its_type(value, name):
    back = sent(value)
    assert isinstance(back, Foreign)
    assert type(back).__name__ == name


def test_a_foreign_name_is_a_short_identifier():
    assert type(Foreign("a b; <script>")).__name__ == "foreign object"
    assert type(Foreign("x" * 1000)).__name__ == "foreign object"


def test_a_list_that_holds_itself_ends():
    endless = []
    endless.append(endless)
    assert type(sent(endless)) is list


def test_a_result_that_is_too_large_is_not_encoded():
    with pytest.raises(MemoryError, match="larger than can be marked"):
        encode(np.zeros(messages.ROOM // 8 + 1))
    with pytest.raises(MemoryError, match="larger than can be marked"):
        encode("a" * messages.ROOM)
    assert len(frame(encode(np.zeros(messages.ROOM // 8)))) < messages.LONGEST


def b64(data):
    return base64.b64encode(data).decode()


LIES = {
    "a bare list": [1, 2],
    "an unknown kind": ["object", "x"],
    "a dict": {"a": 1},
    "a huge int": 2**64,
    "an object dtype": ["array", "|O", [1], b64(b"\0" * 8)],
    "a string dtype": ["array", "<U1", [1], b64(b"a\0\0\0")],
    "complex": ["array", "<c16", [1], b64(b"\0" * 16)],
    "a long double": ["array", "<f16", [1], b64(b"\0" * 16)],
    "a structured dtype": ["array", "i4,i4", [1], b64(b"\0" * 8)],
    "too few bytes": ["array", "<f8", [2], b64(b"\0" * 8)],
    "too many bytes": ["array", "<f8", [1], b64(b"\0" * 16)],
    "a fraction of a number": ["array", "<f8", [1], b64(b"\0" * 9)],
    "a negative size": ["array", "<f8", [-1], b64(b"\0" * 8)],
    "a size that is a bool": ["array", "<f8", [True], b64(b"\0" * 8)],
    "a size that is a string": ["array", "<f8", ["1"], b64(b"\0" * 8)],
    "an overflowing shape": ["array", "<f8", [2**24] * 8, ""],
    "too many axes": ["array", "<f8", [1] * 40, b64(b"\0" * 8)],
    "no base64": ["array", "<f8", [1], "!!!"],
    "base64 beyond ASCII": ["array", "<f8", [1], "é"],
    "a list of two axes": ["lists", "<f8", [1, 1], b64(b"\0" * 8)],
    "pairs that are none": ["dict", [[1]]],
    "a key that is a list": ["dict", [[["list", []], 1]]],
    "a name that is a number": ["foreign", 1],
    "too many entries": ["list", [None] * (messages.ENTRIES + 1)],
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_malformed(lie):
    with pytest.raises(Malformed):
        decode(lie)


def test_lists_within_lists_end_somewhere():
    deep = None
    for _ in range(100):
        deep = ["list", [deep]]
    with pytest.raises(Malformed):
        decode(deep)


@settings(database=None)
@given(st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30))
def test_whatever_json_holds_is_a_value_or_malformed(data):
    with contextlib.suppress(Malformed):
        decode(data)


def test_a_forged_bool_is_true_or_false():
    back = decode(["array", "|b1", [3], b64(b"\0\1\2")])
    np.testing.assert_array_equal(back.view(np.uint8), [0, 1, 1])


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def soon():
    return time.monotonic() + 0.3


def test_messages_arrive_one_by_one(pipe):
    for message in ([1, "zwei"], None):
        send(pipe[1], message)
    assert [receive(pipe[0]), receive(pipe[0])] == [[1, "zwei"], None]


def test_a_message_larger_than_the_pipe_arrives(pipe):
    writer = threading.Thread(target=send, args=(pipe[1], "x" * 10**6, time.monotonic() + 30))
    writer.start()
    assert len(receive(pipe[0], time.monotonic() + 30)) == 10**6
    writer.join()


def test_a_length_beyond_the_cap_is_malformed_before_anything_is_read(pipe):
    os.write(pipe[1], struct.pack(">I", messages.LONGEST + 1))
    with pytest.raises(Malformed, match="are allowed"):
        receive(pipe[0], soon())


@pytest.mark.parametrize("text", [b"{", b"\xff", b"[" * 5000, b"9" * 5000], ids=["{", "x", "[", "9"])
def test_what_is_no_json_is_malformed(pipe, text):
    os.write(pipe[1], struct.pack(">I", len(text)) + text)
    with pytest.raises(Malformed):
        receive(pipe[0], soon())


def test_half_a_message_is_waited_for_until_the_deadline(pipe):
    os.write(pipe[1], frame("abc")[:-1])
    with pytest.raises(TimeoutError):
        receive(pipe[0], soon())


def test_drop_by_drop_does_not_stretch_the_deadline(pipe):
    stop = threading.Event()

    def drip():
        os.write(pipe[1], struct.pack(">I", 1000))
        while not stop.wait(0.02):
            os.write(pipe[1], b" ")

    writer = threading.Thread(target=drip)
    writer.start()
    with pytest.raises(TimeoutError):
        receive(pipe[0], soon())
    stop.set()
    writer.join()


def test_a_closed_pipe_is_an_end(pipe):
    os.write(pipe[1], frame("abc")[:-1])
    os.close(pipe[1])
    with pytest.raises(EOFError):
        receive(pipe[0])


def test_nobody_reads_is_noticed(pipe):
    with pytest.raises(TimeoutError):
        send(pipe[1], "x" * 10**6, soon())


def test_waiting_looks_around(pipe):
    seen = []
    with pytest.raises(TimeoutError):
        receive(pipe[0], soon(), idle=lambda: seen.append(1))
    assert seen
