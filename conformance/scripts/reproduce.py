"""What ``roikit reproduce`` prints: a case as a script that needs a library and NumPy, for that library's issue tracker.

``operators/OPERATOR/templates/NAME.py.txt`` makes the call as a user of the library would, filled with what its adapter says in
``scripts``; ``templates/script.py.txt`` here is what all scripts share.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import product
from string import Template
from typing import TYPE_CHECKING, Any

from .. import operators
from ..adapters._script import Boxes, Script
from ..call import Unsupported
from ..cases.golden import golden_cases
from ..cases.history import AFTER_FORK, AT_ONCE, IN_TURN, calls_of
from ..cases.selection import check_names, find_case
from ..errors import UsageError
from ..implementation import registered
from ..operation import Operation
from ..results import deviations
from . import script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from ..adapters._script import Fields
    from ..cases.case import Case
    from ..results.deviations import Deviation

LAYOUT = "NCHW"
_APART = (Boxes.CORNERS, Boxes.BY_IMAGE)


@cache
def scripts_of(implementation: str) -> Mapping[str, Script]:
    """What an implementation's scripts need to know of it, by operator; nothing if it is not registered, or has none."""
    point = registered().get(implementation)
    return getattr(point.load(), "scripts", {}) if point else {}


def scripted(operator: str) -> list[str]:
    """The implementations that there are scripts for."""
    return [name for name in registered() if operator in scripts_of(name)]


def reproduce(case_id: str, implementation: str, dialect: str | None = None, dtype: str | None = None) -> str:
    """The script. A dialect or data type that is left open is that of a known deviation, if there is one.

    Raises:
        UsageError: there is no such case, implementation, dialect or data type, or the library cannot make the call.
    """
    return script_of(find_case(golden_cases(), case_id), implementation, dialect, dtype)


def script_of(case: Case, implementation: str, dialect: str | None, dtype: str | None, written_by: str = "") -> str:
    """The script for a case; ``written_by`` is the command to name in it.

    Raises:
        UsageError: the library cannot make the call.
    """
    if case.kind in (AT_ONCE, AFTER_FORK):
        raise UsageError(f"{case.id} is calls at the same time, or around a fork; a script makes one after the other")
    if case.kind == "property":
        raise UsageError(f"{case.id} compares several answers; a script shows one: take a case of the group gradient")
    check_names("implementation", [implementation], list(registered()))
    library = scripts_of(implementation).get(case.operator)
    if library is None:
        others = ", ".join(scripted(case.operator))
        raise UsageError(f"there are no scripts for {implementation}, only for {others}")
    dialects = check_names(f"dialect of {implementation}", [dialect] if dialect else [], list(library.dialects))
    dtypes = check_names(f"data type of {implementation}", [dtype] if dtype else [], library.dtypes)
    listed = deviations.load(implementation)
    offered = list(product(dialects or library.dialects, dtypes or library.dtypes))
    always = [known for known in listed if not known.sometimes]
    offered.sort(key=lambda choice: deviations.find(always, case, *choice) is None)
    try:
        chosen = _first(case, library, offered)
    except Unsupported as reason:
        raise UsageError(f"{implementation} cannot make the call of {case.id}: {reason}") from None
    known = deviations.find(listed, case, *chosen)
    return _write(case, implementation, library, *chosen, known, written_by)


def _first(case: Case, library: Script, offered: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The first (dialect, data type) in which the library can make the call; raises `Unsupported` if there is none."""
    dialects, dtypes = (dict.fromkeys(names) for names in zip(*offered, strict=True))
    reason = Unsupported(f"it is not for {' or '.join(dtypes)} under {' or '.join(dialects)}")
    for dialect, dtype in offered:
        if case.kind == "error" or case.says(dialect, dtype):
            try:
                for made in _calls(case):
                    library.check(made.call(dialect, dtype, LAYOUT))
                library.fields(dialect, dtype)
            except Unsupported as error:
                reason = error
            else:
                return dialect, dtype
    raise reason


def _calls(case: Case) -> list[Case]:
    """The calls that a script makes, each as a case."""
    return [made.case for made in calls_of(case)] if case.kind == IN_TURN else [case]


def _write(
    case: Case, implementation: str, library: Script, dialect: str, dtype: str, known: Deviation | None, written_by: str
) -> str:
    command = written_by or f"roikit reproduce {case.id} {implementation} --dialect {dialect} --dtype {dtype}"
    parts = [_call(call, implementation, library, dialect, dtype) for call in _calls(case)]
    heading = script.heading(case, dialect, known, command)
    first = parts[0]
    if "refusal" in first:
        return _filled(_SHARED, "refusal", {**first, "heading": heading})
    if case.kind != IN_TURN:
        return _filled(_SHARED, "script", {**first, "heading": heading, "calls": _filled(_SHARED, "call", first)})
    texts, before = [], first
    for made, part in zip(calls_of(case), parts, strict=True):
        text = _filled(_SHARED, "call", {**part, "pooling": script.keeping(part["pooling"])})
        texts.append(script.one_of_several(text, made.said, _setup(before, part)))
        before = part
    return _filled(_SHARED, "history", {**first, "heading": heading, "calls": "\n\n".join(texts)})


def _setup(before: Fields, part: Fields) -> str:
    """What has to be made anew for a call, such as a model with other parameters, if another was made for the one before."""
    return "" if before["setup"] == part["setup"] else str(part["setup"])


def _call(case: Case, implementation: str, library: Script, dialect: str, dtype: str) -> Fields:
    """The parts of a script that make one call, and judge it."""
    expectation, templates = case.expectation(dialect, dtype), _folder(case.operator)
    call: Any = case.call(dialect, dtype, LAYOUT)
    fields = _call_fields(call) | _dtype_fields(dtype, library) | library.fields(dialect, dtype)
    fields |= library.spellings.get(call.mode, {})
    fields |= {
        key: Template(str(text)).substitute(fields) for key, text in library.endings.get(call.operation, {}).items()
    }
    if not library.endings and call.operation != Operation.FORWARD:
        fields |= _gradient_fields(call.operation, fields)
    fields["model"] = _filled(templates, library.model, fields) if library.model else ""
    setup, pooling = _filled(templates, implementation, fields | {"data": "$data"}).split("\n\n$data\n\n")
    boxes_type = f"np.{call.boxes.dtype}" if library.boxes == Boxes.WIDE_ROWS else fields["array_type"]
    apart = library.boxes in _APART
    refusal = case.kind in ("invalid", "error") or case.may_be_refused
    parts: Fields = {
        **fields,
        "setup": setup,
        "inputs": script.inputs(
            case, call.arrays(), fields["array_type"], boxes_type, _ways(case, library), apart=apart
        ),
        "pooling": script.refusable(pooling) if refusal else pooling,
    }
    if expectation is None:
        return {**parts, "refusal": True}
    return {
        **parts,
        "expected": script.expected(case, expectation),
        "comparison": script.comparison(expectation),
    }


def _ways(case: Case, library: Script) -> dict[str, str]:
    """The ways in which arrays lie that a library is handed: boxes that it takes as two arrays, it is handed as copies."""
    cannot = ("reversed",) if library.uses_torch else ()  # PyTorch has no negative strides
    copied = ("boxes",) if library.boxes in _APART else ()
    return {name: way for name, way in case.arranged.items() if way not in cannot and name not in copied}


def _call_fields(call: Any) -> Fields:
    """The arguments of a call by their names, equal numbers of all axes as one; and the shapes of arrays."""
    *_, height, width = call.output_size
    output_shape = replace(call, operation=Operation.FORWARD).shape() or ()
    return {
        **{name: _single(value) for name, value in call.parameters().items()},
        "height": height,
        "width": width,
        "rois": len(call.boxes),
        "maps_shape": ", ".join(map(str, call.input.shape)),
        "output_shape": ", ".join(map(str, output_shape)),
    }


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and all(each == value[0] for each in value) else value


def _dtype_fields(dtype: str, library: Script) -> Fields:
    """The names of a data type. NumPy's bfloat16 is in the package ml_dtypes; to PyTorch it comes as float32."""
    in_torch = dtype == "bfloat16" and library.uses_torch
    in_numpy = "float32" if in_torch else dtype
    foreign = in_numpy == "bfloat16"
    return {
        "dtype": in_numpy,
        "array_type": f"{'ml_dtypes' if foreign else 'np'}.{in_numpy}",
        "ml_dtypes": "import ml_dtypes\n" if foreign else "",
        "to_torch": ".bfloat16()" if in_torch else "",
        "to_numpy": ".float()" if in_torch else "",
        "prepare": "",
        "finish": f"output = output{'.float()' if in_torch else ''}.numpy()",
        "onnx_type": {"float32": "float", "float64": "double"}.get(dtype, dtype),
    }


def _gradient_fields(operation: Operation, fields: Fields) -> Fields:
    """How a gradient is had from PyTorch."""
    tensor, part = ("maps", "") if operation == Operation.FEATURE_GRADIENT else ("rois", "[:, 1:]")
    return {
        "prepare": f"\n{tensor}.requires_grad_()",
        "finish": f"output.backward(torch.from_numpy(grad){fields['to_torch']})\n"
        f"output = {tensor}.grad{part}{fields['to_numpy'] if tensor == 'maps' else ''}.numpy()  # the gradient, that is",
    }


_SHARED = files(__package__).joinpath("templates")


def _folder(operator: str) -> Traversable:
    return operators.folder(operator).joinpath("templates")


def _filled(folder: Traversable, name: str, fields: Fields) -> str:
    text = folder.joinpath(f"{name}.py.txt").read_text(encoding="utf-8")
    return Template(text).substitute(fields).strip("\n")
