"""What ``roikit reproduce`` prints: a case as a script that needs a library and NumPy, for that library's issue tracker.

``templates/NAME.py.txt`` makes the call as a user of the library would; ``templates/script.py.txt`` is what all scripts share.
"""

from __future__ import annotations

from itertools import product
from string import Template
from typing import TYPE_CHECKING, Any

from .. import operators
from ..cases.case import load_cases
from ..cases.selection import check_names, find_case
from ..errors import UsageError
from ..implementation import registered
from ..operator import Operation, Unsupported
from ..results import deviations
from . import script
from .libraries import LIBRARIES, Boxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..cases.case import Case
    from ..results.deviations import Deviation
    from .libraries import Fields, Library

LAYOUT = "NCHW"
_APART = (Boxes.CORNERS, Boxes.BY_IMAGE)


def reproduce(case_id: str, implementation: str, dialect: str | None = None, dtype: str | None = None) -> str:
    """Returns the script. A dialect or data type that is left open is that of a known deviation, if there is one.

    Raises:
        UsageError: there is no such case, implementation, dialect or data type, or the library cannot make the call.
    """
    return script_of(find_case(load_cases(), case_id), implementation, dialect, dtype)


def script_of(case: Case, implementation: str, dialect: str | None, dtype: str | None, written_by: str = "") -> str:
    """Returns the script for a case; ``written_by`` is the command to name in it.

    Raises:
        UsageError: the library cannot make the call.
    """
    if case.kind == "property":
        raise UsageError(f"{case.id} compares several answers; a script shows one: take a case of the group gradient")
    check_names("implementation", [implementation], list(registered()))
    if implementation not in LIBRARIES:
        raise UsageError(f"there are no scripts for {implementation}, only for {', '.join(LIBRARIES)}")
    library = LIBRARIES[implementation]
    dialects = check_names(f"dialect of {implementation}", [dialect] if dialect else [], list(library.dialects))
    dtypes = check_names(f"data type of {implementation}", [dtype] if dtype else [], library.dtypes)
    try:
        choices = _choices(case, library, dialects or list(library.dialects), dtypes or library.dtypes)
    except Unsupported as reason:
        raise UsageError(f"{implementation} cannot make the call of {case.id}: {reason}") from None
    listed = deviations.load(implementation, load_cases())
    found = [(choice, known) for choice in choices if (known := deviations.find(listed, case, *choice))]
    chosen, known = found[0] if found else (choices[0], None)
    return _write(case, implementation, *chosen, known, written_by)


def _choices(case: Case, library: Library, dialects: Sequence[str], dtypes: Sequence[str]) -> list[tuple[str, str]]:
    """Returns the (dialect, data type) in which the library can make the call, of which there is one at least."""
    reason = Unsupported(f"it is not for {' or '.join(dtypes)} under {' or '.join(dialects)}")
    choices = []
    for dialect, dtype in product(dialects, dtypes):
        if case.kind == "error" or case.expectation(dialect, dtype):
            try:
                library.check(case.call(dialect, dtype, LAYOUT))
                library.fields(dialect, dtype)
                choices.append((dialect, dtype))
            except Unsupported as error:
                reason = error
    if not choices:
        raise reason
    return choices


def _write(case: Case, implementation: str, dialect: str, dtype: str, known: Deviation | None, written_by: str) -> str:
    library, expectation = LIBRARIES[implementation], case.expectation(dialect, dtype)
    call: Any = case.call(dialect, dtype, LAYOUT)
    fields = _call_fields(call) | _dtype_fields(dtype, library) | library.fields(dialect, dtype)
    fields |= library.spellings.get(call.mode, {}) | library.endings.get(call.operation, {})
    if not library.endings and call.operation != Operation.FORWARD:
        fields |= _gradient_fields(call.operation, fields)
    fields["model"] = _template(case.operator, "onnx-model", fields) if "opset" in fields else ""
    setup, pooling = _template(case.operator, implementation, fields | {"data": "$data"}).split("\n\n$data\n\n")
    boxes_type = f"np.{call.boxes.dtype}" if library.boxes == Boxes.WIDE_ROWS else fields["array_type"]
    command = written_by or f"roikit reproduce {case.id} {implementation} --dialect {dialect} --dtype {dtype}"
    refusal = case.kind in ("invalid", "error")
    parts = {
        "heading": script.heading(case, dialect, known, command),
        "setup": setup,
        "inputs": script.inputs(case, fields["array_type"], boxes_type, apart=library.boxes in _APART),
        "pooling": script.refusable(pooling) if refusal else pooling,
    }
    if expectation is None:
        return _template(case.operator, "refusal", fields | parts)
    parts |= {"expected": script.expected(case, expectation), "comparison": script.comparison(expectation)}
    return _template(case.operator, "script", fields | parts)


def _call_fields(call: Any) -> Fields:
    rois, (height, width) = len(call.boxes), call.output_size
    return {
        "height": height,
        "width": width,
        "scale": _single(call.spatial_scale),
        "ratio": _single(call.sampling_ratio),
        "mode": call.mode,
        "rois": rois,
        "maps_shape": ", ".join(map(str, call.input.shape)),
        "output_shape": ", ".join(map(str, (rois, call.input.shape[1], height, width))),
    }


def _single(pair: tuple[Any, Any]) -> Any:
    return pair[0] if pair[0] == pair[1] else pair


def _dtype_fields(dtype: str, library: Library) -> Fields:
    """Returns the names of a data type. NumPy's bfloat16 is in the package ml_dtypes; to PyTorch it comes as float32."""
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
    """Returns how a gradient is had from PyTorch."""
    tensor, part = ("maps", "") if operation == Operation.FEATURE_GRADIENT else ("rois", "[:, 1:]")
    return {
        "prepare": f"\n{tensor}.requires_grad_()",
        "finish": f"output.backward(torch.from_numpy(grad){fields['to_torch']})\n"
        f"output = {tensor}.grad{part}{fields['to_numpy'] if tensor == 'maps' else ''}.numpy()  # the gradient, that is",
    }


def _template(operator: str, name: str, fields: Fields) -> str:
    text = operators.folder(operator).joinpath("templates", f"{name}.py.txt").read_text(encoding="utf-8")
    return Template(text).substitute(fields).strip("\n")
