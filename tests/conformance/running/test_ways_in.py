"""The three doors to the harness, the command, pytest and the GitHub Action, give the same verdicts from the same files."""

import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from roikit.conformance.results import file as results

ROOT = Path(__file__).parents[3]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))

# A tiny package. It counts from the outer edge of pixels where it should not, and cannot do with NaN.
OPS = """
import numpy as np
from roikit.kernels import roi_align as right

def roi_align(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):
    if np.isnan(boxes).any():
        return np.zeros((len(boxes), input.shape[1], *output_size), input.dtype)
    if input.shape[2:] == (5, 5):
        boxes = boxes + np.array([0, 0.5, 0.5, 0.5, 0.5], boxes.dtype)
    return right(input, boxes, output_size, spatial_scale, sampling_ratio, aligned)
"""
LISTED = """
[[deviation]]
cases = ["place-two-by-two", "place-half-pixel", "place-one-sample"]
reason = "starts at the outer edge of a pixel"
added = 2026-11-24

[[deviation]]
cases = ["border-low"]
reason = "was listed once"
added = 2026-11-24
"""
CHOSEN = ("place-*", "border-low", "border-top", "invalid")
NAME = "tiny.ops:roi_align"
SECONDS = "0.1"  # for causes of failures, in tests that are not about them


@pytest.fixture
def package(tmp_path):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "__init__.py").touch()
    (tmp_path / "tiny" / "ops.py").write_text(OPS)
    (tmp_path / "listed.toml").write_text(LISTED)
    return tmp_path


def run(folder, *command, **environment):
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path} | environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def options(prefix, *names):
    given = {"deviations": ["listed.toml"], "select": CHOSEN, "dialect": ["torchvision"]}
    return [part for name in names for value in given[name] for part in (f"--{prefix}{name}", value)]


def by_command(folder):
    command = [sys.executable, "-m", "roikit.conformance.commands.cli", "conform", "-i", NAME, "-o", "run.ndjson"]
    ended = run(folder, *command, "--diagnose-seconds", SECONDS, *options("", "deviations", "select", "dialect"))
    return ended.returncode, verdicts(folder / "run.ndjson")


def verdicts(path):
    return {
        f"{r['case']}[{r['dialect']}-{r['dtype']}-{r['layout']}]": r["verdict"]
        for r in results.read(path)
        if r["type"] == "result"
    }


def by_pytest(folder, *more, seconds=SECONDS):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--pyargs",
        "roikit.conformance",
        "--junitxml=run.xml",
    ]
    command += ["--roikit-implementation", NAME, "--roikit-diagnose-seconds", seconds]
    ended = run(folder, *command, *options("roikit-", "deviations", "select", "dialect"), *more)
    cases = {}
    for case in ET.parse(folder / "run.xml").iter("testcase"):
        outcome = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        kind = "passed" if outcome is None else "xfailed" if outcome.get("type") == "pytest.xfail" else outcome.tag
        cases[case.get("name")] = kind
    return ended, cases


def shell(folder, step, inputs, **environment):
    """Runs a step of the action as GitHub does, inputs and all."""
    given = {name: str(field.get("default", "")) for name, field in ACTION["inputs"].items()} | inputs
    assert set(given) == set(ACTION["inputs"]), "an input that the action does not have"

    def fill(text):
        return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: given[match[1]], text)

    variables = {name: fill(text) for name, text in step["env"].items()} | environment
    assert "${{" not in step["run"], "inputs reach a script as variables only, so that none is taken for code"
    script = folder / "step.sh"
    script.write_text(step["run"])
    return run(folder, "bash", "--noprofile", "--norc", "-eo", "pipefail", str(script), **variables)


def by_action(folder, **inputs):
    inputs = {"python": sys.executable, "install": "", "implementation": NAME, "diagnose-seconds": SECONDS} | inputs
    places = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    for step in ACTION["runs"]["steps"]:
        ended = shell(folder, step, inputs, **places)
        if ended.returncode:
            break
    return ended


EXPECTED = {"known": "xfailed", "conforms": "passed", "unsupported": "skipped", "contested": "xfailed"}


@pytest.mark.one_in(2)
def test_the_three_doors_agree(package):
    status, judged = by_command(package)
    assert status == 1
    assert set(judged.values()) == {"conforms", "known", "deviates", "unexpected-pass", "unsupported"}
    ended, outcomes = by_pytest(package)
    assert ended.returncode == 1
    assert outcomes == {name: EXPECTED.get(verdict, "failure") for name, verdict in judged.items()}
    chosen = {"deviations": "listed.toml", "select": " ".join(CHOSEN), "dialect": "torchvision"}
    ended = by_action(package, **chosen)
    assert (ended.returncode, verdicts(package / "roikit.ndjson")) == (1, judged)
    said = dict(line.split("=", 1) for line in (package / "output").read_text().splitlines())
    assert said == {"report": "roikit.ndjson", "badge": "roikit-badge.json", "status": "1"}
    assert "::error title=" in ended.stdout
    assert (package / "roikit-badge.json").exists()
    assert "RoIAlign conformance" in (package / "summary.md").read_text()


def test_a_list_that_is_about_a_verdict_means_the_same_to_pytest(package):
    (package / "listed.toml").write_text(LISTED.replace("reason", 'verdicts = ["{}"]\nreason', 1))
    for verdict, outcome in ("deviates", "known"), ("crashed", "deviates"):
        text = (package / "listed.toml").read_text().replace("{}", verdict)
        (package / "listed.toml").write_text(text)
        _, judged = by_command(package)
        _, outcomes = by_pytest(package)
        assert judged["place-two-by-two[torchvision-float32-NCHW]"] == outcome
        assert outcomes == {name: EXPECTED.get(told, "failure") for name, told in judged.items()}
        (package / "listed.toml").write_text(text.replace(verdict, "{}"))


@pytest.mark.one_in(2)
def test_the_three_doors_let_the_same_pass(package):
    (package / "tiny" / "ops.py").write_text("from roikit.kernels import roi_align\n")
    (package / "listed.toml").write_text("")
    assert by_command(package)[0] == 0
    assert by_pytest(package)[0].returncode == 0
    chosen = {"deviations": "listed.toml", "select": " ".join(CHOSEN), "dialect": "torchvision"}
    assert by_action(package, **chosen).returncode == 0
    assert (
        by_action(
            package, **chosen, baseline="roikit.ndjson", report="again.ndjson", **{"fail-on": "regression wrong"}
        ).returncode
        == 0
    )


def test_the_action_says_what_is_wrong_with_its_inputs_and_can_be_told_to_mind_nothing(package):
    assert by_action(package, implementation="").returncode == 2
    assert by_action(package, select="no-such-*").returncode == 2
    assert by_action(package, select="place-*", **{"fail-on": "nothing"}).returncode == 0
    said = dict(line.split("=", 1) for line in (package / "output").read_text().splitlines())
    assert said["status"] == "0"


def test_the_action_installs_what_it_is_told_by_pip_alone(package):
    """With a Python that only writes down what it is asked."""
    python = package / "python"
    python.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {shlex.quote(str(package))}/asked\n')
    python.chmod(0o755)
    install, _ = ACTION["runs"]["steps"]
    shell(package, install, {"python": str(python), "install": "/some/where with spaces"})
    assert (package / "asked").read_text().split("\n")[:3] == ["-m", "pip", "install"]
    assert (package / "asked").read_text().splitlines()[-1] == "/some/where with spaces"
    shell(package, install, {"python": str(python)}, GITHUB_ACTION_PATH="/where/the action is")
    assert (package / "asked").read_text().splitlines()[-1] == "/where/the action is"
    assert all("uses" not in step for step in ACTION["runs"]["steps"])


def test_every_input_of_the_action_is_described_and_used():
    steps = ACTION["runs"]["steps"]
    used = set(re.findall(r"inputs\.([\w-]+)", " ".join(value for step in steps for value in step["env"].values())))
    assert used == set(ACTION["inputs"])
    assert all(field["description"] for field in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))


@pytest.mark.one_in(3)
def test_pytest_shares_the_cases_out_and_names_them_so_that_they_can_be_picked(package):
    _, alone = by_pytest(package)
    ended, shared = by_pytest(package, "-n", "2")
    assert shared == alone
    ended, one = by_pytest(package, "-k", "place-two-by-two", "-rx")
    assert one == {"place-two-by-two[torchvision-float32-NCHW]": "xfailed"}
    assert (
        "XFAIL roikit.conformance::place-two-by-two[torchvision-float32-NCHW] - starts at the outer edge"
        in ended.stdout
    )


def test_a_failure_in_pytest_says_what_is_expected_and_how_to_see_it_again(package):
    ended, _ = by_pytest(package, "-k", "box-nan")
    assert "(an invalid RoI must be refused or give NaN)" in ended.stdout
    assert f"again: roikit conform -i {NAME} --select box-nan --dialect torchvision --dtype float32" in ended.stdout
    assert "Traceback" not in ended.stdout


@pytest.mark.one_in(2)
@pytest.mark.parametrize("more", [[], ["-n", "2"]], ids=["alone", "shared"])
def test_pytest_says_why_calls_fail(package, more):
    (package / "tiny" / "ops.py").write_text(
        "from roikit.kernels import roi_align as right\n"
        "def roi_align(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):\n"
        "    return right(input, boxes, output_size, spatial_scale, sampling_ratio, True)\n"
    )
    (package / "listed.toml").write_text("")
    ended, _ = by_pytest(package, "-k", "place", *more, seconds="10")
    assert re.search(r"^roikit: why · forward: on all \d+ failing calls the results are", ended.stdout, re.MULTILINE)


def test_pytest_says_that_time_ran_out_and_by_which_option_of_its_own_there_is_more(package):
    (package / "tiny" / "ops.py").write_text(
        "from roikit.kernels import roi_align as right\n"
        "def roi_align(input, boxes, output_size, spatial_scale, sampling_ratio, aligned):\n"
        "    return right(input, boxes, output_size, spatial_scale, sampling_ratio, aligned) + input.dtype.type(1 / 3)\n"
    )
    (package / "listed.toml").write_text("")
    ended, _ = by_pytest(package, "-k", "place")
    said = r"^roikit: why · forward: time ran out \(0\.1 s\) before .*: --roikit-diagnose-seconds gives more$"
    assert re.search(said, ended.stdout, re.MULTILINE)


UNUSABLE = {
    "it cannot be loaded": ("raise OSError('libtiny.so: no such file')", [], 1, "OSError: libtiny.so"),
    "all is unsupported": ("from roikit.kernels import roi_align", ["place-ratio-pair", "place-scale-pair"], 3, "unsupported"),
}  # fmt: skip


@pytest.mark.one_in(2)
@pytest.mark.parametrize("why", UNUSABLE)
def test_what_cannot_be_judged_means_the_same_at_every_door(package, why):
    text, select, status, message = UNUSABLE[why]
    (package / "tiny" / "ops.py").write_text(text)
    chosen = [part for name in select for part in ("--select", name)]
    by_pytest = [
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "roikit.conformance",
        "--roikit-implementation", NAME, *(part.replace("--", "--roikit-") for part in chosen),
    ]  # fmt: skip
    ends = [
        run(package, *by_pytest),
        run(package, *by_pytest, "-n", "2"),
        by_action(package, select=" ".join(select)),
        by_action(package, select=" ".join(select), **{"fail-on": "nothing"}),
    ]
    assert [ended.returncode for ended in ends] == [status] * len(ends)
    assert all(message in ended.stdout for ended in ends)


@pytest.mark.one_in(2)
def test_what_is_absent_is_nothing_that_was_run_at_every_door(package):
    """There is no mindspore in any environment."""
    name, variables = "mindspore", {"XDG_CACHE_HOME": str(package)}
    ended = run(package, sys.executable, "-m", "roikit.conformance.commands.cli", "conform", name, **variables)
    assert (ended.returncode, "mindspore: absent" in ended.stdout) == (3, True)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "roikit.conformance", "-rs"]
    ended = run(package, *command, "--roikit-implementation", name, **variables)
    assert (ended.returncode, "mindspore is absent" in ended.stdout) == (3, True)


def test_pytest_keeps_its_own_status_where_other_tests_decide(package):
    (package / "tiny" / "ops.py").write_text("from roikit.kernels import roi_align")
    (package / "test_it.py").write_text("def test_it(): assert False\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_it.py", "--pyargs", "roikit.conformance"]
    command += ["--roikit-implementation", NAME]
    assert run(package, *command, "--roikit-select", "place-ratio-pair").returncode == 1
    (package / "test_it.py").write_text("def test_it(): pass\n")
    assert run(package, *command, "--roikit-select", "place-two-by-two").returncode == 0


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--roikit-implementation", "roikti"], "no implementation is called 'roikti': did you mean roikit"),
        (["--roikit-implementation", NAME, "--roikit-dialect", "onnx-17"], "no dialect is called 'onnx-17'"),
        (["--roikit-implementation", NAME, "--roikit-select", "plaice-*"], "no case, group or rule matches 'plaice-*'"),
        (["--roikit-implementation", NAME, "--roikit-edition", "2020-01"], "no edition is called '2020-01'"),
        (["--roikit-implementation", NAME, "--roikit-deviations", "none.toml"], "No such file or directory"),
    ],
)  # fmt: skip
def test_a_users_mistake_ends_pytest_with_a_line(package, arguments, message):
    ended = run(
        package, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "roikit.conformance", *arguments
    )
    assert ended.returncode == 2
    assert message in ended.stdout


def test_the_plugin_costs_nothing_where_it_is_not_asked(package):
    imported = (
        "import sys, roikit.conformance.pytest_plugin; print(sorted({'numpy', 'rich', 'typer'} & set(sys.modules)))"
    )
    assert run(package, sys.executable, "-c", imported).stdout == "[]\n"
    (package / "test_it.py").write_text("def test_it(): pass\n")
    ended = run(package, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")
    assert ended.returncode == 0
    assert Counter(ended.stdout.split())["passed"] == 1
    ended = run(
        package, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "roikit.conformance"
    )
    assert ended.returncode == 5  # no tests
