"""Builds specialised kernel sources: one text with its macros in front and its includes inside, and what it takes.

The parameter list that launches are checked against is read from the source itself, so that the two cannot differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import C_NAMES, wider

if TYPE_CHECKING:
    from collections.abc import Mapping


_SCALARS = {"int": "int32", "int64": "int64", "float": "float32", "double": "float64", "unsigned char": "uint8"}
_INCLUDE = re.compile(r'^#include "(?P<file>[\w./]+)"$', re.MULTILINE)
_STRUCT = re.compile(r"^struct (?P<name>\w+Params) \{(?P<body>.*?)^\};", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"^\s*(?P<type>\w+) (?P<names>[\w\[\]]+(?:, [\w\[\]]+)*);", re.MULTILINE)
_ADDRESSES = ("gradients", "maps")  # fields that begin a struct, and hold the addresses of arrays, one for each level
_ENUM = re.compile(r"^enum class (?P<name>\w+) \{ (?P<members>[^}]*) \};", re.MULTILINE)
_CHOICE = re.compile(
    r"^#define \w+ ROIKIT_(?:CHOICE\((?P<type>\w+), |NUMBER\()(?P<place>\d+), ROIKIT_(?P<name>\w+)\)$", re.MULTILINE
)
_ENTRY = re.compile(
    r'^extern "C" __global__ void\s(?:__launch_bounds__\([^)]*\)\s)?(?P<name>\w+)\((?P<parameters>[^)]*)\)',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a kernel: a pointer to elements of ``dtype`` (a name), or a struct of ``dtype`` by value."""

    name: str
    pointer: bool
    dtype: str | np.dtype[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A specialised kernel.

    Attributes:
        entry: Name of the kernel.
        text: The whole source, ready for NVRTC.
        parameters: What it takes, in order.
        params: NumPy data type of the struct of scalars that it takes last.
        entries: Names of all kernels in ``text``.
        rules: What comes with a launch of the dialect's choices that are no macros: an array of float64.
    """

    entry: str
    text: str
    parameters: tuple[Parameter, ...]
    params: np.dtype[Any]
    entries: tuple[str, ...]
    rules: bytes = b""

    @property
    def addresses(self) -> int:
        """How many addresses the struct begins with."""
        fields: Mapping[str, Any] = self.params.fields or {}
        return sum(fields[name][0].itemsize // 8 for name in _ADDRESSES if name in fields)

    def pack(self, values: Mapping[str, Any]) -> bytes:
        """Returns the kernel's struct without the addresses that it begins with; it must have all other fields and no more."""
        wanted = set(self.params.names or ()) - set(_ADDRESSES)
        if odd := sorted(set(values) ^ wanted):
            raise TypeError(f"{self.entry} has another struct: {', '.join(odd)}")
        packed = np.zeros((), self.params)
        for name, value in values.items():
            packed[name] = value
        return packed.tobytes()[8 * self.addresses :]

    def check(self, takes: Mapping[str, str]) -> None:
        """Raises TypeError unless ``takes``, names of arrays and of their data types, is what the kernel's signature has."""
        declared = {p.name: str(p.dtype) for p in self.parameters if p.pointer}
        if list(takes.items()) != list(declared.items()):
            raise TypeError(f"{self.entry} takes {declared}, not {dict(takes)}")


@cache
def _read(file: str) -> str:
    """Returns a source file with its includes in place, each once."""
    seen: set[str] = set()

    def include(name: str) -> str:
        if name in seen:
            return ""
        seen.add(name)
        text = files("roikit.kernels").joinpath("cuda", name).read_text(encoding="utf-8").replace("#pragma once\n", "")
        return _INCLUDE.sub(lambda match: include(match["file"]), text)

    return include(file)


def _struct_dtype(text: str, levels: int) -> np.dtype[Any]:
    match = _STRUCT.search(text)
    if match is None:
        raise ValueError("the source declares no struct of parameters")
    body = re.sub(r"//.*", "", match["body"])
    fields: list[Any] = []
    for member in _MEMBER.finditer(body):
        for declared in member["names"].split(", "):
            name, bracket, _ = declared.partition("[")
            fields.append((name, _SCALARS[member["type"]], (levels,) if bracket else ()))
    return np.dtype(fields, align=True)


def _parameter(declaration: str, types: Mapping[str, str], struct: np.dtype[Any]) -> Parameter:
    words = declaration.replace("const ", "").split()
    ctype, name = " ".join(words[:-1]), words[-1]
    if ctype.endswith("*"):
        element = ctype.removesuffix("*").strip()
        return Parameter(name, pointer=True, dtype=types.get(element) or _SCALARS[element])
    return Parameter(name, pointer=False, dtype=struct)


def _rules_at_launch(text: str, macros: Mapping[str, str | int]) -> tuple[bytes, set[str]]:
    """Returns the numbers by which a launch says what the dialect's choices are, and the macros that they stand for."""
    members = {match["name"]: match["members"].split(", ") for match in _ENUM.finditer(text)}
    choices = list(_CHOICE.finditer(text))
    numbers = np.zeros(1 + max((int(choice["place"]) for choice in choices), default=-1))
    for choice in choices:
        chosen = macros[choice["name"]]
        numbers[int(choice["place"])] = members[choice["type"]].index(str(chosen)) if choice["type"] else float(chosen)
    return numbers.tobytes(), {choice["name"] for choice in choices}


@cache
def _defined(file: str, macros: tuple[tuple[str, str | int], ...]) -> str:
    """Returns a source file after the definitions of macros: one object, however many dialects come with its launches."""
    return "".join(f"#define ROIKIT_{name} {value}\n" for name, value in macros) + _read(file)


@cache
def specialise(
    file: str, entry: str, dtype: str, macros: tuple[tuple[str, str | int], ...], *, rules_at_launch: bool = False
) -> Source:
    """Returns kernel ``entry`` of ``file`` for maps of data type ``dtype``.

    ``macros`` are pairs of a name without its ``ROIKIT_`` prefix and a value. With ``rules_at_launch`` the choices of a dialect
    that `sampling.cuh` and `modes.cuh` take from the launch are no part of the text, so that dialects share a compiled kernel.
    """
    text = _read(file)
    struct = _struct_dtype(text, next((int(value) for name, value in macros if name == "LEVELS"), 1))
    match = next((m for m in _ENTRY.finditer(text) if m["name"] == entry), None)
    if match is None:
        raise ValueError(f"{file} has no kernel {entry}")
    types = {"feature_t": dtype, "acc_t": wider(dtype)}
    parameters = tuple(_parameter(part.strip(), types, struct) for part in match["parameters"].split(","))
    defined: tuple[tuple[str, str | int], ...] = (("FEATURE_T", C_NAMES[dtype]), *macros)
    rules = b""
    if rules_at_launch:
        rules, choices = _rules_at_launch(text, dict(macros))
        defined = (*(pair for pair in defined if pair[0] not in choices), ("RULES_AT_LAUNCH", 1))
    entries = tuple(m["name"] for m in _ENTRY.finditer(text))
    return Source(entry, _defined(file, defined), parameters, struct, entries, rules)
