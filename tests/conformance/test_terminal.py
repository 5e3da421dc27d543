"""What reaches a terminal: nothing that a worker, a library or a file said commands it."""

import ast
import io
import re
from pathlib import Path

import pytest
from rich.markup import escape
from rich.table import Table

from roikit.conformance import exits
from roikit.conformance.terminal import Console
from roikit.conformance.text import printable

ROOT = Path(__file__).parents[2]
HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\r\x08\x00\x7f\u202e\ud800"
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")


def test_text_keeps_its_letters_and_loses_its_commands():
    assert printable("a\tb\nć × 模型 👍") == "a\tb\nć × 模型 👍"
    assert printable(HOSTILE) == "�[2J�]0;title��31m������"


@pytest.mark.parametrize("colours", [False, True])
def test_only_rich_commands_the_terminal(colours):
    def printed(text):
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=colours, width=200)
        table = Table(title=text)
        table.add_column(text)
        table.add_row(f"[red]{escape(text)}[/]")
        for each in (table, text, f"[bold]{escape(text)}[/]"):
            console.print(each, soft_wrap=True)
        return stream.getvalue()

    text = printed(HOSTILE)
    assert ("\x1b[31m" in text) == colours
    assert not COMMANDS.search(re.sub(r"\x1b\[[0-9;]*m", "", text) if colours else text)


def test_what_is_said_line_by_line_commands_nothing(capsys):
    exits.say(HOSTILE)
    with pytest.raises(exits.typer.Exit):
        exits.fail(HOSTILE)
    out, err = capsys.readouterr()
    assert not COMMANDS.search(out + err)


MINE = ("print", "echo", "secho")
ALLOWED = {"conformance/exits.py": {"echo"}, "conformance/results/github.py": {"print"}}
"""Who prints without a console: the one that all others ask, and commands for GitHub, which are escaped."""


def printed_by(node):
    """What a node of a program prints with, if with something else than our console."""
    if isinstance(node, ast.ImportFrom) and node.module == "rich.console":
        return "Console" if "Console" in [alias.name for alias in node.names] else ""
    if not isinstance(node, ast.Call):
        return ""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    name = node.func.attr if isinstance(node.func, ast.Attribute) and node.func.attr != "print" else name
    return name if name in MINE else ""


def test_nothing_is_printed_in_another_way():
    found = {}
    for wing in ("conformance", "reports"):
        for file in (ROOT / wing).rglob("*.py"):
            name = file.relative_to(ROOT).as_posix()
            if not name.startswith("conformance/golden/"):  # which prints what we wrote, for us
                found[name] = {printed_by(node) for node in ast.walk(ast.parse(file.read_text()))} - {""}
    assert {name: ways for name, ways in found.items() if ways} == ALLOWED
