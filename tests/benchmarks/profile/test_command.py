"""The command: what it prints, and what it writes."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks.profile.command import app

pytest.importorskip("cuda.bindings.nvrtc", reason="NVRTC: pip install 'roikit[nvrtc]'")


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_it_prints_tables_and_writes_what_was_counted(small, tmp_path):
    path = tmp_path / "profile.json"
    done = run("--row", "a1", "--dtype", "float32", "--json", path)
    assert done.exit_code == 0, done.output
    assert "common-kernel NHWC float32: left out, the common kernel takes NCHW" in done.stderr
    assert "roi_align forward, sm_90" in done.stdout
    for whose in ("roikit NCHW float32", "roikit NHWC float32", "common-kernel NCHW float32"):
        assert done.stdout.count(whose) == 2  # in two tables
    assert "no GPU\nmeasured any of it" in done.stdout
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["about"].startswith("Counted from PTX that a CPU ran, and predicted")
    assert written["versions"]["python"]
    first = written["profiles"][0]
    assert (first["row"], first["library"], first["layout"]) == ("a1", "roikit", "NCHW")
    assert first["predicted_seconds"] == sum(max(launch["limits"].values()) for launch in first["launches"])


def test_it_shows_lines_that_take_most_instructions(small):
    done = run("--row", "a1", "--dtype", "float32", "--layout", "NCHW", "--library", "common-kernel", "--lines", 3)
    assert done.exit_code == 0, done.output
    _, _, shown = done.stdout.partition(
        "forward a1 common-kernel NCHW float32: instructions per value, by line of the text"
    )
    assert shown.count("common_forward") == 3


def test_another_architecture_is_counted_and_has_no_time(small):
    done = run(
        "--row", "a1", "--dtype", "float16", "--layout", "NHWC", "--library", "roikit", "--architecture", "sm_80"
    )
    assert done.exit_code == 0, done.output
    assert "roi_align forward, sm_80" in done.stdout
    assert "Times are predicted for sm_90 alone." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--row", "z9"], "no row z9; there are a1"),
        (["--op", "nms"], "no operator nms"),
        (["--operation", "sideways"], "no operation sideways"),
        (["--architecture", "sm_1"], "no architecture sm_1"),
    ],
)
def test_what_is_not_there_is_refused(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.output.replace("│", " ").split())


def test_nothing_counted_is_a_failure(small):
    done = run("--row", "a1", "--library", "common-kernel", "--layout", "NHWC", "--dtype", "float32")
    assert done.exit_code == 1
    assert "nothing was counted" in done.stderr
