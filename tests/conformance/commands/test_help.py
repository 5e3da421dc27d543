"""Help texts, as they are shown."""

import re

import pytest

from tests.command import roikit

COMMANDS = (
    "conform",
    "reproduce",
    "list",
    "explain",
    "fuzz",
    "peers install",
    "deviations update",
    "report site",
    "report compare",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_an_option_takes_is_a_word_of_the_field_and_no_type_of_python(command):
    shown = roikit(*command.split(), "--help", COLUMNS="160").stdout
    options = [line for line in shown.splitlines() if re.match(r"│ +\*? *--", line) and "--help" not in line]
    assert options
    assert [line for line in options if re.search(r"<(bool|str|int|float|path|list)\b", line)] == []
