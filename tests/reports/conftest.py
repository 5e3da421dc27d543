import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from roikit.conformance.commands.cli import app
from roikit.conformance.diagnosing.cause import Cause
from roikit.conformance.documents import read_text
from roikit.conformance.verdict import Verdict
from roikit.reports.files import read_all
from tests.reports.made import NASTY, result, write_run

RECORDED = Path(__file__).parents[2] / "reports" / "recorded"
DETECTED = ("torchvision", "mmcv")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def report():
    """Runs `roikit report`: its exit status and what it printed. A traceback is an error here."""

    def run(*arguments):
        done = CliRunner().invoke(app, ["report", *map(str, arguments)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


@pytest.fixture(scope="session")
def a_record():
    """A record of benchmarks."""
    return RECORDED / "amd-epyc-2-cores-2026-11-25.json"


@pytest.fixture(scope="session")
def everything():
    """All recorded files, read once."""
    return read_all([RECORDED])


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Result files of every kind, in a directory."""
    folder = tmp_path_factory.mktemp("results")
    difference = {"index": [0, 0, 1, 0], "expected": 2.5, "got": "nan"}
    known = "Reads pixel (0, 0) (https://example.org/issue) — deviates: 1 of 4 values differ"
    write_run(
        folder / "run.ndjson",
        {"onnxruntime": "ran", "roikit": "ran", "mine": "ran", "paddle": "absent"},
        [
            result(
                "onnxruntime",
                "border-low",
                Verdict.KNOWN,
                known,
                difference=difference,
                listed=Verdict.DEVIATES,
                not_finite=True,
            ),
            result("onnxruntime", "article-example", Verdict.CONFORMS, rules=("RA-1", "RA-8")),
            result("onnxruntime", "border-high", Verdict.UNSUPPORTED),
            result("roikit", "article-example", Verdict.CONFORMS, rules=("RA-1", "RA-8"), error_over_bound=0.25),
            result("roikit", "article-example", Verdict.CONFORMS, rules=("RA-1", "RA-8"), dtype="float64"),
            result("mine", "border-low", Verdict.DEVIATES, NASTY, dialect=NASTY, difference=difference | {"got": 3.0}),
            result("mine", "border-top", Verdict.CRASHED, NASTY),
            result("roikit", "rp-snap", Verdict.CONFORMS, rules=("RP-1",), operator="roi_pool", dialect="torchvision"),
            result("mine", "rp-snap", Verdict.DEVIATES, NASTY, rules=("RP-1", "RP-4"), operator="roi_pool"),
        ],
        causes=[
            Cause(
                "mine", "roi_align", "forward", "floor instead of ceil for adaptive (RA-4)", 1, 2, 3, ("border-low",)
            ),
            Cause("mine", "roi_align", "forward", "", 1, 2, 3, ("border-top",), "single", 10.0),
        ],
    )
    write_run(
        folder / "before.ndjson",
        {"onnxruntime": "ran"},
        [
            result("onnxruntime", "border-low", Verdict.KNOWN, known, difference=difference, listed=Verdict.DEVIATES),
            result("onnxruntime", "article-example", Verdict.CRASHED, "signal 11", rules=("RA-1", "RA-8")),
            result("onnxruntime", "border-left", Verdict.CONFORMS),
        ],
        version="1.1",
        started="2020-01-01T00:00:00+00:00",
    )
    write_run(folder / "cut.ndjson", {"late": "ran"}, [result("late", "border-low", Verdict.CONFORMS)], close=False)
    for name, key in (
        ("detections/2026-11-25.json", "detections"),
        ("conformance/footprints-2026-11-25.json.gz", "footprints"),
    ):
        document = json.loads(read_text(RECORDED / name))
        document[key] = [
            found for found in document[key] if found["implementation"] == "roikit" and found["dialect"] in DETECTED
        ]
        assert document[key]
        (folder / f"{key}.json").write_text(json.dumps(document))
    shutil.copy(RECORDED / "conformance" / "example-2026-11-25.json", folder)
    for file in (RECORDED / "differences").iterdir():
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="session")
def built(results, a_record, tmp_path_factory, report):
    """A site of them; a path and what was said."""
    out = tmp_path_factory.mktemp("site") / "out"
    done = report("site", results, a_record, "--out", out)
    assert done.exit_code == 0, done.stderr
    return out, done.stdout


@pytest.fixture(scope="session")
def browser():
    """A browser of the system."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)}")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, built):
    """Opens pages of the site; what went wrong or was asked for elsewhere fails the test."""
    faults, contexts = [], []

    def open_page(name="index", size="desktop", scheme="light"):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith("file://") else faults.append(request.url))
        page.goto((built[0] / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults
