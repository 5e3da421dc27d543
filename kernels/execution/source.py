"""Builds specialised kernel sources: one text with its macros in front and its includes inside, and what it takes.

What arrays a kernel takes, its struct of parameters and the choices of dialects are read from the source itself, so that Python
and CUDA cannot differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import C_NAMES, wider

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_SCALARS = {"int": "int32", "int64": "int64", "float": "float32", "double": "float64", "unsigned char": "uint8"}
_INCLUDE = re.compile(r'^#include "(?P<file>[\w./]+)"$', re.MULTILINE)
_FIELDS = re.compile(r"^#define (?P<name>ROIKIT_\w+_FIELDS)(?P<members>(?:.*\\\n)*.*)$", re.MULTILINE)
_STRUCT = re.compile(r"^struct (?P<name>\w+Params) \{(?P<body>.*?)^\};", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"^\s*(?P<type>\w+) (?P<names>[\w\[\]]+(?:, [\w\[\]]+)*);", re.MULTILINE)
_ADDRESSES = ("gradients", "maps", "weights", "grad")
"""Fields that begin a struct, and hold the addresses of arrays: of the first two one for each level."""
_BEGINNINGS = ("level_limits", "first_tile")  # fields that say from where on something belongs to a level
_ENUM = re.compile(r"^enum class (?P<name>\w+) \{ (?P<members>[^}]*) \};", re.MULTILINE)
_CHOICE = re.compile(r"^#define \w+ ROIKIT_(?:CHOICE\((?P<type>\w+), |NUMBER\()(?P<name>\w+)\)$", re.MULTILINE)
_ENTRY = re.compile(
    r'^extern "C" __global__ void\s(?:__launch_bounds__\([^)]*\)\s)?(?P<name>\w+)\((?P<parameters>[^)]*)\)',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A specialised kernel.

    Attributes:
        entry: Name of the kernel.
        text: The whole source, ready for NVRTC.
        arrays: Names of the arrays that it takes, in order, and of their data types.
        params: NumPy data type of the struct of scalars that it takes last.
        entries: Names of all kernels in ``text``.
        rules: What comes with a launch of the dialect's choices that are no macros: an array of float64.
    """

    entry: str
    text: str
    arrays: Mapping[str, str]
    params: np.dtype[Any]
    entries: tuple[str, ...]
    rules: bytes = b""

    @property
    def addresses(self) -> int:
        """How many addresses the struct begins with."""
        fields: Mapping[str, Any] = self.params.fields or {}
        return sum(fields[name][0].itemsize // 8 for name in _ADDRESSES if name in fields)

    def spread(self, addresses: Sequence[int]) -> list[int]:
        """Addresses of what a call has for each of its levels, in the places of those levels for which this is compiled."""
        fields = [name for name in _ADDRESSES if name in (self.params.names or ())]
        count, given = self.addresses // max(1, len(fields)), len(addresses) // max(1, len(fields))
        parts = (addresses[begin : begin + given] for begin in range(0, len(addresses), given))
        return [address for part in parts for address in (*part, *[0] * (count - given))]

    def pack(self, values: Mapping[str, Any]) -> bytes:
        """The kernel's struct without the addresses that it begins with; it must have all other fields and no more.

        Of the levels for which the kernel is compiled those that a call has not are never reached.
        """
        wanted = set(self.params.names or ()) - set(_ADDRESSES)
        if odd := sorted(set(values) ^ wanted):
            raise TypeError(f"{self.entry} has another struct: {', '.join(odd)}")
        packed = np.zeros((), self.params)
        for name, value in values.items():
            field = packed[name]
            if name in _BEGINNINGS:
                # No number reaches NaN; an infinite size would reach infinity.
                field.fill(np.nan if field.dtype.kind == "f" else np.iinfo(field.dtype).max)
            if field.ndim:
                field[: len(value)] = value
            else:
                packed[name] = value
        return packed.tobytes()[8 * self.addresses :]


@cache
def _read(file: str) -> str:
    """A source file with its includes in place, each once."""
    seen: set[str] = set()

    def include(name: str) -> str:
        if name in seen:
            return ""
        seen.add(name)
        text = files("roikit.kernels").joinpath("cuda", name).read_text(encoding="utf-8").replace("#pragma once\n", "")
        return _INCLUDE.sub(lambda match: include(match["file"]), text)

    return include(file)


@cache
def _struct_dtype(text: str, levels: int) -> np.dtype[Any]:
    match = _STRUCT.search(text)
    if match is None:
        raise ValueError("the source declares no struct of parameters")
    shared = {each["name"]: each["members"].replace("\\", "") for each in _FIELDS.finditer(text)}
    body = re.sub(r"ROIKIT_\w+_FIELDS", lambda each: shared[each[0]], match["body"])
    body = re.sub(r"//.*|/\*.*?\*/", "", body)
    fields: list[Any] = []
    for member in _MEMBER.finditer(body):
        for declared in member["names"].split(", "):
            name, bracket, _ = declared.partition("[")
            fields.append((name, _SCALARS[member["type"]], (levels,) if bracket else ()))
    return np.dtype(fields, align=True)


def _arrays(parameters: str, types: Mapping[str, str]) -> dict[str, str]:
    """Names of the arrays among the parameters of a kernel, and of their data types. Its struct comes last."""
    *pointers, _ = parameters.replace("const ", "").split(",")
    declared = (pointer.rpartition("*") for pointer in pointers)
    return {name.strip(): types.get(element.strip()) or _SCALARS[element.strip()] for element, _, name in declared}


@cache
def _choices(text: str) -> dict[str, list[str]]:
    """The choices of dialects in a text, in order: of each macro the members of its enumeration, or none for a number."""
    members = {match["name"]: match["members"].split(", ") for match in _ENUM.finditer(text)}
    return {choice["name"]: members[choice["type"]] if choice["type"] else [] for choice in _CHOICE.finditer(text)}


def _rules_at_launch(text: str, macros: Mapping[str, str | int]) -> tuple[bytes, dict[str, int]]:
    """The numbers by which a launch says what the dialect's choices are, and which of them stands for which macro."""
    numbers = []
    for name, members in _choices(text).items():
        chosen = macros[name]
        numbers.append(float(members.index(str(chosen)) if members else chosen))
    return np.array(numbers).tobytes(), {name: place for place, name in enumerate(_choices(text))}


@cache
def _entries(text: str) -> dict[str, str]:
    """The kernels of a text, with their parameters."""
    return {match["name"]: match["parameters"] for match in _ENTRY.finditer(text)}


@cache
def _defined(file: str, macros: tuple[tuple[str, str | int], ...]) -> str:
    """A source file after the definitions of macros: one object, however many dialects come with its launches."""
    return "".join(f"#define ROIKIT_{name} {value}\n" for name, value in macros) + _read(file)


@cache
def with_macro(source: Source, name: str, value: int) -> Source:
    """A specialised kernel with one macro more, whose name goes without its ``ROIKIT_`` prefix."""
    return replace(source, text=f"#define ROIKIT_{name} {value}\n{source.text}")


@cache
def specialise(
    file: str, entry: str, dtype: str, macros: tuple[tuple[str, str | int], ...], *, rules_at_launch: bool = False
) -> Source:
    """Kernel ``entry`` of ``file`` for maps of data type ``dtype``.

    ``macros`` are pairs of a name without its ``ROIKIT_`` prefix and a value. With ``rules_at_launch`` those that are choices of
    a dialect (``cuda/library/choices.cuh``) are no part of the text, so that dialects share a compiled kernel.
    """
    text = _read(file)
    struct = _struct_dtype(text, next((int(value) for name, value in macros if name == "LEVELS"), 1))
    entries = _entries(text)
    if entry not in entries:
        raise ValueError(f"{file} has no kernel {entry}")
    arrays = _arrays(entries[entry], {"feature_t": dtype, "acc_t": wider(dtype)})
    defined: tuple[tuple[str, str | int], ...] = (("FEATURE_T", C_NAMES[dtype]), *macros)
    rules = b""
    if rules_at_launch:
        rules, places = _rules_at_launch(text, dict(macros))
        numbered = ((f"PLACE_OF_{name}", place) for name, place in places.items())
        defined = (*(pair for pair in defined if pair[0] not in places), ("RULES_AT_LAUNCH", 1), *numbered)
    return Source(entry, _defined(file, defined), arrays, struct, tuple(entries), rules)
