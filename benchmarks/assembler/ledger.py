"""What the assembler says of every kernel that a GPU may run, as it is written down for each operator, and if it is still so.

``python -m benchmarks.assembler`` compiles what has changed and writes ``compiled.json`` of each operator; with ``--full`` it
compiles everything. What decides the facts of a source are its text, the compiler's version and its options.
"""

from __future__ import annotations

import json
import re
from dataclasses import astuple, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roikit.conformance.golden.code import digest_of_module
from roikit.conformance.golden.ledger import Ledger, Row, digest
from roikit.kernels.execution.device import OPTIONS

from .nvrtc import Facts, compile_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .specialisations import Specialisation

OPERATORS = Path(__file__).parents[1] / "operators"

SHARE = 0.0005
"""Of what is unchanged, so much is compiled in a run all the same."""

_COMMENT = re.compile(r"//[^\"]*$")  # one that no string could contain

_ASKED = {"#ifdef __CUDA_ARCH__": True, "#ifndef __CUDA_ARCH__": False}
"""What a GPU's compiler makes of these conditions."""

_ABOUT = (
    "Of each kernel for each architecture: registers, bytes of stack, bytes of spills, static shared bytes, bytes of code. "
    "Written by python -m benchmarks.assembler."
)


def compiler() -> str:
    """The version of NVRTC, as its package has it.

    Raises:
        metadata.PackageNotFoundError: there is none.
    """
    return metadata.version("nvidia-cuda-nvrtc")


def code() -> str:
    """A hash of what decides all facts besides the sources: compiler, options, and how its words are read."""
    return digest(compiler(), OPTIONS, digest_of_module("benchmarks.assembler.nvrtc"))


def what_computes(text: str) -> str:
    """A source without comments, indentation, empty lines and what only a CPU's compiler sees: none of it decides a fact."""
    lines = (_COMMENT.sub("", line).strip() for line in text.splitlines())
    return "\n".join(_seen_on_a_gpu(line for line in lines if line))


def _seen_on_a_gpu(lines: Iterable[str]) -> Iterator[str]:
    """Lines without those two conditions, and without what these leave out; others are kept."""
    taken: list[
        bool | None
    ] = []  # of each open condition, whether it takes what follows; None of one that is not asked about
    for line in lines:
        if line.startswith("#if"):
            taken.append(_ASKED.get(line))
        elif line.startswith("#else") and taken[-1] is not None:
            taken[-1] = not taken[-1]
        elif line.startswith("#elif") and taken[-1] is not None:
            raise ValueError(f"{line}: a condition about __CUDA_ARCH__ has two branches at most")
        is_asked = bool(taken) and taken[-1] is not None and line.startswith(("#if", "#else", "#endif"))
        if not is_asked and False not in taken:
            yield line
        if line.startswith("#endif"):
            taken.pop()


def compile_all(specialisation: Specialisation) -> dict[str, dict[str, list[int]]]:
    """The facts of all kernels of a source, by architecture and entry point."""
    source = specialisation.source
    return {
        architecture: {
            entry: list(astuple(compile_for(replace(source, entry=entry), architecture))) for entry in source.entries
        }
        for architecture in specialisation.architectures
    }


def facts_of(value: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, str, Facts]]:
    """Architecture, entry point and facts of each kernel of a source, from what is written down."""
    return [(architecture, entry, Facts(*n)) for architecture, by in value.items() for entry, n in by.items()]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is written down for an operator; ``values`` are the facts of each specialisation, by name."""

    compiler: str
    ledger: Ledger
    values: Mapping[str, Any]

    def rows(self, specialisations: Iterable[Specialisation]) -> list[Row]:
        """The rows of a ledger: what decides facts, and what they are said to be."""
        return [
            Row(one.name, [what_computes(one.source.text), list(one.architectures)], self.values.get(one.name))
            for one in specialisations
        ]


def path_of(operator: str) -> Path:
    """Where the facts of an operator are written down."""
    return OPERATORS / operator / "compiled.json"


def recorded(operator: str) -> Recorded:
    """What is written down for an operator; nothing, if there is no file."""
    path = path_of(operator)
    data = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kernels = {name: dict(kernel) for name, kernel in data.get("kernels", {}).items()}
    seals = {name: kernel.pop("seal") for name, kernel in kernels.items()}
    return Recorded(data.get("compiler", ""), Ledger(data.get("code", ""), seals), kernels)


def render(rows: Iterable[Row]) -> str:
    """The file of an operator: a line for each kernel."""
    head = {"about": _ABOUT, "compiler": compiler(), "code": code()}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    kernels = [f"  {json.dumps(row.name)}: {json.dumps({'seal': row.seal, **row.value})}" for row in rows]
    return "\n".join(["{", *lines, ' "kernels": {', ",\n".join(kernels), " }", "}", ""])
