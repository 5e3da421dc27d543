"""The result of one call, and the implementation that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..operators import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..verdict import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one case under one implementation, dialect, data type and layout."""

    implementation: str
    dialect: str
    case: str
    operator: str
    group: str
    rules: tuple[str, ...]
    operation: str
    mode: str
    dtype: str
    layout: str
    judgement: Judgement
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An implementation that a run was asked for.

    ``state`` is ``"ran"``, ``"absent"`` or ``"broken"``; ``reason`` says why it did not run; ``description`` is what it said of
    itself if it did.
    """

    implementation: str
    state: str
    reason: str = ""
    description: dict[str, Any] | None = None


Key = tuple[str, str, str, str, str]
"""An implementation, dialect, case, data type and layout."""


def operator_of_record(record: Mapping[str, Any]) -> str:
    """The operator that the record of a result is about; one that names none is about RoIAlign."""
    operator: str = record.get("operator", DEFAULT)
    return operator


def key_of_record(record: Mapping[str, Any]) -> Key:
    """The implementation, dialect, case, data type and layout of the record of a result."""
    return record["implementation"], record["dialect"], record["case"], record["dtype"], record["layout"]
