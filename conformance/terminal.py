"""The console on which everything is printed, so that no text from elsewhere commands the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich.console

from .text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType
    from rich.segment import Segment


class Console(rich.console.Console):
    """Rich's console: only rich itself moves the cursor and chooses colours."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What is printed of something, fit to be."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))
