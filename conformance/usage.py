"""How commands say what they take: arguments by what they are, and not by types of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer import Context


def _nothing(ctx: Context) -> None:
    """In place of a type: the name of an argument, and its help, say more."""
    del ctx


def _without_types(params: list[Any]) -> list[Any]:
    """Parameters of a command, of which flags and arguments show no type."""
    for param in params:
        if param.param_type_name == "argument":
            param.display_type_rich = _nothing
        elif param.is_flag and param.metavar is None:
            param.metavar = ""
    return params


class Command(TyperCommand):
    """A command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What it takes."""
        return _without_types(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What it takes, in a line: ``[NAME]...`` of arguments that may be left out."""
        arguments = [param for param in self.get_params(ctx) if param.param_type_name == "argument"]
        named = ((param, param.metavar or str(param.name).upper()) for param in arguments)
        pieces = ((param, name if param.required else f"[{name}]") for param, name in named)
        return ["[OPTIONS]", *(f"{piece}..." if param.nargs != 1 else piece for param, piece in pieces)]


class Group(TyperGroup):
    """Several commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What it takes itself."""
        return _without_types(super().get_params(ctx))
