"""What is recorded can be read, was finished, and is enough for every page of a site."""

from pathlib import Path

from roikit.reports.files import read_all
from roikit.reports.model import digest
from roikit.reports.pages import dialects

RECORDED = Path(__file__).parents[2] / "reports" / "recorded"


def test_recorded_files_are_whole_and_of_every_kind():
    inputs = read_all([RECORDED])
    assert all(file.complete for file in inputs.files)
    assert inputs.runs
    assert inputs.detections
    assert inputs.footprints
    assert inputs.records
    assert inputs.walkthroughs
    site = digest(inputs)
    assert len(site.implementations) >= 22
    assert not sum(implementation.unlisted for implementation in site.implementations)


def test_whoever_was_asked_for_its_dialect_has_a_column():
    site = digest(read_all([RECORDED]))
    shown = {
        column.implementation
        for _, group, _ in dialects.context(site)["tables"]
        for _, asked in group
        for column in asked
    }
    assert shown == {column.implementation for column in dialects.columns(site)}
    assert "roikit-torch" in shown


def test_no_path_of_a_machine_is_recorded():
    for file in read_all([RECORDED]).files:
        text = str(file)
        assert "/root/" not in text
        assert "/home/" not in text
        assert "/tmp/" not in text, file.path
