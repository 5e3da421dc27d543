"""How runner and worker talk: one JSON object per line, followed by the arrays that it names, as ``.npy`` bytes.

What arrives is believed in nothing: sizes are limits and not allocations, and what is no message ends in a `ProtocolError`.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np

from ..arrays import numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = 3
"""Of the protocol; sent in the worker's first message. Version 2 added gradients, version 3 operators."""

SUPPORTED = (1, 2, 3)
"""Versions that workers may speak.

One of version 1 describes no ``operations``, and so is only asked for outputs; one of versions 1 and 2 describes no
``operators``, and so is only asked for RoIAlign.
"""

LONGEST_LINE = 2**20
"""Bytes of the line of a message, at most."""

MOST_BYTES = 2**29
"""Bytes of all arrays of a message together, at most."""

MOST_ARRAYS = 16
"""Arrays of a message, at most."""

_PIECE = 2**20  # bytes read at once: a length that is not true must not take memory
_LONGEST_TEXT = 1000  # characters of a text of another process that are kept
_LONGEST_HEADER = 4096  # of an .npy file: deep enough for any shape, and not for Python's parser to come to harm
_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {(1, 0): 2, (2, 0): 4}  # of a header, in each version of the format
_NUMBERS = re.compile(r"[<>|=][biufc]\d+")  # no objects, no text, no fields

FINDINGS = {"repeatable": True, "wrote_outside": False, "changed_input": False, "reused": False}
"""What a worker finds out about an output beside it, and what is taken for granted if it does not say."""


class ProtocolError(Exception):
    """The other side sent something that is not a message, or no answer to a call."""


def one_line(text: str, longest: int = _LONGEST_TEXT) -> str:
    """What another process wrote, as one line that can be printed anywhere: without control characters, and not too long."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * longest])
    return " ".join(printable.split())[:longest]


def _encode(array: np.ndarray) -> bytes:
    # .npy has no name for bfloat16: its bits travel as integers, and the message names the type.
    plain = array.view(np.uint16) if array.dtype.name == "bfloat16" else array
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(plain, order="C"), allow_pickle=False)
    return buffer.getvalue()


def _header(data: bytearray) -> tuple[int, np.dtype[Any], tuple[int, ...], bool]:
    """Of an ``.npy`` file: where its elements begin, their type, the shape, and whether the first axis is that of columns."""
    width = _LENGTH_BYTES.get((data[6], data[7]), 0) if data.startswith(_MAGIC) else 0
    begin = len(_MAGIC) + 2 + width
    end = begin + int.from_bytes(data[begin - width : begin], "little")
    if not width or end - begin > min(_LONGEST_HEADER, len(data) - begin):
        raise ValueError("an array that does not begin as an .npy file does")
    return end, *_fields(bytes(data[begin:end]))


@lru_cache(maxsize=1024)  # most arrays of a run have the shapes of others
def _fields(header: bytes) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    """What the header of an ``.npy`` file says of its array."""
    fields = ast.literal_eval(header.decode("latin1").strip())
    kind, shape = fields["descr"], fields["shape"]
    if not _NUMBERS.fullmatch(kind):
        raise ValueError(f"an array of {kind!r}")
    if not isinstance(shape, tuple) or not all(type(extent) is int and extent >= 0 for extent in shape):
        raise ValueError(f"an array of shape {shape!r}")
    return np.dtype(kind), shape, bool(fields["fortran_order"])


def _decode(data: bytearray, dtype: str) -> np.ndarray:
    begin, kind, shape, by_columns = _header(data)
    if len(data) - begin != math.prod(shape) * kind.itemsize:
        raise ValueError(f"{len(data) - begin} bytes for an array of {kind} of shape {shape}")
    array = np.frombuffer(data, kind, offset=begin).reshape(shape, order="F" if by_columns else "C")
    if dtype != "bfloat16":
        return array
    if kind != np.uint16:
        raise ValueError(f"an array of {kind} for the bits of bfloat16")
    return array.view(numpy_dtype(dtype))


def check_answer(
    message: Mapping[str, Any], arrays: Mapping[str, np.ndarray], outputs: Sequence[str] = ("output",)
) -> None:
    """Raises ProtocolError unless a message is an answer to a call, or to several; ``outputs`` are the arrays that are due."""
    kind = message.get("type")
    wanted = dict.fromkeys(("unsupported", "died", "hung"), ("reason", str)) | {"raised": ("error", str)}
    number = message.get("call", 0)
    if type(number) is not int or not 0 <= number < len(outputs):
        raise ProtocolError(f"an answer to call {number!r}")
    if not isinstance(message.get("asked", ""), str):
        raise ProtocolError(f"'asked' is {message['asked']!r}, not a text")
    if kind == "output":
        if missing := [name for name in outputs if name not in arrays]:
            raise ProtocolError(f"an answer without an array {missing[0]!r}")
        if odd := [key for key in FINDINGS if not isinstance(message.get(key, True), bool)]:
            raise ProtocolError(f"{odd[0]!r} is {message[odd[0]]!r}, neither true nor false")
    elif not isinstance(kind, str) or kind not in wanted:
        raise ProtocolError(f"an answer of type {kind!r}")
    elif not isinstance(message.get(wanted[kind][0]), wanted[kind][1]):
        raise ProtocolError(f"an answer of type {kind!r} without a text {wanted[kind][0]!r}")


class Sink(Protocol):
    """What a message can be written to."""

    def write(self, data: bytes, /) -> int:
        """Writes all of ``data``."""
        ...

    def flush(self) -> None:
        """Keeps nothing back."""
        ...


def send(stream: Sink, message: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
    """Writes ``message`` and ``arrays``."""
    encoded = {name: (array.dtype.name, _encode(array)) for name, array in (arrays or {}).items()}
    parts = [{"name": name, "dtype": dtype, "bytes": len(data)} for name, (dtype, data) in encoded.items()]
    stream.write(json.dumps({**message, "arrays": parts}).encode() + b"\n")
    for _, data in encoded.values():
        stream.write(data)
    stream.flush()


_NONSENSE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    RecursionError,
    MemoryError,
)
"""What reading something else than a message ends in; the last two where a parser of Python's runs out of depth."""


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Reads a message and its arrays; None at the end of the stream.

    Raises:
        ProtocolError: what arrived is not a whole message, or one that is too large.
    """
    line = stream.readline(LONGEST_LINE)
    if not line:
        return None
    try:
        if not line.endswith(b"\n"):
            ended = len(line) < LONGEST_LINE
            raise ValueError(
                "the stream ended within the line" if ended else f"more than {LONGEST_LINE} bytes in a line"
            )
        message = json.loads(line, parse_constant=_refuse)
        arrays = _read_arrays(stream, message.pop("arrays"))
    except _NONSENSE as error:
        raise ProtocolError(f"not a message: {line[:200]!r} ({one_line(str(error))})") from error
    return message, arrays


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _read_arrays(stream: IO[bytes], parts: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    sizes = [part["bytes"] for part in parts]
    if len(parts) > MOST_ARRAYS:
        raise ValueError(f"{len(parts)} arrays")
    for size in sizes:
        if type(size) is not int or not 0 <= size <= MOST_BYTES:
            raise ValueError(f"an array of {size!r} bytes, of which {MOST_BYTES} would be too many")
    if sum(sizes) > MOST_BYTES:
        raise ValueError(f"arrays of {sum(sizes)} bytes, more than {MOST_BYTES}")
    arrays = {}
    for part in parts:
        data = _read(stream, part["bytes"])
        if len(data) != part["bytes"]:
            raise ValueError(f"the stream ended within array {part['name']!r}")
        arrays[part["name"]] = _decode(data, part["dtype"])
    return arrays


def _read(stream: IO[bytes], size: int) -> bytearray:
    """So many bytes, or fewer if the stream ends before."""
    data = bytearray()
    while piece := stream.read(min(size - len(data), _PIECE)):
        data += piece
    return data
