"""What a worker says first: that it is ready, and what its implementation can do; or why there is none (``PROTOCOL.md``)."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from ..implementation import Description
from ..results.result import Subject
from . import protocol

_NOT_READY = {"absent": "reason", "broken": "error"}


def understand(name: str, message: dict[str, Any]) -> Subject:
    """Returns what the first message of the worker of ``name`` says of its implementation."""
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


def _mistake(description: Any) -> str:
    """Returns what is wrong with a description; nothing if it will do. Fields that are not known are no mistake."""
    if not isinstance(description, dict):
        return f"is {description!r}, not an object"
    for field in fields(Description):
        if field.name not in description:
            if field.default is MISSING:
                return f"lacks {field.name!r}"
            continue
        value: Any = description[field.name]
        kind: type = {"str": str, "bool": bool}.get(str(field.type), list)
        if not isinstance(value, kind) or (
            isinstance(value, list) and not all(isinstance(item, str) for item in value)
        ):
            return f"has {value!r} for {field.name!r}, not {'a list of strings' if kind is list else kind.__name__}"
    return ""


def describe(subject: Subject) -> Description:
    """Returns the description that a worker sent."""
    assert subject.description is not None
    known = {field.name for field in fields(Description)}
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in subject.description.items()
        if key in known
    }
    return Description(**given)
