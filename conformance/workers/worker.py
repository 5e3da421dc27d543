"""The far end of a run: loads one implementation in a process of its own and makes the calls that the runner sends.

Started as ``python -m roikit.conformance.workers.worker SPEC`` with the runner at stdin and stdout. SPEC is
``adapter:MODULE:CLASS``, or ``callable:ARRAYS:MODULE:FUNCTION`` for a plain function.
"""

from __future__ import annotations

import importlib
import math
import os
import sys
from dataclasses import asdict
from typing import IO, Any

import numpy as np

from ..adapters.plain import PlainCallable
from ..arrays import in_memory
from ..implementation import Implementation, Unavailable, missing_requirements
from ..operator import Operation, Unsupported
from ..operators.roi_align.call import RoiAlignCall
from . import protocol

_GUARD = 64  # elements on each side of an output that must not change
_POISON = int(os.environ.get("ROIKIT_POISON", "165"))  # what memory is filled with that a call has not written to
_CACHED_SIZE, _CACHED = 1024, 8  # NumPy keeps this many arrays of a size below this for later, and gives none back


def _load(spec: str) -> Implementation | dict[str, Any]:
    """Returns the implementation, or the message that says why there is none."""
    kind, _, rest = spec.partition(":")
    try:
        if kind == "callable":
            arrays, module, function = rest.split(":", 2)
            return PlainCallable(module, function, arrays)
        module, _, name = rest.partition(":")
        adapter = getattr(importlib.import_module(module), name)
        if missing := missing_requirements(adapter):
            return {"type": "absent", "reason": f"{', '.join(missing)} not installed: {adapter.install}"}
        implementation: Implementation = adapter()
    except Unavailable as reason:
        return {"type": "absent", "reason": str(reason)}
    except Exception as error:  # noqa: BLE001 - whatever a library raises while it loads is its answer
        return {"type": "broken", "error": _describe(error)}
    return implementation


def _describe(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an exception may fail even at this
        text = "(an exception without a message)"
    printable = "".join(c if c.isprintable() else " " for c in text[:2000])
    text = " ".join(printable.encode(errors="replace").decode().split())[:500]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _poisoned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Returns an output array and the buffer around it, every byte of which is the poison."""
    size = int(np.prod(shape))
    buffer = np.frombuffer(bytearray([_POISON]) * ((size + 2 * _GUARD) * dtype.itemsize), dtype)
    return buffer[_GUARD : _GUARD + size].reshape(shape), buffer


def _wrote_outside(buffer: np.ndarray) -> bool:
    guards = np.concatenate([buffer[:_GUARD], buffer[-_GUARD:]]).view(np.uint8)
    return bool((guards != _POISON).any())


def _poison_cache(call: RoiAlignCall) -> None:
    """Poisons what NumPy keeps of the size of a result: ``np.empty`` would hand it out with an earlier result in it."""
    if call.input.ndim != 4 or min(call.output_size) < 0:  # a call that must be refused
        return
    size = math.prod(_shape(call)) * call.input.itemsize
    kept = [np.empty(size, np.uint8) for _ in range(_CACHED)] if size < _CACHED_SIZE else []
    for array in kept:
        array[...] = _POISON


def _array(result: object) -> np.ndarray:
    """Returns ``result`` if it is an array of numbers; whatever else it is, is an error of the implementation."""
    if not isinstance(result, np.ndarray) or result.dtype.hasobject:
        raise TypeError(f"returned {type(result).__name__} instead of an array of numbers")
    return result


def _pool(implementation: Implementation, call: RoiAlignCall, takes_out: bool) -> tuple[np.ndarray, bool]:
    """Returns the output of a call, and whether memory beside it was written to."""
    _poison_cache(call)
    if not takes_out or call.operation != Operation.FORWARD:
        return _array(implementation.roi_align(call)).copy(), False
    out, buffer = _poisoned(_shape(call), call.input.dtype)
    result = implementation.roi_align(call, out)
    return _array(result).copy(), _wrote_outside(buffer)


def _shape(call: RoiAlignCall) -> tuple[int, ...]:
    """Returns the shape of what is asked for."""
    match call.operation:
        case Operation.FEATURE_GRADIENT:
            return call.input.shape
        case Operation.BOX_GRADIENT:
            return (len(call.boxes), 4)
    rois, (height, width) = len(call.boxes), call.output_size
    channels = call.input.shape[1 if call.layout == "NCHW" else 3]
    return (rois, channels, height, width) if call.layout == "NCHW" else (rois, height, width, channels)


def _same_bytes(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def _call(message: dict[str, Any], arrays: dict[str, np.ndarray]) -> RoiAlignCall:
    """Returns the call that a message asks for, with arrays of its own."""
    return RoiAlignCall(
        operation=Operation(message.get("operation", Operation.FORWARD)),
        input=in_memory(arrays["input"].copy(), message["memory"]),
        boxes=arrays["boxes"].copy(),
        output_size=tuple(message["output_size"]),
        spatial_scale=tuple(message["spatial_scale"]),
        sampling_ratio=tuple(message["sampling_ratio"]),
        mode=message["mode"],
        layout=message["layout"],
        dialect=message["dialect"],
        grad=arrays["grad"].copy() if "grad" in arrays else None,
    )


def _is_unchanged(call: RoiAlignCall, arrays: dict[str, np.ndarray]) -> bool:
    given = call.input[-len(arrays["input"]) :]  # of a sparse map, the last image
    same = _same_bytes(given, arrays["input"]) and _same_bytes(call.boxes, arrays["boxes"])
    return same and (call.grad is None or _same_bytes(call.grad, arrays["grad"]))


def _answer(
    implementation: Implementation, message: dict[str, Any], arrays: dict[str, np.ndarray], takes_out: bool
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    unchanged, outputs, outside = True, [], False
    try:
        for _ in range(2):
            call = _call(message, arrays)
            output, wrote_outside = _pool(implementation, call, takes_out)
            outputs.append(output)
            outside |= wrote_outside
            unchanged &= _is_unchanged(call, arrays)
    except Unsupported as reason:
        return {"type": "unsupported", "reason": str(reason)}, {}
    except Exception as error:  # noqa: BLE001 - whatever a library raises is its answer
        return {"type": "raised", "error": _describe(error)}, {}
    about = {
        "repeatable": _same_bytes(*outputs),
        "wrote_outside": outside,
        "changed_input": not unchanged,
    }
    return {"type": "output", **about}, {"output": outputs[0]}


def serve(spec: str, reader: IO[bytes], writer: IO[bytes]) -> None:
    """Greets, then answers calls until the runner closes the stream."""
    loaded = _load(spec)
    if isinstance(loaded, dict):
        protocol.send(writer, loaded)
        return
    description = loaded.describe()
    protocol.send(writer, {"type": "ready", "protocol": protocol.VERSION, "description": asdict(description)})
    while (received := protocol.receive(reader)) is not None:
        protocol.send(writer, *_answer(loaded, *received, description.takes_out))


def main() -> None:
    """Keeps stdin and stdout for messages: a library reads nothing, and whatever it prints goes to stderr."""
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - where the user's own module may lie
    serve(sys.argv[1], reader, writer)


if __name__ == "__main__":
    main()
