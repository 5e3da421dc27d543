"""Result files as data frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..conformance.results import read

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = {
    "implementation": "name of the implementation",
    "version": "its version, as it says itself",
    "dialect": "the dialect that it was judged by",
    "case": "id of the golden case",
    "group": "group of the case",
    "operation": "forward, feature_gradient or box_gradient",
    "mode": "avg or max",
    "dtype": "data type of the call",
    "layout": "NCHW or NHWC",
    "verdict": "see the README",
    "reason": "why it does not conform",
    "error_over_bound": "greatest error as a fraction of its bound; missing where results must be equal",
    "seconds": "time of the call as the runner saw it, transfer and judging included",
}
"""The columns of a table of results."""


def load(path: str | Path) -> pd.DataFrame:
    """Returns the results of a conformance run, one row each, with the columns of `COLUMNS`.

    Raises:
        IncompleteResultsError: the run was cut off.
    """
    import pandas as pd

    records = read(Path(path))
    descriptions = {r["implementation"]: r["description"] for r in records if r["type"] == "implementation"}
    rows = [
        {**record, "version": descriptions[record["implementation"]]["version"]}
        for record in records
        if record["type"] == "result"
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
