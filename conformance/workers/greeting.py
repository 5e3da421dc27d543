"""What a worker says first: that it is ready, and what its implementation can do; or why there is none (``PROTOCOL.md``)."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from ..implementation import Capability, Description
from ..results.result import Subject
from . import protocol

_MISSING: Any = object()
_NOT_READY = {"absent": "reason", "broken": "error"}


def understand(name: str, message: dict[str, Any]) -> Subject:
    """What the first message of the worker of ``name`` says of its implementation."""
    match message.get("type"):
        case "ready" if message.get("protocol") not in protocol.SUPPORTED:
            known = " and ".join(map(str, protocol.SUPPORTED))
            spoken = f"its worker speaks protocol {message.get('protocol')}, this roikit speaks {known}"
            return Subject(implementation=name, state="broken", reason=spoken)
        case "ready":
            description = message.get("description")
            if mistake := _mistake(description):
                return Subject(implementation=name, state="broken", reason=f"its worker's description {mistake}")
            return Subject(implementation=name, state="ran", description=description)
        case "absent" | "broken" as state:
            return Subject(implementation=name, state=state, reason=str(message.get(_NOT_READY[state], "")))
        case other:
            return Subject(implementation=name, state="broken", reason=f"its worker greets with a message {other!r}")


def _mistake(description: Any, kind: type[Capability] = Description) -> str:
    """What is wrong with a description; nothing if it will do. Fields that are not known are no mistake."""
    if not isinstance(description, dict):
        return f"is {description!r}, not an object"
    known: Field[Any]
    for known in fields(kind):
        value: Any = description.get(known.name, _MISSING)
        if value is _MISSING:
            if known.default is MISSING and known.default_factory is MISSING:
                return f"lacks {known.name!r}"
        elif known.name == "operators":
            if mistake := _mistake_of_operators(value):
                return mistake
        elif mistake := _mistake_of_field(known, value):
            return mistake
    return ""


def _mistake_of_field(known: Field[Any], value: Any) -> str:
    if known.type in ("str", "bool"):
        kind = str if known.type == "str" else bool
        return "" if isinstance(value, kind) else f"has {value!r} for {known.name!r}, not {kind.__name__}"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ""
    return f"has {value!r} for {known.name!r}, not a list of strings"


def _mistake_of_operators(value: Any) -> str:
    if not isinstance(value, dict):
        return f"has {value!r} for 'operators', not an object"
    mistakes = ((name, _mistake(capability, Capability)) for name, capability in value.items())
    return next((f"of {name!r} {mistake}" for name, mistake in mistakes if mistake), "")


def describe(subject: Subject) -> Description:
    """The description that a worker sent."""
    assert subject.description is not None
    given: dict[str, Any] = dict(subject.description)
    described: Any = given.pop("operators", {})
    operators = {name: Capability(**_known(one, Capability)) for name, one in described.items()}
    return Description(**_known(given, Description), operators=operators)


def _known(given: dict[str, Any], kind: type[Capability]) -> dict[str, Any]:
    """The fields that are known, lists as tuples."""
    names = {known.name for known in fields(kind)}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items() if key in names}
