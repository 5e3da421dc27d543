"""Who is asked: those who answer calls of PSRoIAlign, and of poolers, by PSRoIAlign on a pyramid.

What has one map is a call of PSRoIAlign, and what has one bin is one of a pooler.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ..call import PsPyramidCall

if TYPE_CHECKING:
    from ....findings import Reading
    from ....operator import Asker


class Pyramids:
    """Who answers calls of PSRoIAlign, which have one map, and of poolers of one bin, which have its channels."""

    def __init__(self, asker: Asker) -> None:
        """Asks somebody who has PSRoIAlign on pyramids."""
        self.asker = asker
        self.dialect, self.dtype, self.layout, self.operations = (
            asker.dialect,
            asker.dtype,
            asker.layout,
            asker.operations,
        )

    def ask(self, call: Any, shape: tuple[int, ...]) -> Reading:
        """The reading of a call whose answer has this shape."""
        given = {field.name: getattr(call, field.name) for field in fields(call)}
        return self.asker.ask(PsPyramidCall(**{"level_sizes": [], **given}), shape)
