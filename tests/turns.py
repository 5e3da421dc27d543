"""Operators and rooms take turns: a run makes the tests of some, of others in the next, and always of those that have changed.

A test is an operator's if its file, or what it is called with, has the name; a room's if it lies in the folder that mirrors it.
What is of neither is made in every run, and so is what is marked ``every_run``: ledgers, which know themselves what has changed.

``python -m tests.turns`` makes the tests of what has changed and, if all of them pass, seals it in ``turns.json``.
``ROIKIT_TURN=NAME`` (or several, with commas between) makes a run of tests of these operators or rooms alone, ``ROIKIT_TURN=all``
one in which it is everyone's turn, as in one of tests that are named on the command line.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from random import Random

from roikit.conformance.golden.ledger import is_full, seed
from roikit.conformance.operators import NAMES
from tests.composed import COMPOSED

ROOT = Path(__file__).parents[1]
SEALED = Path(__file__).with_suffix(".json")
SHARE = 5  # of so many that have not changed the tests of one are made
ROOMS = (
    "benchmarks/profile",
    "conformance/comparing",
    "conformance/diagnosing",
    "conformance/explaining",
    "conformance/fuzzing",
    "conformance/peers",
    "conformance/scripts",
    "kernels/emulation",
    "reports",
)
"""Folders whose tests take long, and on which little of the rest depends."""
EVERYONE = (*NAMES, *ROOMS)
_WINGS = ("kernels", "conformance", "benchmarks", "reports", "tests")
_WORD = re.compile(r"\W+")
_PREFIX = re.compile(r"^(test_)?(reproduce_)?")


def operator_of(text: str) -> str | None:
    """The operator that the id of a test, or the name of a file, is about; None if that is not one of them."""
    return next((word for each in _WORD.split(text) if (word := _PREFIX.sub("", each)) in NAMES), None)


def whose(text: str) -> str | None:
    """The operator, or else the room, that the id of a test or the name of a file is of; None if it is of all."""
    place = text.removeprefix("tests/")
    return operator_of(text) or next((room for room in ROOMS if place.startswith(f"{room}/")), None)


@cache
def codes(root: Path = ROOT) -> dict[str, str]:
    """A hash of the files of each operator and room, in all wings, and of the operators that one is made of."""
    own = {name: hashlib.sha256() for name in EVERYONE}
    for path in sorted(path for wing in _WINGS for path in (root / wing).rglob("*")):
        name = whose(path.relative_to(root).as_posix())
        if name and path.is_file() and path.suffix != ".pyc":
            own[name].update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    made_of = {name: (name, *sorted(COMPOSED.get(name, ()))) for name in EVERYONE}
    return {name: "-".join(own[each].hexdigest()[:16] for each in parts) for name, parts in made_of.items()}


def changed(root: Path = ROOT) -> list[str]:
    """The operators and rooms whose code is not what was sealed."""
    sealed = json.loads(SEALED.read_text(encoding="utf-8"))
    return [name for name, code in codes(root).items() if sealed.get(name) != code]


def is_of_all() -> bool:
    """Whether it is everyone's turn."""
    return is_full() or os.environ.get("ROIKIT_TURN") == "all"


def named() -> list[str]:
    """The operators and rooms that a run is to make tests of, and no others; none of a usual run, and of one of all.

    Raises:
        ValueError: there is no such one.
    """
    names = [name for name in os.environ.get("ROIKIT_TURN", "").split(",") if name not in ("", "all")]
    if odd := sorted(set(names) - set(EVERYONE)):
        raise ValueError(f"ROIKIT_TURN names {', '.join(odd)}; there are {', '.join(EVERYONE)}")
    return names


@cache
def running() -> frozenset[str]:
    """The operators and rooms whose tests this run makes."""
    if names := named():
        return frozenset(names)
    if is_of_all():
        return frozenset(EVERYONE)
    drawn = Random(f"{seed()} turns").sample(EVERYONE, len(EVERYONE) // SHARE)
    return frozenset([*drawn, *changed()])


@cache
def is_left_out(file: Path) -> bool:
    """Whether no test of a file is to be made: it is of one whose turn it is not, and has none for every run."""
    name = whose(file.relative_to(ROOT).as_posix())
    return bool(name) and name not in running() and "every_run" not in file.read_text(encoding="utf-8")


def main() -> None:
    """Seals what has changed, if its tests pass."""
    names = changed()
    if not names:
        sys.exit("nothing has changed")
    print("tests of", *names)
    run = [sys.executable, "-m", "pytest", "-n", "2", "-q"]
    status = subprocess.run(run, cwd=ROOT, env={**os.environ, "ROIKIT_TURN": ",".join(names)}, check=False).returncode
    if status:
        sys.exit(f"nothing is sealed: pytest ended with {status}")
    SEALED.write_text(json.dumps(codes(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
