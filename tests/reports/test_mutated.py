"""Files of every kind, damaged by chance: each is read and shown, or refused in one line. Nothing else ever comes of one."""

import gzip
import html
import itertools
import json
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from roikit.conformance.errors import UsageError
from roikit.reports import site
from roikit.reports.comparison import IncomparableError, compare, markdown
from roikit.reports.files import AsvResult, Detections, Record, Run, read, read_all
from roikit.reports.model import digest, golden
from roikit.reports.pages import example_figures, performance_figures
from roikit.reports.site import build
from roikit.reports.tables import frame_of
from tests import mutations

COUNT = {"run": 15, "record": 15, "detection": 30, "footprints": 30, "walkthrough": 10, "asv": 40}
RECORDED = Path(__file__).parents[2] / "reports" / "recorded"


def recorded(name):
    data = (RECORDED / name).read_bytes()
    return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()


def run():
    """The records of a run, of two implementations a few results each."""
    records = [json.loads(line) for line in recorded("conformance/implementations-2026-11-25.ndjson.gz").splitlines()]
    chosen = [
        r for r in records if r.get("implementation") in ("onnxruntime", "paddle") and r["type"] == "implementation"
    ]
    for name in ("onnxruntime", "paddle"):
        mine = [r for r in records if r["type"] == "result" and r["implementation"] == name]
        chosen += [*mine[:2], *[r for r in mine if r["verdict"] == "known"][:2]]
    results = [record for record in chosen if record["type"] == "result"]
    verdicts = {verdict: sum(r["verdict"] == verdict for r in results) for verdict in {r["verdict"] for r in results}}
    cause = {
        "type": "cause", "implementation": "paddle", "operator": "roi_align", "operation": "forward",
        "said": "floor instead of ceil for adaptive (RA-4)", "explained": 1, "examined": 2, "larger": 0,
        "cases": [results[-1]["case"]],
    }  # fmt: skip
    return [records[0], *chosen, cause, {**records[-1], "results": len(results), "verdicts": verdicts}]


def of_document(name, **first):
    """A recorded document, with the first few elements of some of its lists."""
    document = json.loads(recorded(name))
    return document | {key: document[key][:count] for key, count in first.items()}


def record():
    document = of_document("amd-epyc-2-cores-2026-11-25.json", rows=1)
    row = document["rows"][0]
    return document | {"rows": [row | {"entries": row["entries"][:3]}]}


def footprints():
    document = of_document("conformance/footprints-2026-11-25.json.gz")
    mine = [f for f in document["footprints"] if (f["implementation"], f["dialect"]) == ("onnxruntime", "onnx-16")]
    return document | {"footprints": mine[:2]}


def detection():
    document = of_document("detections/2026-11-25.json")
    mine = [d for d in document["detections"] if (d["implementation"], d["dialect"]) == ("onnxruntime", "onnx-16")]
    return document | {"detections": mine[:1], "implementations": document["implementations"][:2]}


ASV = {
    "commit_hash": "abc", "date": 1764000000000, "params": {"machine": "vm"},
    "result_columns": ["result", "params", "version"],
    "results": {"f.time_it": [[0.5, None], [["'NCHW'", "'NHWC'"]], "1"], "f.track_x": [[2.0], [], "1"]},
}  # fmt: skip

WHOLE = {
    "run": run,
    "record": record,
    "detection": detection,
    "footprints": footprints,
    "walkthrough": lambda: of_document("conformance/example-2026-11-25.json"),
    "asv": lambda: ASV,
}


def write(path, content):
    text = "".join(json.dumps(each) + "\n" for each in content) if isinstance(content, list) else json.dumps(content)
    path.write_text(text)
    return path


def mutated(kind, count, seed=0):
    whole = WHOLE[kind]()
    return mutations.of_lines(whole, count, seed) if kind == "run" else mutations.of_json(whole, count, seed)


def use(path, whole, beside, out):
    """All that is made of a file: a table, a comparison with a whole one of its kind, a site with one of another."""
    file = read(path)
    for one, two in ((file, whole), (whole, file)):
        with suppress(IncomparableError):
            markdown(compare(one, two), 5)
    build(digest(read_all([path, *beside])), out)
    if isinstance(file, Run | Detections | Record | AsvResult):
        frame_of(file).to_csv(out / "table.csv")


@pytest.fixture
def fast(monkeypatch):
    """Sites without what no file has a say in: most pages of golden cases and of rules, and how figures become SVG."""
    monkeypatch.setattr(site._Builder, "_goldens", lambda self: None)
    some = dict(itertools.islice(golden().items(), 3))
    monkeypatch.setattr(site, "golden", lambda: some)
    monkeypatch.setattr(
        site.rules, "context", lambda operator: {"title": "", "operator": operator, "introduction": "", "sections": []}
    )
    for module in (example_figures, performance_figures):
        monkeypatch.setattr(module, "svg", lambda figure, title, **_: f"<svg><title>{html.escape(title)}</title></svg>")


@pytest.mark.parametrize("kind", WHOLE)
def test_a_damaged_file_is_used_or_refused_in_one_line(kind, tmp_path, fast):
    outcomes = outcomes_of(kind, COUNT[kind], tmp_path)
    assert outcomes["used"]  # what matters little is let through
    assert outcomes["refused"]


def outcomes_of(kind, count, folder, seed=0):
    """What became of so many damaged files: how many were used, and how many refused."""
    whole = read(write(folder / f"{kind}.json", WHOLE[kind]()))
    beside = {"footprints": "detection", "detection": "footprints"}.get(kind)
    others = [write(folder / "beside.json", WHOLE[beside]())] if beside else []
    path, outcomes, said = folder / "damaged.json", Counter(), []
    for n, data in enumerate(mutated(kind, count, seed)):
        path.write_bytes(data)
        try:
            use(path, whole, others, folder / "site")
        except UsageError as error:
            outcomes["refused"] += 1
            said.append(str(error))
        except Exception as error:
            kept = shutil.copy(path, folder / f"kept-{n}.json")
            raise AssertionError(f"{kept}: {type(error).__name__}: {error}") from error
        else:
            outcomes["used"] += 1
    assert [text for text in said if not text.startswith(f"{path}:") or len(text.splitlines()) > 1] == []
    return outcomes
