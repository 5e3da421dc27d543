"""ONNX models as bytes, in the wire format of ``onnx.proto``.

The ``onnx`` package would write them, too; but it takes a process seconds to import (NumPy is taught a dozen of data types),
and of a runtime that dies of bad boxes there is a new process for each. Tests compare these bytes with that package's.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

IR_VERSION = 8
FLOAT, INT32, INT64 = 1, 6, 7
_KINDS = {"float32": FLOAT, "float16": 10, "float64": 11, "bfloat16": 16}
_VARINT, _BYTES, _FIXED32 = 0, 2, 5  # how a field is written
_OF_FLOAT, _OF_INT, _OF_STRING, _OF_INTS = 1, 2, 3, 7  # types of attributes

Shape: TypeAlias = "tuple[int | str, ...]"
Attribute: TypeAlias = "float | int | str | tuple[int, ...]"
Value: TypeAlias = "tuple[str, int, Shape]"
"""Name, data type and shape of what a model takes or gives; a name in a shape is a dimension that may vary between runs."""


def kind_of(dtype: np.dtype) -> int:
    """The number of a data type.

    Raises:
        ValueError: ONNX has none for it, as for one in another order of bytes than the machine's.
    """
    if dtype.name not in _KINDS or not dtype.isnative:
        raise ValueError(f"ONNX has no data type for {dtype}")
    return _KINDS[dtype.name]


def _varint(number: int) -> bytes:
    rest, out = number % 2**64, bytearray()  # negative numbers have 64 bits
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes((*out, rest))


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(number)


def _part(field: int, content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def _attribute(name: str, value: Attribute) -> bytes:
    """``AttributeProto``: name 1, f 2, i 3, s 4, ints 8, type 20."""
    match value:
        case float():
            held, kind = _varint(2 << 3 | _FIXED32) + struct.pack("<f", value), _OF_FLOAT
        case int():
            held, kind = _number(3, value), _OF_INT
        case str():
            held, kind = _part(4, value), _OF_STRING
        case _:
            held, kind = b"".join(_number(8, each) for each in value), _OF_INTS
    return _part(1, name) + held + _number(20, kind)


def _value(name: str, kind: int, shape: Shape) -> bytes:
    """``ValueInfoProto``: name 1, type 2, of a tensor 1, of elem_type 1 and shape 2, of dims 1: dim_value 1 or dim_param 2."""
    dims = b"".join(_part(1, _part(2, size) if isinstance(size, str) else _number(1, size)) for size in shape)
    return _part(1, name) + _part(2, _part(1, _number(1, kind) + _part(2, dims)))


def model(
    operator: str,
    attributes: Mapping[str, Attribute],
    inputs: Sequence[Value],
    output: Value,
    opsets: Mapping[str, int],
    domain: str = "",
) -> bytes:
    """A model of one node.

    Args:
        operator: The type of the node.
        attributes: Of the node.
        inputs: Of the model, and of its node.
        output: The same.
        opsets: The version of each domain.
        domain: Of the node.
    """
    # NodeProto: input 1, output 2, op_type 4, attribute 5, domain 7
    node = b"".join(_part(1, name) for name, _, _ in inputs) + _part(2, output[0]) + _part(4, operator)
    node += b"".join(_part(5, _attribute(*each)) for each in sorted(attributes.items()))
    node += _part(7, domain) if domain else b""
    # GraphProto: node 1, name 2, input 11, output 12
    graph = _part(1, node) + _part(2, operator)
    graph += b"".join(_part(11, _value(*each)) for each in inputs) + _part(12, _value(*output))
    # ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8 of domain 1 and version 2
    versions = b"".join(_part(8, _part(1, name) + _number(2, version)) for name, version in opsets.items())
    return _number(1, IR_VERSION) + _part(2, "roikit") + _part(7, graph) + versions
