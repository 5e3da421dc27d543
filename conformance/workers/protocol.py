"""How runner and worker talk: one JSON object per line, followed by the arrays that it names, as ``.npy`` bytes."""

from __future__ import annotations

import io
import json
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ..arrays import numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 3
"""Of the protocol; sent in the worker's first message. Version 2 added gradients, version 3 operators."""

SUPPORTED = (1, 2, 3)
"""Versions that workers may speak.

One of version 1 describes no ``operations``, and so is only asked for outputs; one of versions 1 and 2 describes no
``operators``, and so is only asked for RoIAlign.
"""


FINDINGS = {"repeatable": True, "wrote_outside": False, "changed_input": False}
"""What a worker finds out about an output beside it, and what is taken for granted if it does not say."""


class ProtocolError(Exception):
    """The other side sent something that is not a message, or no answer to a call."""


def _encode(array: np.ndarray) -> bytes:
    # .npy has no name for bfloat16: its bits travel as integers, and the message names the type.
    plain = array.view(np.uint16) if array.dtype.name == "bfloat16" else array
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(plain), allow_pickle=False)
    return buffer.getvalue()


def _decode(data: bytes, dtype: str) -> np.ndarray:
    array: np.ndarray = np.load(io.BytesIO(data), allow_pickle=False)
    return array.view(numpy_dtype(dtype)) if dtype == "bfloat16" else array


def check_answer(message: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Raises ProtocolError unless a message is an answer to a call."""
    kind = message.get("type")
    wanted = {"unsupported": ("reason", str), "raised": ("error", str)}
    if kind == "output":
        if "output" not in arrays:
            raise ProtocolError("an answer without an array 'output'")
        if odd := [key for key in FINDINGS if not isinstance(message.get(key, True), bool)]:
            raise ProtocolError(f"{odd[0]!r} is {message[odd[0]]!r}, neither true nor false")
    elif kind not in wanted:
        raise ProtocolError(f"an answer of type {kind!r}")
    elif not isinstance(message.get(wanted[kind][0]), wanted[kind][1]):
        raise ProtocolError(f"an answer of type {kind!r} without a text {wanted[kind][0]!r}")


def send(stream: IO[bytes], message: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> None:
    """Writes ``message`` and ``arrays``."""
    encoded = {name: (array.dtype.name, _encode(array)) for name, array in (arrays or {}).items()}
    parts = [{"name": name, "dtype": dtype, "bytes": len(data)} for name, (dtype, data) in encoded.items()]
    stream.write(json.dumps({**message, "arrays": parts}).encode() + b"\n")
    for _, data in encoded.values():
        stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """Reads a message and its arrays; None at the end of the stream.

    Raises:
        ProtocolError: what arrived is not a whole message.
    """
    line = stream.readline()
    if not line:
        return None
    try:
        message = json.loads(line)
        arrays = {}
        for part in message.pop("arrays"):
            data = stream.read(part["bytes"])
            if len(data) != part["bytes"]:
                raise ProtocolError(f"the stream ended within array {part['name']!r}")
            arrays[part["name"]] = _decode(data, part["dtype"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(f"not a message: {line[:200]!r} ({error})") from error
    return message, arrays
