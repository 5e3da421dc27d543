"""What is recorded can be read, was finished or is said not to be, and is enough for every page of a site."""

import gzip
import re
from pathlib import Path

import pytest

from roikit.reports.model import digest
from roikit.reports.pages import dialects

RECORDED = Path(__file__).parents[2] / "reports" / "recorded"
STOPPED = {
    "amd-epyc-2-cores-2026-11-30.json",
    "amd-epyc-2-cores-2026-11-30-2.json",
    "amd-epyc-2-cores-2026-12-01.json",
}
"""Records that did not end: `reports/README.md` says what is missing of them."""


def test_recorded_files_are_whole_but_for_those_that_are_said_not_to_be_and_of_every_kind(everything):
    inputs = everything  # each of which is what its schema says, or could not have been read
    assert {file.path.name for file in inputs.files if not file.complete} == STOPPED
    assert inputs.runs
    assert inputs.detections
    assert inputs.footprints
    assert inputs.records
    assert inputs.walkthroughs
    site = digest(inputs)
    assert len(site.implementations) >= 22
    assert not sum(implementation.unlisted for implementation in site.implementations)


def test_whoever_was_asked_for_its_dialect_has_a_column(everything):
    site = digest(everything)
    shown = {
        column.implementation
        for operator in dialects.context(site)["operators"]
        for _, group, _ in operator["tables"]
        for _, asked in group
        for column in asked
    }
    assert shown == {column.implementation for column in dialects.columns(site)}
    assert "roikit-torch" in shown


PLACES = re.compile(
    rb"(?<![\w.])(?:/(?:root|home|Users|tmp|var/folders)/|[A-Z]:\\+Users)[^\"\s]*"
)  # of one machine, or one user


def places_in(file):
    """Paths of the machine that wrote a file, in its bytes: where the file itself lies is no matter."""
    data = file.read_bytes()
    return PLACES.findall(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def test_no_path_of_a_machine_is_recorded():
    recorded = [path for path in RECORDED.rglob("*") if path.is_file()]
    assert len(recorded) >= 9
    assert {path.name: places for path in recorded if (places := places_in(path))} == {}


@pytest.mark.parametrize(
    "path", ["/root/a", "/home/me/b c", "/tmp/x", "/Users/me", "C:\\\\Users\\\\me", "/var/folders/q/r"]
)
def test_a_path_that_is_recorded_is_found_in_a_packed_file_too(path, tmp_path):
    plain, packed = tmp_path / "a.json", tmp_path / "b.json.gz"
    plain.write_text(f'{{"stderr": "at {path}"}}', encoding="utf-8")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert places_in(plain)
    assert places_in(packed)
    plain.write_text('{"homepage": "https://example.org/home/of/a"}', encoding="utf-8")
    assert not places_in(plain)
