"""What commands say of themselves, as a user reads it."""

import re

import pytest
import typer.main

from roikit.conformance.commands import cli
from tests import command


def commands(of, path=()):
    """The names of every command, and of every group of them."""
    inner = (commands(each, (*path, name)) for name, each in getattr(of, "commands", {}).items())
    return [path, *(each for several in inner for each in several)]


@pytest.mark.parametrize("path", commands(typer.main.get_command(cli.app)), ids=" ".join)
def test_no_type_of_python_is_shown_and_arguments_are_in_the_usage_once(path):
    shown = command.roikit(*path, "--help", COLUMNS="160").stdout
    assert re.findall(r"<(?:list|str|bool|int|float|path|file|dir)\b[^>]*>", shown) == []
    (usage,) = re.findall(r"Usage: (.*)", shown)
    assert not re.search(r"\[\[|\.\.\.\]|[{}]", usage.replace("[ARGS]...", "")), usage


def test_what_may_be_left_out_or_repeated_is_marked_in_the_usage():
    def usage(*path):
        return re.search(r"Usage: (.*?)\s*$", command.roikit(*path, "--help", COLUMNS="160").stdout, re.MULTILINE)[1]

    assert usage("conform") == "roikit conform [OPTIONS] [NAME]..."
    assert usage("reproduce") == "roikit reproduce [OPTIONS] CASE IMPLEMENTATION"
    assert usage("deviations", "update") == "roikit deviations update [OPTIONS] RUN.ndjson [NAME]..."
    assert usage("report", "site") == "roikit report site [OPTIONS] RESULTS..."
