"""What a user did wrong."""

from __future__ import annotations

_LONGEST = 300


class UsageError(Exception):
    """The user asked for something that does not exist."""


class FileError(UsageError):
    """A file is not what it should be."""

    def __init__(self, what: str, file: object, line: int | None = None, field: str = "") -> None:
        """Says what is wrong in a line that begins with the file, and the line and the field of it if they are known."""
        place = f"{file}:{line}" if line else str(file)
        text = " ".join(": ".join(filter(None, (place, field, what))).split())
        super().__init__(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
