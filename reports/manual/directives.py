"""What texts of the manual are made of besides docstrings: the directives ``commands`` and ``columns``."""

import inspect
import re
import typing
from collections.abc import Callable, Iterator
from enum import Enum
from types import UnionType
from typing import Any

import typer
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from typer.models import ArgumentInfo, OptionInfo

import roikit.reports
from roikit.conformance.commands.cli import app


def named(
    group: typer.Typer, names: tuple[str, ...] = ("roikit",)
) -> Iterator[tuple[str, str, Callable[..., Any] | None]]:
    """The name, the help and the function of each command, groups of commands before theirs."""
    for command in group.registered_commands:
        function = command.callback
        assert function is not None
        name = command.name or function.__name__.replace("_", "-")
        yield " ".join((*names, name)), inspect.cleandoc(command.help or function.__doc__ or ""), function
    for below in group.registered_groups:
        name, instance = below.name, below.typer_instance
        assert isinstance(name, str)
        assert instance is not None
        said = instance.info.help
        yield " ".join((*names, name)), said if isinstance(said, str) else "", None
        yield from named(instance, (*names, name))


def options(function: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    """How each argument and option is written, and what it does."""
    hints = typing.get_type_hints(function, include_extras=True)
    for name, parameter in inspect.signature(function).parameters.items():
        kind, info = typing.get_args(hints[name])[:2]
        assert isinstance(info, (ArgumentInfo, OptionInfo))
        said = [(info.help or "").strip()]
        default = parameter.default
        if default is inspect.Parameter.empty:
            said.append("Must be given.")
        elif default not in (None, False, ()):
            said.append(f"Default: `{default.value if isinstance(default, Enum) else default}`.")
        yield written(name, kind, info, default), " ".join(filter(None, said))


def written(name: str, kind: Any, info: ArgumentInfo | OptionInfo, default: object) -> str:
    """An argument or an option as it is typed."""
    of = [each for each in typing.get_args(kind) if each is not type(None)] if isinstance(kind, UnionType) else [kind]
    of = [typing.get_args(each)[0] if typing.get_origin(each) is list else each for each in of]
    value = (
        info.metavar or "|".join(str(each.value) for each in of[0]) if issubclass(of[0], Enum) else info.metavar or ""
    )
    if isinstance(info, ArgumentInfo):
        return value or name.upper()
    # The first name of an option stands where Typer has the default of those that are not annotated.
    declared = [each for each in (info.default, *(info.param_decls or ())) if str(each).startswith("-")]
    flags = declared or [f"--{name.replace('_', '-')}"]
    if of[0] is bool:
        return ", ".join(flags if declared or default is False else [*flags, f"--no-{name.replace('_', '-')}"])
    return f"{', '.join(flags)} {value or of[0].__name__.upper()}"


def markdown() -> str:
    """All commands, a section each."""
    parts = []
    for name, said, function in named(app):
        parts += [f"## {name}", with_code(said)]
        parts += [f"`{how}`\n: {with_code(what)}" for how, what in (options(function) if function else ())]
    return "\n\n".join(parts)


def with_code(text: str) -> str:
    """A help text whose options are marked, so that two hyphens do not become a dash."""
    return re.sub(r"(?<![`\w-])--[a-z][\w-]*(?!`)", r"`\g<0>`", text)


class Commands(SphinxDirective):
    """Every command of `roikit` with its arguments and options, read from the functions behind them."""

    def run(self) -> list[nodes.Node]:
        """Parses the Markdown of all commands in place."""
        return self.parse_text_to_nodes(markdown(), allow_section_headings=True)


class Columns(SphinxDirective):
    """What the columns of a data frame mean, by the name of the dictionary of `roikit.reports` that says so."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A table."""
        columns = getattr(roikit.reports, self.arguments[0])
        rows = [f"| `{name}` | {said} |" for name, said in columns.items()]
        return self.parse_text_to_nodes("\n".join(["| column | what it says |", "|---|---|", *rows]))


def setup(sphinx: Sphinx) -> dict[str, bool]:
    """Tells Sphinx of the directives."""
    sphinx.add_directive("commands", Commands)
    sphinx.add_directive("columns", Columns)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
