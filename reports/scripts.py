"""Scripts that show a case. The one place of this wing that loads the modules of adapters, in which a library's script lies.

They are loaded when a page needs one. None of the libraries is, and nothing is run: what comes is text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..conformance.cases.case import Case


def script_for(case: Case | None, implementation: str, result: Mapping[str, Any]) -> tuple[str, str]:
    """The script of `roikit reproduce` for a result, or why there is none."""
    from ..conformance.scripts.reproduce import script_of

    if case is None:
        return "", "it is no golden case"
    try:
        return script_of(case, implementation, result["dialect"], result["dtype"]), ""
    except UsageError as reason:
        return "", str(reason)
