"""What a worker says first: that it is ready, and what its implementation can do; or why there is none (``PROTOCOL.md``)."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from ..implementation import Capability, Description
from ..results.result import Subject
from . import protocol

_MISSING: Any = object()
_NOT_READY = {"absent": "reason", "broken": "error"}
_MOST_NAMES = 200  # in a list of a description: there are not so many dialects


def understand(name: str, message: dict[str, Any]) -> Subject:
    """What the first message of the worker of ``name`` says of its implementation."""

    def broken(reason: str) -> Subject:
        return Subject(implementation=name, state="broken", reason=protocol.one_line(reason))

    match message.get("type"):
        case "ready" if message.get("protocol") not in protocol.SUPPORTED:
            known = " and ".join(map(str, protocol.SUPPORTED))
            return broken(f"its worker speaks protocol {message.get('protocol')}, this roikit speaks {known}")
        case "ready":
            description = message.get("description")
            if mistake := _mistake(description):
                return broken(f"its worker's description {mistake}")
            return Subject(implementation=name, state="ran", description=_kept(description, Description))
        case "absent" | "broken" as state:
            reason = protocol.one_line(str(message.get(_NOT_READY[state], "")))
            return Subject(implementation=name, state=state, reason=reason)
        case other:
            return broken(f"its worker greets with a message {other!r}")


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
        return "" if len(value) <= _MOST_NAMES else f"has {len(value)} names for {known.name!r}"
    return f"has {value!r} for {known.name!r}, not a list of strings"


def _mistake_of_operators(value: Any) -> str:
    if not isinstance(value, dict):
        return f"has {value!r} for 'operators', not an object"
    mistakes = ((name, _mistake(capability, Capability)) for name, capability in value.items())
    return next((f"of {name!r} {mistake}" for name, mistake in mistakes if mistake), "")


def _kept(given: Any, kind: type[Capability]) -> dict[str, Any]:
    """What is recorded of a description: the fields that are known, texts as lines, and no name twice."""
    kept: dict[str, Any] = {}
    for name in [known.name for known in fields(kind) if known.name in given]:
        match given[name]:
            case str() as text:
                kept[name] = protocol.one_line(text)
            case list() as names:
                kept[name] = list(dict.fromkeys(map(protocol.one_line, names)))
            case dict() as operators:
                kept[name] = {protocol.one_line(each): _kept(can, Capability) for each, can in operators.items()}
            case value:
                kept[name] = value
    return kept


def describe(subject: Subject) -> Description:
    """The description that a worker sent."""
    assert subject.description is not None
    given: dict[str, Any] = dict(subject.description)
    described: Any = given.pop("operators", {})
    operators = {name: Capability(**_with_tuples(one)) for name, one in described.items()}
    return Description(**_with_tuples(given), operators=operators)


def _with_tuples(given: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
