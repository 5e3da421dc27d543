"""How published numbers of RoIAlign become golden cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....kernels.dialects.roi_align import DIALECTS
from ...operator import Published
from .oracle.certificate import exact_dtypes, fairness

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def rules_of(arguments: Mapping[str, Any]) -> list[str]:
    """The rules that a call is there for."""
    rules = ["RA-1", "RA-3", *(["RA-4"] if 0 in arguments["sampling_ratio"] else []), "RA-5", "RA-7"]
    return [*rules, "RA-8" if arguments["mode"] == "avg" else "RA-9"]


def claims_under(main_dialects: Sequence[str]) -> Callable[[Mapping[str, Any]], str]:
    """What a call can claim: to be exact, to have bounds, or that rounding takes a branch."""

    def claims_of(arguments: Mapping[str, Any]) -> str:
        if any(fairness(arguments, dialect) for dialect in {d.for_mode(arguments["mode"]) for d in DIALECTS.values()}):
            return "fragile"
        exact = (exact_dtypes(arguments, DIALECTS[name]) for name in main_dialects)
        return "exact" if all({"float32", "float64"} <= set(dtypes) for dtypes in exact) else "bounded"

    return claims_of


def published(main_dialects: Sequence[str]) -> Published:
    """How published numbers become golden cases, under these main dialects."""
    return Published(rules_of, claims_under(main_dialects))
