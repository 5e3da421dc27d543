"""Text that came from a file, a library or a worker, made fit to be shown."""

from __future__ import annotations

import re

_CONTROLS = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # but for tab and newline: they move cursors, ring, and start escape sequences
)
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they show text in another order than it has
_HALVES = "\ud800-\udfff"  # of characters: no encoding has them
_UNFIT = re.compile(f"[{_CONTROLS}{_DIRECTIONS}{_HALVES}]")


def printable(text: str) -> str:
    """``text``, where nothing commands a terminal and everything can be encoded: what did or cannot is �."""
    return _UNFIT.sub("\ufffd", text)
