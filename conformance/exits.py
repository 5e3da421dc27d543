"""How the command ends when it does not end well: exit statuses, and what is printed then."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_CONFORMS, EXIT_DEVIATES, EXIT_USAGE, EXIT_NOTHING_RUN = 0, 1, 2, 3
EXIT_FAILED = 1
_INTERRUPTED = 130  # as shells have it


def fail(message: object, status: int = EXIT_USAGE) -> NoReturn:
    """Prints the message to stderr and ends the command."""
    typer.echo(f"roikit: {message}", err=True)
    raise typer.Exit(status) from None


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
        fail("interrupted", _INTERRUPTED)
