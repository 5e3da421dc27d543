"""The environments of peers: what each holds (``peers.toml``), where it lies, and what state it is in.

An environment lies in the user's cache (``ROIKIT_CACHE_DIR`` overrides where). It is complete once it has a record, which says
what exactly was installed; making one is `installation`'s business.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RECORD = "record.json"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an installation: what pip is to install, with which options; or a module of this package to run."""

    pip: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    build: str = ""


class State(StrEnum):
    """What there is of an environment."""

    ABSENT = "absent"
    INCOMPLETE = "incomplete"
    """Its installation was cut off, or its Python is gone."""
    OUTDATED = "outdated"
    """Complete, but not what peers.toml asks for now. It is used all the same."""
    COMPLETE = "complete"

    @property
    def is_usable(self) -> bool:
        """Whether implementations can run in it."""
        return self in (State.COMPLETE, State.OUTDATED)


@dataclass(frozen=True, slots=True)
class Record:
    """What was installed.

    Attributes:
        steps: Those that were taken.
        python: The version of Python.
        packages: What ``pip freeze`` said, one requirement each; a package that was built is there by version.
        installed: When, in UTC.
        seconds: How long it took.
        bytes: What it takes on the disk.
    """

    steps: list[dict[str, Any]]
    python: str
    packages: list[str]
    installed: str
    seconds: float
    bytes: int

    def version(self, package: str) -> str:
        """The version of ``package``; empty if it was not installed."""
        for line in self.packages:
            name, equals, version = line.partition("==")
            if equals and _normal(name) == _normal(package):
                return version
        return ""


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An environment as ``peers.toml`` describes it, which says what the attributes are."""

    name: str
    package: str
    implementations: tuple[str, ...]
    tier: int
    download: int
    disk: int
    seconds: int
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it lies, whether it is there or not."""
        return cache_directory() / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def log(self) -> Path:
        """What its installation printed."""
        return self.folder / "install.log"

    def record(self) -> Record | None:
        """What was installed; None if that was never completed."""
        try:
            return Record(**json.loads((self.folder / _RECORD).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_record(self, record: Record) -> None:
        """Marks it as complete, at once or not at all."""
        unfinished = self.folder / f"{_RECORD}.{os.getpid()}"
        unfinished.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
        unfinished.replace(self.folder / _RECORD)

    def discard_record(self) -> None:
        """Marks it as incomplete."""
        (self.folder / _RECORD).unlink(missing_ok=True)

    def state(self) -> State:
        """Its state."""
        if not self.folder.is_dir():
            return State.ABSENT
        record = self.record()
        if record is None or not os.access(self.python, os.X_OK):
            return State.INCOMPLETE
        return State.COMPLETE if record.steps == self.plain_steps() else State.OUTDATED

    def plain_steps(self) -> list[dict[str, Any]]:
        """The steps as a record has them."""
        plain: list[dict[str, Any]] = json.loads(json.dumps([asdict(step) for step in self.steps]))
        return plain

    def size(self) -> int:
        """The bytes that it takes on the disk, a file with several names once."""
        seen: dict[tuple[int, int], int] = {}
        for folder, _, names in os.walk(self.folder):
            for name in names:
                status = (Path(folder) / name).lstat()
                seen[status.st_dev, status.st_ino] = status.st_blocks * 512
        return sum(seen.values())

    def remove(self) -> int:
        """Removes it, and returns how many bytes that freed."""
        size = self.size()
        self.discard_record()  # should the removal be cut off, nobody takes the rest for whole
        shutil.rmtree(self.folder)
        return size


def cache_directory() -> Path:
    """Where environments lie: it need not exist."""
    import platformdirs

    return Path(os.environ.get("ROIKIT_CACHE_DIR") or platformdirs.user_cache_dir("roikit")) / "peers"


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("peers.toml").read_text(encoding="utf-8"))


def python_version() -> str:
    """The version of Python that the pinned packages are known to run with, ``"3.11"``."""
    version: str = _document()["python"]
    return version


def parse(document: Mapping[str, Any]) -> dict[str, Environment]:
    """The environments that a document like ``peers.toml`` describes, by name."""

    def tuples(table: Mapping[str, Any]) -> dict[str, Any]:
        return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}

    found = {}
    for name, table in document.items():
        if isinstance(table, dict):
            steps = tuple(Step(**tuples(step)) for step in table["steps"])
            found[name] = Environment(name=name, **{**tuples(table), "steps": steps})
    return found


def environments() -> dict[str, Environment]:
    """All environments by name, in the order of the file."""
    return parse(_document())


def of_implementation(implementation: str) -> Environment | None:
    """The environment that covers an implementation; None if none does."""
    return next((e for e in environments().values() if implementation in e.implementations), None)


def choose(names: Sequence[str]) -> list[Environment]:
    """The environments that ``names`` mean: of an environment, of an implementation, ``tier-N``, or ``all``.

    Raises:
        KeyError: a name means nothing; it is the only argument.
    """
    known = environments()
    chosen: dict[str, Environment] = {}
    for name in names:
        meant = [e for e in known.values() if name in ("all", f"tier-{e.tier}", e.name, *e.implementations)]
        if not meant:
            raise KeyError(name)
        chosen |= {environment.name: environment for environment in meant}
    return list(chosen.values())


def selectors() -> list[str]:
    """Every name that `choose` understands."""
    known = environments().values()
    names = [name for e in known for name in (e.name, *e.implementations)]
    return list(dict.fromkeys([*names, "all", *sorted({f"tier-{e.tier}" for e in known})]))
