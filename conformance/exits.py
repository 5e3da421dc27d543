"""What the command prints line by line, and how it ends when it does not end well."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

from .text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXIT_CONFORMS, EXIT_DEVIATES, EXIT_USAGE, EXIT_NOTHING_RUN = 0, 1, 2, 3
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130  # as shells have it
INTERRUPTED = "interrupted"


def say(text: str, *, error: bool = False) -> None:
    """Prints text as it is to stdout, or to stderr if it tells of an ``error``."""
    typer.echo(printable(text), err=error)


def fail(message: object, status: int = EXIT_USAGE) -> NoReturn:
    """Prints the message to stderr and ends the command."""
    say(f"roikit: {message}", error=True)
    raise typer.Exit(status) from None


def writable(path: Path | None) -> None:
    """Ends the command as wrong if a file cannot be written there, before anything is computed for it."""
    if path is not None and (not path.absolute().parent.is_dir() or path.is_dir()):
        missing = f"there is no folder {path.absolute().parent} (No such file or directory: {str(path)!r})"
        fail(f"{path} cannot be written: {'it is a folder' if path.is_dir() else missing}")


@contextmanager
def refusing(*errors: type[Exception]) -> Iterator[None]:
    """Ends the command as wrong, with the message of the error, if one of these is raised."""
    try:
        yield
    except errors as error:
        fail(error)


@contextmanager
def interruptible() -> Iterator[None]:
    """Ends the command without a traceback if it is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        fail(INTERRUPTED, EXIT_INTERRUPTED)
