"""The command line in this process: what a user would see and get of it, without the second that its start takes."""

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from roikit.conformance.commands import cli
from roikit.conformance.running import evidence

_PLAYERS = Path(__file__).parent / "conformance"
_SECONDS = 2.0  # for causes of what fails: a user has them looked for longer


class Ended(NamedTuple):
    """As `subprocess.run` has it."""

    returncode: int
    stdout: str
    stderr: str


def roikit(*arguments, patience=_SECONDS, **environment):
    """Runs the command with its output taken down; its workers find the players of the tests.

    Causes of what fails are looked for in nearly every run: who is after them has ``patience``, in seconds.
    """
    path = os.pathsep.join(filter(None, [str(_PLAYERS), os.environ.get("PYTHONPATH")]))
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {"PYTHONPATH": path, **environment}),
        mock.patch.object(evidence, "_SECONDS", patience),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        try:
            cli.app([str(each) for each in arguments], prog_name="roikit")
        except SystemExit as ended:
            code = ended.code
    return Ended(0 if code is None else int(code), stdout.getvalue(), stderr.getvalue())
