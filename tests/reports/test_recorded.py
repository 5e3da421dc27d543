"""What is recorded can be read, was finished, and is enough for every page of a site."""

from pathlib import Path

from roikit.reports.files import read_all
from roikit.reports.model import digest

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


def test_no_path_of_a_machine_is_recorded():
    for file in read_all([RECORDED]).files:
        text = str(file)
        assert "/root/" not in text
        assert "/home/" not in text
        assert "/tmp/" not in text, file.path
