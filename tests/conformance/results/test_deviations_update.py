"""Lists of known deviations, brought in line with a run."""

import json
from datetime import date
from itertools import product

import pytest
from typer.testing import CliRunner

from roikit.conformance.cases.golden import golden_cases, golden_ids
from roikit.conformance.commands.cli import app
from roikit.conformance.results import deviations
from roikit.conformance.results.deviations import DeviationListError
from roikit.conformance.results.deviations_update import Call, outcomes, update
from roikit.conformance.results.file import ResultFile
from roikit.conformance.results.result import Result
from roikit.conformance.verdict import Judgement, Verdict

TODAY = date(2026, 11, 25)
LIST = """[[deviation]]
cases = ["inverted-*"]
dialects = ["onnx-16"]
reason = "It throws"
link = "https://example.org/1"
added = 2026-11-23
"""
INVERTED = [case.id for case in golden_cases() if case.id.startswith("inverted-")]


def record(case, verdict, dialect="onnx-16", dtype="float32", reason="3 of 4 values differ; expected 1, got 2"):
    return {"case": case, "dialect": dialect, "dtype": dtype, "verdict": verdict, "reason": reason}


def updated(text, *records):
    return update(text, outcomes(records), golden_cases(), TODAY)


def entries(text):
    return deviations.parse(text, "x.toml", golden_ids(), drafts=True)


def test_a_list_that_is_right_stays_as_it_is():
    assert updated(LIST, *(record(case, "known") for case in INVERTED)) == LIST
    assert updated(LIST, record("inverted-x-fixed", "known")) == LIST
    assert updated(LIST, record("inverted-x-fixed", "unsupported")) == LIST
    assert updated(LIST) == LIST
    more = 'choices = { max_start = -3.4028234663852886e+38 }\nprobes = ["inverted boxes"]\n'
    chosen = LIST.replace("reason", f"{more}reason")
    assert updated(chosen, record("inverted-x-fixed", "known")) == chosen


def test_what_passes_is_dropped_and_what_was_not_run_is_kept():
    by_id = LIST.replace('"inverted-*"', ", ".join(map(json.dumps, INVERTED)))
    text = updated(by_id, record("inverted-x-fixed", "unexpected-pass"), record("inverted-y-fixed", "known"))
    listed = {case for entry in entries(text) for case in entry.cases}
    assert listed == set(INVERTED) - {"inverted-x-fixed"}
    assert {entry.reason for entry in entries(text)} == {"It throws"}


def test_a_pattern_stays_as_long_as_something_fails_under_it_or_was_not_run():
    assert updated(LIST, record("inverted-x-fixed", "conforms")) == LIST
    passes = [record(case, "conforms") for case in INVERTED]
    assert updated(LIST, *passes[1:], record(INVERTED[0], "known")) == LIST
    assert updated(LIST, *passes) == ""
    both = LIST.replace('"inverted-*"', '"inverted-*", "border-low"')
    (entry,) = entries(updated(both, *passes[1:], record("border-low", "conforms"), record(INVERTED[0], "known")))
    assert entry.cases == ("inverted-*",)
    (entry,) = entries(updated(both, *passes, record("border-low", "known")))
    assert entry.cases == ("border-low",)


def test_an_entry_is_narrowed_to_where_it_holds():
    wide = LIST.replace('dialects = ["onnx-16"]\n', "").replace("inverted-*", "border-low")
    records = [record("border-low", "known"), record("border-low", "unexpected-pass", dtype="float64")]
    (entry,) = entries(updated(wide, *records))
    assert (entry.cases, entry.dialects, entry.dtypes) == (("border-low",), ("*",), ("float32",))
    records = [record("border-low", "known"), record("border-low", "unexpected-pass", dialect="onnx-10")]
    (entry,) = entries(updated(wide, *records))
    assert (entry.cases, entry.dialects, entry.dtypes) == (("border-low",), ("onnx-16",), ("*",))


def test_what_holds_sometimes_is_left_alone():
    sometimes = LIST + "sometimes = true\n"
    assert entries(updated(sometimes, record("inverted-x-fixed", "conforms"))) == entries(sometimes)


def test_a_failure_that_a_list_is_not_about_is_added():
    crashes = LIST.replace("reason", 'verdicts = ["crashed"]\nsometimes = true\nreason')
    seen = [
        record("inverted-x-fixed", "known", reason="It throws — crashed: by SIGSEGV"),
        record(INVERTED[1], "crashed"),
    ]
    assert updated(crashes, *seen) == crashes
    old, new = entries(updated(crashes, *seen, record("inverted-y-fixed", "deviates")))
    assert (old.verdicts, old.cases, new.cases, new.verdicts) == (
        ("crashed",),
        ("inverted-*",),
        ("inverted-y-fixed",),
        (),
    )


def test_what_fails_is_added_and_refused_until_somebody_says_why():
    failures = [record(case, "deviates") for case in ("border-low", "border-high")]
    text = updated(LIST, *failures, record("max-empty", "crashed", reason="killed by SIGSEGV"))
    old, *new = entries(text)
    assert old.reason == "It throws"
    assert [(entry.cases, entry.reason) for entry in new] == [
        (("border-high", "border-low"), "TODO: 3 of 4 values differ; expected 1, got 2"),
        (("max-empty",), "TODO: killed by SIGSEGV"),
    ]
    with pytest.raises(
        DeviationListError, match=r"x\.toml:\d+: deviation 2, reason: it is still to be written, TODO: 3 of 4"
    ):
        deviations.parse(text, "x.toml", golden_ids())
    assert "added = 2026-11-25" in text


def test_what_fails_in_one_layout_only_holds_sometimes():
    (entry,) = entries(updated("", record("border-low", "deviates"), record("border-low", "conforms")))
    assert entry.sometimes


def test_the_reason_of_a_known_deviation_does_not_pile_up():
    (outcome,) = outcomes([record("border-low", "known", reason="It throws (link) — deviates: why")]).values()
    assert outcome.reason == "deviates: why"


def test_contested_results_are_not_listed():
    assert outcomes([record("max-positive", "contested")]) == {}
    assert list(outcomes([record("max-positive", "known")])) == [
        Call("roi_align", "max-positive", "onnx-16", "float32")
    ]


def write_run(path, *names):
    """Writes a run in which these implementations fail at two cases, and returns the command that takes it."""
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        for name, case in product(names, ("border-low", "border-top")):
            file.add(
                Result(
                    implementation=name, dialect="onnx-16", case=case, operator="roi_align", group="borders", rules=("RA-6",),
                    operation="forward", mode="avg", dtype="float32", layout="NCHW",
                    judgement=Judgement(Verdict.DEVIATES, "3 of 4 values differ"), seconds=0.1,
                )
            )  # fmt: skip
        file.close()
    return ["deviations", "update", str(path)]


def test_the_command_writes_the_lists_of_a_run(tmp_path):
    run = tmp_path / "run.ndjson"
    arguments = [*write_run(run, "x"), "--folder", str(tmp_path)]
    shown = CliRunner().invoke(app, [*arguments, "--dry-run"])
    assert (shown.exit_code, list(tmp_path.glob("*.toml"))) == (0, [])
    assert CliRunner().invoke(app, arguments).exit_code == 0
    text = (tmp_path / "x.toml").read_text()
    assert f"# x.toml\n\n{text}" == shown.output.removesuffix("\n")
    assert "x.toml: nothing to change" in CliRunner().invoke(app, arguments).output
    done = CliRunner().invoke(app, [*arguments, "y"])
    assert (done.exit_code, done.stderr) == (2, "roikit: no implementation of this run is called 'y': there are x\n")
    run.write_text(run.read_text().splitlines()[0])
    assert "ends before its run did" in CliRunner().invoke(app, arguments).stderr


@pytest.mark.parametrize("name", ["../../x", "../x", "/{folder}/x", "a/b", "..", ".x", "", "x\n", "x\0", "x\x1b[2J"])
def test_nothing_is_written_where_the_name_of_an_implementation_leads_to(name, tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    name = name.format(folder=tmp_path)
    before = write_run(tmp_path / "run.ndjson", name) and sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["deviations", "update", str(tmp_path / "run.ndjson"), "--folder", str(folder)])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "cannot be the name of a list" in done.stderr
    assert "\x1b" not in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
