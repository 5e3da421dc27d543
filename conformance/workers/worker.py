"""The far end of a run: loads one implementation in a process of its own and makes the calls that the runner sends.

Started as ``python -m roikit.conformance.workers.worker SPEC`` with the runner at stdin and stdout. SPEC is
``adapter:MODULE:CLASS``, or ``callable:ARRAYS[:OPERATOR]:MODULE:FUNCTION`` for a plain function.
"""

from __future__ import annotations

import importlib
import math
import os
import sys
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ..adapters.plain import PlainCallable
from ..arranging import arranged
from ..arrays import in_memory
from ..call import Unsupported
from ..implementation import Implementation, NoAnswerError, TwoAnswersError, Unavailable, why_absent
from ..operation import Operation
from ..operators import call_type
from . import protocol, several
from .past import Past
from .spelling import is_promoted, respelled, said_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..call import Call

_GUARD = 64  # elements on each side of an output that must not change
_POISON = int(os.environ.get("ROIKIT_POISON", "165"))  # what memory is filled with that a call has not written to
_TWICE = 2  # how often a call is made
_LONGEST_ERROR = 500  # characters
_CACHED_SIZE, _CACHED = 1024, 8  # NumPy keeps this many arrays of a size below this for later, and gives none back


def _load(spec: str) -> Implementation | dict[str, Any]:
    """The implementation, or the message that says why there is none."""
    kind, _, rest = spec.partition(":")
    try:
        if kind == "callable":
            arrays, *operator, module, function = rest.split(":")
            return PlainCallable(module, function, arrays, *operator)
        module, _, name = rest.partition(":")
        adapter = getattr(importlib.import_module(module), name)
        if reason := why_absent(adapter):
            return {"type": "absent", "reason": reason}
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
    text = protocol.one_line(text, _LONGEST_ERROR)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _poisoned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[np.ndarray, np.ndarray]:
    """An output array and the buffer around it, every byte of which is the poison."""
    size = int(np.prod(shape))
    buffer = np.frombuffer(bytearray([_POISON]) * ((size + 2 * _GUARD) * dtype.itemsize), dtype)
    return buffer[_GUARD : _GUARD + size].reshape(shape), buffer


def _wrote_outside(buffer: np.ndarray) -> bool:
    guards = np.concatenate([buffer[:_GUARD], buffer[-_GUARD:]]).view(np.uint8)
    return bool((guards != _POISON).any())


def _poison_cache(call: Call) -> None:
    """Poisons what NumPy keeps of the size of a result: ``np.empty`` would hand it out with an earlier result in it."""
    shape = call.shape()
    if shape is None:  # a call that must be refused
        return
    size = math.prod(shape) * next(iter(call.arrays().values())).itemsize
    kept = [np.empty(size, np.uint8) for _ in range(_CACHED)] if size < _CACHED_SIZE else []
    for array in kept:
        array[...] = _POISON


def _array(result: object) -> np.ndarray:
    """``result`` if it is an array of numbers.

    Raises:
        NoAnswerError: it is something else, as arrays of classes of their own are: by an element, a masked one means nothing.
    """
    kind = type(result)
    if kind is not np.ndarray:
        named = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        raise NoAnswerError(f"returned {named} instead of an array of numbers")
    assert isinstance(result, np.ndarray)
    if result.dtype.kind not in "biufc" and result.dtype.name != "bfloat16":
        raise NoAnswerError(f"returned an array of {result.dtype} instead of numbers")
    return result


def _make(implementation: Implementation, call: Call, takes_out: bool) -> tuple[np.ndarray, bool]:
    """The result of a call, and whether memory beside it was written to."""
    _poison_cache(call)
    ask, shape = getattr(implementation, call.operator), call.shape()
    if not takes_out or call.operation != Operation.FORWARD or shape is None:
        return _array(ask(call)), False
    out, buffer = _poisoned(shape, next(iter(call.arrays().values())).dtype.newbyteorder("="))
    return _array(ask(call, out)), _wrote_outside(buffer)


def _same_bytes(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def _call(message: dict[str, Any], arrays: dict[str, np.ndarray]) -> Call:
    """The call that a message asks for, with these arrays as they are to lie in memory."""
    own = dict(arrays)
    if "input" in own:
        own["input"] = in_memory(own["input"], message["memory"])
    for name, way in message.get("arranged", {}).items():
        own[name] = arranged(own[name], way)
    return call_type(message["type"]).received(message, own)


def _is_unchanged(call: Call, arrays: dict[str, np.ndarray]) -> bool:
    """Whether a call left its arguments as they were; of a sparse map only the last image is looked at."""
    return all(
        _same_bytes(array[-len(arrays[name]) :].astype(arrays[name].dtype), arrays[name])
        for name, array in call.arrays().items()
    )


def _answer(
    implementation: Implementation,
    message: dict[str, Any],
    arrays: dict[str, np.ndarray],
    takes_out: bool,
    past: Past | None = None,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The answer to a call, which is made twice: in arrays of earlier calls, and in new ones.

    A call without a ``past`` may be made by several threads, once by each. A function that users call has, the second time, the
    same scale in another type (`spelling`); if it answers otherwise, it is asked both ways once more, to tell why.
    """
    unchanged, outputs, outside, reused, spelled, may_differ = True, [], False, False, "", False
    ways = [*([(past.filled, False)] if past else []), (_copied, past is not None and _takes_numbers(implementation))]
    try:
        for filled, is_respelled in ways:
            call = _call(message, filled(arrays))
            if is_respelled:
                call = respelled(call)
                spelled, may_differ = said_of(call), is_promoted(call)
            output, wrote_outside = _make(implementation, call, takes_out)
            outputs.append(output.copy())
            reused |= past is not None and past.add(output)
            outside |= wrote_outside
            unchanged &= _is_unchanged(call, arrays)
            if is_respelled and len(outputs) == _TWICE and not _same_bytes(*outputs):
                ways += [(_copied, True), (_copied, False)]  # in this order, for answers may take turns
    except TwoAnswersError as error:
        return {"type": "output", "repeatable": False, "asked": str(error)}, {"output": error.answer}
    except Unsupported as reason:
        return {"type": "unsupported", "reason": str(reason)}, {}
    except Exception as error:  # noqa: BLE001 - whatever a library raises is its answer
        return {"type": "raised", "error": _describe(error) + (f" ({spelled})" if spelled else "")}, {}
    differs = len(outputs) > _TWICE  # when the scale had another type
    repeats = _same_bytes(outputs[0], outputs[-1]) and (not differs or _same_bytes(outputs[1], outputs[2]))
    is_of_spelling = differs and repeats and not (may_differ and _same_kind(outputs[0], outputs[1]))
    about = {
        "repeatable": repeats and not is_of_spelling,
        **({"asked": f"the call, and again {spelled},"} if is_of_spelling else {}),
        "wrote_outside": outside,
        "changed_input": not unchanged,
        "reused": reused,
    }
    return {"type": "output", **about}, {"output": outputs[0]}


def _same_kind(one: np.ndarray, other: np.ndarray) -> bool:
    return (one.shape, one.dtype) == (other.shape, other.dtype)


def _takes_numbers(implementation: Implementation) -> bool:
    """Whether it hands a scale on as it comes, as users call it; other adapters make of it what their library takes."""
    return bool(getattr(implementation, "takes_numbers", False))


def _copied(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in arrays.items()}


def answering(implementation: Implementation) -> Callable[[dict[str, Any], dict[str, np.ndarray]], several.Answer]:
    """The function that answers messages, one after the other, with what an implementation makes of them."""
    description, past = implementation.describe(), Past()

    def alone(message: dict[str, Any], arrays: dict[str, np.ndarray], past: Past | None = None) -> several.Answer:
        capability = description.capability(message["type"])
        takes_out = capability is not None and capability.takes_out
        return _answer(implementation, message, arrays, takes_out, past)

    def answer(message: dict[str, Any], arrays: dict[str, np.ndarray]) -> several.Answer:
        if message["type"] in several.KINDS:
            return several.answer(message, arrays, alone)
        if seconds := message.pop("apart", 0):
            return several.in_a_fork((message, arrays), seconds, lambda about, given: alone(about, given, past))
        return alone(message, arrays, past)

    return answer


def serve(spec: str, reader: IO[bytes], writer: IO[bytes]) -> None:
    """Greets, then answers calls until the runner closes the stream."""
    loaded = _load(spec)
    if isinstance(loaded, dict):
        protocol.send(writer, loaded)
        return
    description, answer = asdict(loaded.describe()), answering(loaded)
    protocol.send(writer, {"type": "ready", "protocol": protocol.VERSION, "description": description})
    while (received := protocol.receive(reader)) is not None:
        protocol.send(writer, *answer(*received))


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
