"""The detections that are recorded, operator by operator; a file may be about several, and of before there were it names none."""

from pathlib import Path
from typing import NamedTuple

from roikit.conformance.operators import DEFAULT
from roikit.reports.files import Detections, read

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "reports" / "recorded" / "detections").iterdir())


class Record(NamedTuple):
    """What a file says of an operator: the dialects of each implementation that ran, and what was detected."""

    name: str
    dialects: dict[str, list[str]]
    detections: list[dict]

    @property
    def declared(self):
        """Every implementation with each of its dialects."""
        return {(name, dialect) for name, dialects in self.dialects.items() for dialect in dialects}

    @property
    def found(self):
        """The implementations and dialects that something was detected of."""
        return {(each["implementation"], each["dialect"]) for each in self.detections}


def capability_of(said, operator):
    """What a description says of an operator: of RoIAlign by itself, unless it is named."""
    return said.get("operators", {}).get(operator, said if operator == DEFAULT else None)


def records(operator):
    """What each file says of an operator, but for those that say nothing of it."""
    found = []
    for path in FILES:
        file = read(path)  # which holds it against its schema
        assert isinstance(file, Detections)
        detections = [each for each in file.detections if each["operator"] == operator]
        ran = {each["implementation"]: each["description"] for each in file.subjects if each["description"]}
        capabilities = {name: capability_of(said, operator) for name, said in ran.items()}
        dialects = {name: each["dialects"] for name, each in capabilities.items() if each and each["dialects"]}
        if detections:
            found.append(Record(path.stem, dialects, detections))
    return found
