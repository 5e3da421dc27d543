"""What changes when one implementation takes the place of another, of the files that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...conformance.comparing import wording
from ..model import operator_title, slug

if TYPE_CHECKING:
    from ..files import Difference
    from ..model import Site


def context(site: Site) -> dict[str, Any]:
    """The pairs that were compared, the newest file of each."""
    newest: dict[tuple[str, str, str], Difference] = {}
    for file in site.inputs.differences:
        newest[file.document["operator"], file.document["first"]["asked"], file.document["second"]["asked"]] = file
    return {"pairs": [_pair(file.document) for file in newest.values()]}


def _pair(document: dict[str, Any]) -> dict[str, Any]:
    first, second = document["first"], document["second"]
    names = [wording.side(each["implementation"], each["dialect"]) for each in (first, second)]
    return {
        **document,
        "title": f"{operator_title(document['operator'])}: {names[0]} → {names[1]}",
        "anchor": slug(f"{document['operator']}-{first['asked']}-{second['asked']}"),
        "modes": [{**mode, "common": [_common(each) for each in mode["common"]]} for mode in document["modes"]],
        "deviating": [each for each in (first, second) if each["deviations"]],
    }


def _common(seen: dict[str, Any]) -> dict[str, Any]:
    return {
        "how": wording.pooling(**seen["head"]),
        "of_boxes": wording.share(seen["of_boxes"]),
        "of_values": wording.share(seen["of_values"]),
        "median": _distance(seen["median"]),
        "greatest": _distance(seen["greatest"]),
        "example": seen["example"],
    }


def _distance(distance: float | str) -> str:
    return "no number" if isinstance(distance, str) else f"{distance:.2g}"
