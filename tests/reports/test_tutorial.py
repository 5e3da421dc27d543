"""The tutorial, as somebody follows it: its files are written, its commands run, and what they print is what it says."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.every_run

TUTORIAL = Path(__file__).parents[2] / "reports/manual/tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(kind):
    """The examples of a kind, in their order, each with the line that it begins in."""
    text = TUTORIAL.read_text(encoding="utf-8")
    found = [(match[2], text.count("\n", 0, match.start()) + 1) for match in BLOCK.finditer(text) if match[1] == kind]
    assert found
    return found


def lines(text):
    """Without the blanks at the ends of lines, and the empty lines at both ends."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


def test_what_is_typed_into_python_gives_what_is_shown():
    shown, names = [], {}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for text, line in blocks("pycon"):
        test = doctest.DocTestParser().get_doctest(text, names, TUTORIAL.name, str(TUTORIAL), line)
        runner.run(test, out=shown.append, clear_globs=False)
        names = test.globs
    assert runner.tries >= 10
    assert "".join(shown) == ""


@pytest.fixture
def run(tmp_path):
    """Runs what stands behind ``$``, in a folder of its own, and gives its exit status and output."""

    def run(command):
        name, *arguments = shlex.split(command)
        assert name == "roikit"
        done = subprocess.run(
            [sys.executable, "-m", "roikit.conformance.commands.cli", *arguments],
            cwd=tmp_path, env={**os.environ, "COLUMNS": "160"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    return run


def test_commands_print_what_is_shown_before_and_after_the_mend(run, tmp_path):
    (mine, _), *others = blocks("python")
    assert not others
    (tmp_path / "mine.py").write_text(mine, encoding="utf-8")
    ends = []
    for text, line in blocks("console"):
        command, shown = text.removeprefix("$ ").split("\n", 1)
        if ends and ends[-1] == 1:
            (tmp_path / "mine.py").write_text(mine.replace("np.floor", "np.ceil"), encoding="utf-8")
        status, printed = run(command)
        ends.append(status)
        assert doctest.OutputChecker().check_output(lines(shown), lines(printed), doctest.ELLIPSIS), (
            f"line {line}: {printed}"
        )
    assert ends == [0, 1, 0]
    assert (tmp_path / "roi.png").read_bytes().startswith(b"\x89PNG")
