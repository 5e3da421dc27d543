"""The command line: exit statuses, messages for a user's mistakes, what is said while it runs, and lists."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from roikit.conformance.arranging import WAYS
from roikit.conformance.cases.case import SIZES
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.commands import listing, options
from roikit.conformance.implementation import registered
from roikit.conformance.peers.places import Place
from roikit.conformance.results import file as results
from roikit.conformance.running.targets import select_targets
from roikit.reports.files import read as read_file
from tests.command import roikit

HERE = Path(__file__).parents[1]


def started(*arguments):
    """The command in a process of its own, as a shell starts it."""
    return subprocess.run(
        [sys.executable, "-m", "roikit.conformance.commands.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


FEW = ("--select", "place-two-by-two", "--dtype", "float32", "--layout", "NCHW", "--dialect", "torchvision")


@pytest.mark.parametrize("run", [started, roikit], ids=["a process", "this process"])
def test_a_conforming_implementation_exits_with_0(run):
    run = run("conform", "roikit", *FEW)
    assert (run.returncode, run.stderr) == (0, "")
    assert "1 results: 1 conforms" in run.stdout


def test_a_deviating_function_exits_with_1_and_says_where():
    run = roikit("conform", "-i", "players:half_a_pixel_off", *FEW)
    assert run.returncode == 1
    assert "deviates players:half_a_pixel_off · place-two-by-two · torchvision float32 NCHW" in run.stdout
    assert "4 of 4 values differ; first [0, 0, 0, 0]: expected 9, got 12.0" in run.stdout


def test_a_function_is_judged_as_torchvision_in_float32_unless_told_otherwise():
    run = roikit("conform", "-i", "players:transcribed", "--select", "place-*")
    assert run.returncode == 0
    assert "torchvision and 1 more" in run.stdout
    run = roikit(
        "conform", "-i", "players:transcribed", "--select", "place-scale-half", "--dialect", "openvino-half-pixel"
    )
    assert run.returncode == 1


def test_nothing_run_exits_with_3(monkeypatch, tmp_path):
    monkeypatch.setenv("ROIKIT_CACHE_DIR", str(tmp_path))  # which has no environments
    run = roikit("conform", "detectron2", *FEW[:2])
    assert run.returncode == 3
    assert "detectron2: absent:" in run.stdout
    assert "nothing was run" in run.stdout


def test_a_module_that_cannot_be_imported_exits_with_1():
    run = roikit("conform", "-i", "no_such_module:f", *FEW)
    assert run.returncode == 1
    assert f"no_such_module:f: broken: ImportError: no module no_such_module in {Path.cwd()} nor on" in run.stdout


def test_a_function_may_be_named_by_the_path_of_its_file(tmp_path):
    (tmp_path / "beside.py").write_text("import players\nright = players.transcribed\n")
    (tmp_path / "mine.py").write_text("from beside import right as roi_align\n")
    run = roikit("conform", "-i", f"{tmp_path / 'mine.py'}:roi_align", *FEW)
    assert "1 results: 1 conforms" in run.stdout
    run = roikit("conform", "-i", f"{tmp_path / 'other.py'}:roi_align", *FEW)
    assert f"broken: ImportError: there is no file {tmp_path / 'other.py'}" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "no implementation is called 'nope': there are "),
        (["roikti"], "no implementation is called 'roikti': did you mean roikit"),
        (["--select", "border"], "no case, group or rule matches 'border': did you mean 'border*'?"),
        (["--select", "bordrs"], "no case, group or rule matches 'bordrs': did you mean borders"),
        (["--dtype", "float23"], "no data type is called 'float23': did you mean float32"),
        (["--layout", "CHWN"], "no layout is called 'CHWN'"),
        (["--dialect", "onnx-17"], "no dialect is called 'onnx-17': did you mean"),
        (["-i", "mypackage.ops"], "--implementation takes MODULE:FUNCTION or FILE.py:FUNCTION, not 'mypackage.ops'"),
        (["--python", "roikit"], "--python takes NAME=PATH, not 'roikit'"),
        (["--python", "rokit=/usr/bin/python3"], "no implementation is called 'rokit'"),
        (["roikit", *FEW, "--output", "/no/such/folder/run.ndjson"], "No such file or directory"),
        (["--worker", "mine"], "--worker takes NAME=COMMAND, not 'mine'"),
        (["--worker", "mine='"], "No closing quotation"),
        (["--worker", "roikit=./a"], "there is an implementation called 'roikit'"),
        (["--fail-on", "regression"], "--fail-on regression needs the result file of an earlier run"),
        (["--baseline", "/dev/null"], "/dev/null: ends before its run did"),
        (["--cases", "/dev/null"], "/dev/null:1: is no JSON: Expecting value"),
        (["--deviations", "/dev/null"], "--deviations is the list of one implementation, and these are"),
        (["--timeout", "0"], "Invalid value for '--timeout'"),
        (["--no-such-option"], "No such option"),
    ],
)
def test_a_users_mistake_exits_with_2_and_no_traceback(arguments, message):
    run = roikit("conform", *arguments)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.replace("│", " ").split())
    assert "Traceback" not in run.stderr + run.stdout


def test_an_interrupt_ends_a_run_at_once_and_keeps_what_came(tmp_path):
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    command = [
        sys.executable,
        "-m",
        "roikit.conformance.commands.cli",
        "conform",
        "-i",
        "players:sleepy",
        "--timeout",
        "50",
        "-o",
        str(tmp_path / "run.ndjson"),
        "--badge",
        str(tmp_path / "badge.json"),
    ]
    mark = tmp_path / "called"
    environment = os.environ | {"PYTHONPATH": path, "SLEEPY_MARK": str(mark)}
    run = subprocess.Popen(  # a shell ignores the signal in what it starts in the background, and so would we
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    run.send_signal(signal.SIGINT)
    printed, errors = run.communicate(timeout=20)
    assert run.returncode == 130
    assert errors.decode().strip().endswith("roikit: interrupted")
    assert "incomplete, interrupted" in printed.decode()
    with pytest.raises(results.IncompleteResultsError):
        results.read(tmp_path / "run.ndjson")
    text = (tmp_path / "run.ndjson").read_text(encoding="utf-8")
    records, complete = results.parse_partly(text, tmp_path / "run.ndjson")
    assert ([record["type"] for record in records[:2]], complete) == (["header", "implementation"], False)
    assert json.loads((tmp_path / "badge.json").read_text())["message"] == "incomplete"


def test_a_run_stops_at_the_first_failure_if_it_is_to(tmp_path):
    path = tmp_path / "run.ndjson"
    run = roikit("conform", "-i", "players:half_a_pixel_off", "--select", "place-*", "--fail-fast", "-o", str(path))
    assert run.returncode == 1
    assert "incomplete, stopped at the first failure: " in run.stdout
    records, complete = results.parse_partly(path.read_text(encoding="utf-8"), path)
    verdicts = [record["verdict"] for record in records if record["type"] == "result"]
    assert verdicts.count("deviates") == 1
    assert not complete
    run = roikit("conform", "-i", "players:transcribed", "--select", "place-*", "-x")
    assert (run.returncode, "incomplete" in run.stdout) == (0, False)


def test_each_implementation_is_told_of_as_it_ends():
    some = ("--select", "place-two-by-two", "--dialect", "torchvision")
    run = roikit(
        "conform", "-i", "players:half_a_pixel_off", "-i", "players:transcribed", "-i", "no_such_module:f", *some
    )
    lines = run.stdout.splitlines()
    ended = [
        line for line in lines[: lines.index(next(line for line in lines if line.startswith("implementation")))] if line
    ]
    assert len(ended) == 2
    assert any(
        re.fullmatch(r"✗ players:half_a_pixel_off unknown version: 1 deviates \(\d+\.\d s\)", line) for line in ended
    )
    assert any(re.fullmatch(r"✓ players:transcribed unknown version: 1 conforms \(\d+\.\d s\)", line) for line in ended)


def test_the_quick_tier_is_run_unless_more_is_asked_for():
    run = roikit("conform", "-i", "players:transcribed", "--size", "small")
    assert "Quick tier: the " in run.stdout
    count = int(re.search(r"(\d+) results", run.stdout)[1])
    run = roikit("conform", "-i", "players:transcribed", "--size", "small", "--full")
    assert "Quick tier" not in run.stdout
    assert int(re.search(r"(\d+) results", run.stdout)[1]) > 5 * count > 100


def test_that_time_ran_out_is_said_everywhere_and_how_to_give_more(tmp_path):
    junit, markdown, path = (tmp_path / name for name in ("run.xml", "run.md", "run.ndjson"))
    run = roikit(
        "conform", "-i", "players:off_by_a_third", "--select", "place-*", "--dialect", "torchvision", "--diagnose-seconds", "0.1",
        "--junit", str(junit), "--markdown", str(markdown), "-o", str(path),
    )  # fmt: skip
    said = re.search(r"^why players:off_by_a_third · (.*)$", run.stdout, re.MULTILINE)[1]
    ran_out = r"forward: time ran out \(0\.1 s\) before all known faults were tried on \d+ of \d+ failing calls"
    assert re.match(rf"{ran_out}.*: --diagnose-seconds gives more", said)
    assert all(said in file.read_text(encoding="utf-8") for file in (junit, markdown))
    (cause,) = read_file(path).causes
    assert cause.text == said
    record = json.loads(next(line for line in path.read_text().splitlines() if '"cause"' in line))
    del record["untried"], record["seconds"]  # as files of before this have it
    lines = [json.dumps(record) if '"cause"' in line else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    (cause,) = read_file(path).causes
    assert cause.text.startswith("forward: nothing that was tried explains")


def test_why_an_implementation_fails_is_said_wherever_its_results_are(tmp_path):
    junit, markdown = tmp_path / "run.xml", tmp_path / "run.md"
    command = "conform", "-i", "players:clamps"
    run = roikit(*command, "--junit", junit, "--markdown", markdown, patience=60.0)
    said = re.search(r"^why players:clamps · (forward: on all \d+ failing calls .*)$", run.stdout, re.MULTILINE)
    assert said
    assert said[1].endswith("the results are those of clamp instead of zero for outside (RA-6)")
    assert said[1] in ET.parse(junit).getroot().findtext("testsuite/system-out")
    assert said[1] in markdown.read_text(encoding="utf-8")
    assert "\nwhy " not in roikit(*command, "--no-diagnose").stdout


def test_why_known_deviations_are_there_is_said_if_that_is_asked_for(tmp_path):
    listed = tmp_path / "listed.toml"
    listed.write_text('[[deviation]]\ncases = ["*"]\nreason = "it is early"\nadded = 2026-11-28\n')
    command = "conform", "-i", "players:clamps", "--dialect", "torchvision", "--deviations", listed
    run = roikit(*command)
    assert (run.returncode, "\nwhy " in run.stdout) == (0, False)
    assert "clamp instead of zero for outside (RA-6)" in roikit(*command, "--diagnose", patience=60.0).stdout


def test_equal_dialects_are_judged_once_and_named():
    run = roikit(
        "conform", "-i", "players:transcribed", "--dialect", "caffe2", "--dialect", "torchvision", "--size", "small"
    )
    assert re.search("judged once: torchvision = .*caffe2", run.stdout)


@pytest.mark.parametrize(
    ("what", "expected"),
    [("implementations", "onnxruntime"), ("cases", "place-two-by-two"), ("dialects", "openvino-half-pixel-for-nn")],
)
@pytest.mark.parametrize("verbose", [[], ["--verbose"]])
def test_lists(what, expected, verbose):
    run = roikit("list", what, *verbose, COLUMNS="200")
    assert (run.returncode, run.stderr) == (0, "")
    assert expected in run.stdout


def test_what_to_install_is_listed_with_its_extras(monkeypatch, capsys):
    absent = Place("absent", note="torch", install="pip install 'roikit[torch]'")
    monkeypatch.setattr(listing.places, "find", lambda _: absent)
    listing.implementations(verbose=False)
    assert absent.install in capsys.readouterr().out


def test_cases_are_listed_with_their_sizes_and_up_to_one():
    listed = {size: roikit("list", "cases", "--size", size, COLUMNS="200").stdout for size in ("small", "huge")}
    assert "place-two-by-two" in listed["small"]
    assert "z-rois-70000" not in listed["small"]
    (row,) = (line.split() for line in listed["huge"].splitlines() if " z-rois-70000 " in line)
    assert row[2:4] == ["z-rois-70000", "huge"]


def test_cases_of_an_operator_and_of_a_rule_are_listed():
    run = roikit("list", "cases", "--op", "roi_pool", "--select", "R?-1", COLUMNS="200")
    assert (run.returncode, run.stderr) == (0, "")
    _, *rows = (line.split() for line in run.stdout.splitlines())
    assert rows
    assert all(row[0] == "roi_pool" and "RP-1" in row for row in rows)
    assert len(rows) == sum("RP-1" in case.rules for case in golden_cases("roi_pool"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--op", "roi_pol"), "no operator is called 'roi_pol': did you mean roi_pool"),
        (("--select", "RP-1"), None),
        (("--op", "roi_align", "--select", "RP-1"), "no case, group or rule matches 'RP-1'"),
    ],
)
def test_what_cannot_be_listed_is_said(options, said):
    run = roikit("list", "cases", *options)
    assert (run.returncode, said is None or said in run.stderr) == (2 if said else 0, True)


def test_dialects_of_an_operator_are_listed():
    run = roikit("list", "dialects", "--op", "prroi_pool", COLUMNS="200")
    _, *rows = run.stdout.splitlines()
    assert len(rows) == 3
    assert all(row.startswith("prroi_pool ") for row in rows)


def test_what_is_slow_is_run_by_name_alone():
    everyone = {target.name for target in select_targets([], [], "auto", [], [])}
    assert set(registered()) - everyone == {"roikit-ptx", "mmcv-ptx"}
    assert [target.name for target in select_targets(["roikit-ptx"], [], "auto", [], [])] == ["roikit-ptx"]


def test_names_that_start_up_repeats_are_those_of_their_rooms():
    assert tuple(options.Size) == SIZES
    assert ("contiguous", *WAYS) == options.WAYS


def test_help_names_every_option():
    run = roikit("conform", "--help", COLUMNS="160")
    for option in (
        "--implementation",
        "--arrays",
        "--dialect",
        "--select",
        "--dtype",
        "--layout",
        "--output",
        "--python",
        "--worker",
        "--cases",
        "--deviations",
        "--fail-on",
        "--baseline",
        "--badge",
        "--github",
        "--once",
    ):
        assert option in run.stdout
    assert "nothing was run" in run.stdout
    assert roikit("--version").stdout.startswith("roikit 0.")


def test_the_cases_of_an_edition_can_be_run():
    assert roikit("conform", "roikit", *FEW, "--edition", "2026-11").returncode == 0
    run = roikit("conform", "roikit", *FEW, "--edition", "2025-01")
    assert run.returncode == 2
    assert run.stderr.startswith("roikit: no edition is called '2025-01'")


def test_a_property_has_no_script():
    run = roikit("reproduce", "p-adjoint-inside", "torchvision")
    assert run.returncode == 2
    assert "compares several answers" in run.stderr
