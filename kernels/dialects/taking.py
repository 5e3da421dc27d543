"""How the dialects of an operator are taken by name, and their choices by theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

_Dialect = TypeVar("_Dialect")


def called(name: str, dialects: Mapping[str, _Dialect], *, of: str) -> _Dialect:
    """The dialect called ``name`` among those of an operator.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    try:
        return dialects[name]
    except KeyError:
        raise ValueError(f"no dialect of {of} is called {name!r}; there are {', '.join(dialects)}") from None


def take_choices(dialect: object, kinds: Mapping[str, type[StrEnum]]) -> None:
    """Takes the names of choices, in the fields of a dialect that is being made, for the choices themselves.

    Raises:
        ValueError: a choice does not exist.
    """
    for name, kind in kinds.items():
        object.__setattr__(dialect, name, kind(getattr(dialect, name)))
