"""What the trusted checker and a student's process say to each other: frames of plain data.

A frame is a length and a JSON text. Values are None, bools, numbers, strings, lists, tuples,
dicts and arrays of numbers; nothing is ever unpickled. Whatever comes out of a student's process
may be forged, so reading has caps for time, bytes, entries and depth and ends in `Malformed`.
"""

import base64
import json
import os
import select
import struct
import time

import numpy as np

LONGEST = 32 * 2**20  # bytes of a frame
ROOM = LONGEST * 5 // 8  # bytes of an array or a string in one
ENTRIES = 300_000  # values within values
LOOK = 0.1  # seconds between looks at what goes on while nothing comes
DEEPEST = 20  # lists within lists
DTYPES = {np.dtype(code).str for code in ("?", *"bBhHiIqQ", *"efd")}
TOO_LARGE = "the result is larger than can be marked"
PLAIN = (bool, int, float)
NUMBERS = (int, float, np.integer, np.floating)


class Malformed(Exception):
    """What came is no message."""


class Foreign:
    """Stands for a result that is no plain data; knows the name of its type and nothing else."""

    def __new__(cls, name):
        name = name if name.isidentifier() and name.isascii() and len(name) <= 40 else "foreign object"
        return object.__new__(type(name, (Foreign,), {}))


def encode(value, depth=0):
    """Turn a value into what JSON can carry; what is no plain data becomes its type's name.

    Parameters
    ----------
    value : object

    Returns
    -------
    object
        None, bool, int, float, str, or a list that begins with "list", "tuple", "dict", "array"...

    Raises
    ------
    MemoryError
        If it is larger than a message may be.
    """
    if isinstance(value, str):
        value = str.__str__(value)
        if len(value) > ROOM // 6:  # JSON may need six bytes for a character
            raise MemoryError(TOO_LARGE)
        return value
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is int:
        return value if abs(value) < 2**63 else ["foreign", "int"]
    if depth > DEEPEST:
        return ["foreign", type(value).__name__]
    if isinstance(value, np.generic):
        return ["scalar", *_array(np.asarray(value))]
    if isinstance(value, list | tuple | range):
        kind = "tuple" if isinstance(value, tuple) else "list"
        types = {type(entry) for entry in value}
        if len(value) > 8 and (
            types == {bool} or all(issubclass(t, NUMBERS) and t is not bool for t in types)
        ):
            array = np.asarray(value)
            if array.dtype.str in DTYPES:
                return [kind + "s", *_array(array)]
        return [kind, [encode(entry, depth + 1) for entry in value]]
    if isinstance(value, dict):
        return ["dict", [[encode(k, DEEPEST), encode(v, depth + 1)] for k, v in value.items()]]
    if isinstance(value, PLAIN):  # of a class derived from them
        return encode(float(value) if isinstance(value, float) else int(value), depth)
    return _array_like(value, depth)


def _array_like(value, depth):
    """An array, or what knows how to become one, such as a tensor."""
    try:
        array = np.asarray(value)
    except Exception:
        return ["foreign", type(value).__name__]
    if array.dtype == object and array.ndim:
        return encode(array.tolist(), depth + 1)
    if array.dtype.kind not in "biuf":
        return ["foreign", type(value).__name__]
    return ["array", *_array(array)]


def _array(array):
    if array.nbytes > ROOM:
        raise MemoryError(TOO_LARGE)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
    return [array.dtype.str, list(array.shape), base64.b64encode(array.tobytes()).decode()]


def decode(data):
    """Turn what `encode` gave back into a value; `data` may be anything that JSON can hold.

    Raises
    ------
    Malformed
        If no `encode` gave that.
    """
    return _Decoder().value(data, 0)


class _Decoder:
    def __init__(self):
        self.entries = 0

    def value(self, data, depth):
        self.entries += 1
        if self.entries > ENTRIES or depth > DEEPEST + 2:
            raise Malformed("too many values within values")
        if data is None or isinstance(data, bool | float | str):
            return data
        if isinstance(data, int) and abs(data) < 2**63:
            return data
        match data:
            case ["list" | "tuple" as kind, list(entries)]:
                values = [self.value(entry, depth + 1) for entry in entries]
                return values if kind == "list" else tuple(values)
            case ["dict", list(pairs)]:
                return dict(self.pair(pair, depth) for pair in pairs)
            case ["array" | "scalar" | "lists" | "tuples" as kind, str(dtype), list(shape), str(text)]:
                return self.array(kind, dtype, shape, text)
            case ["foreign", str(name)]:
                return Foreign(name)
        raise Malformed("no value")

    def pair(self, pair, depth):
        match pair:
            case [None | bool() | int() | float() | str() as key, data]:
                return self.value(key, depth), self.value(data, depth + 1)
        raise Malformed("no entry of a dict")

    def array(self, kind, dtype, shape, text):
        if dtype not in DTYPES or len(shape) > 16:
            raise Malformed("no array of numbers")
        if not all(type(n) is int and 0 <= n <= LONGEST for n in shape):
            raise Malformed("no shape")
        try:
            array = np.frombuffer(base64.b64decode(text, validate=True), dtype).reshape(shape).copy()
            if dtype == "|b1":
                array = np.asarray(array.view(np.uint8) != 0)  # a byte of a bool may be forged, too
        except ValueError as error:  # the bytes are not base64, or do not fill the shape
            raise Malformed("no array of that shape") from error
        if kind == "scalar" and not shape:
            return array[()]
        if kind in ("lists", "tuples"):
            if array.ndim != 1 or array.size > LONGEST // 8:
                raise Malformed("no list")
            return array.tolist() if kind == "lists" else tuple(array.tolist())
        return array


def frame(message):
    """The bytes of a message."""
    text = json.dumps(message, separators=(",", ":")).encode()
    return struct.pack(">I", len(text)) + text


def send(pipe, message, deadline=None):
    """Write a message to a file descriptor.

    Raises
    ------
    TimeoutError
        If nobody reads it before `deadline` (of `time.monotonic`).
    OSError
        If nobody will.
    """
    data = memoryview(frame(message))
    os.set_blocking(pipe, deadline is None)
    while data:
        if deadline is not None and not select.select([], [pipe], [], _left(deadline))[1]:
            raise TimeoutError("nobody reads")
        data = data[os.write(pipe, data[:65536]) :]


def receive(pipe, deadline=None, longest=LONGEST, idle=None):
    """Read a message from a file descriptor, and call `idle` now and then while waiting.

    Raises
    ------
    EOFError
        If the other side is gone.
    TimeoutError
        If the message is not complete before `deadline` (of `time.monotonic`).
    Malformed
        If what came is no message.
    """
    (length,) = struct.unpack(">I", _exactly(pipe, 4, deadline, idle))
    if length > longest:
        raise Malformed(f"a message of {length} bytes; {longest} are allowed")
    try:
        return json.loads(_exactly(pipe, length, deadline, idle))
    except (ValueError, RecursionError, MemoryError) as error:
        raise Malformed("no JSON") from error


def _exactly(pipe, length, deadline, idle):
    data = bytearray()
    while len(data) < length:
        while deadline is not None and not select.select([pipe], [], [], min(LOOK, _left(deadline)))[0]:
            if not _left(deadline):
                raise TimeoutError("nothing came")
            if idle:
                idle()
        part = os.read(pipe, min(length - len(data), 2**20))
        if not part:
            raise EOFError("the other side is gone")
        data += part
    return bytes(data)


def _left(deadline):
    return max(0.0, deadline - time.monotonic())
