"""The fuzzer finds what one call leaves behind for another, each within a few hundred calls, and makes it small."""

import dataclasses
import json
import shlex
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from roikit.conformance import operators
from roikit.conformance.cases.case import cases_of
from roikit.conformance.cases.history import calls_of
from roikit.conformance.fuzzing import batch as fuzz
from roikit.conformance.fuzzing import sequences, strategies
from roikit.conformance.fuzzing.batch import run_batch
from roikit.conformance.fuzzing.cases import whole
from roikit.conformance.fuzzing.sessions import greet
from tests.command import roikit
from tests.conformance.fuzzing.tasks import task

FAULTS = {
    "scale_kept_for_a_box": "deviates",
    "boxes_kept_by_shape": "deviates",
    "ratio_kept_by_all_shapes": "deviates",
    "bins_kept_by_their_number": "deviates",
    "image_size_kept_by_number_of_pixels": "deviates",
    "image_count_kept_by_the_rest": "deviates",
    "channel_count_kept_by_the_rest": "deviates",
    "roi_count_kept_by_the_rest": "deviates",
    "map_known_by_its_corner": "deviates",
    "map_known_by_its_object": "deviates",
    "one_output_buffer_for_a_shape": "overwrote",
    "geometry_of_the_call_before": "deviates",
    "scratch_shared_by_threads": "deviates",
    "broken_after_a_fork": "deviates",
}
_BATCHES = 4  # an idle core makes more in a minute


@pytest.mark.one_in(12)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_within_a_minute(fault, monkeypatch):
    monkeypatch.setattr(fuzz, "_SHRINKING_SECONDS", 0)
    first = task(f"keeping:{fault}", kinds=sequences.KINDS)
    batches = (run_batch(dataclasses.replace(first, number=number)) for number in range(_BATCHES))
    found = next((batch.found for batch in batches if batch.found), None)
    assert found is not None
    assert found.verdict == FAULTS[fault]
    assert (found.following is None) == (fault == "one_output_buffer_for_a_shape")  # each call is made twice, anyway


def test_single_calls_do_not_find_what_was_kept_under_too_small_a_key():
    batch = run_batch(task("keeping:scale_kept_for_a_box", kinds=("single",)))
    assert (batch.found, batch.calls > 50) == (None, True)


@pytest.mark.one_in(3)
def test_a_right_function_has_no_fault_in_any_sequence():
    batch = run_batch(task(dtypes=("float32", "float64"), size="real", kinds=sequences.KINDS))
    assert (batch.found, batch.unsure) == (None, None)
    assert batch.calls > 50


@pytest.mark.one_in(3)
def test_a_call_that_is_wrong_because_of_earlier_ones_is_not_called_wrong_by_itself():
    """What is kept by shape shows in calls that follow each other by chance, too: made alone, these are right."""
    batches = [run_batch(task("keeping:boxes_kept_by_shape", kinds=("single",), number=n)) for n in (1, 2)]
    assert [batch.found for batch in batches] == [None, None]
    unsure = next(batch.unsure for batch in batches if batch.unsure)
    assert (unsure.verdict, unsure.following) == ("deviates", None)


@pytest.mark.one_in(3)
def test_what_was_found_is_two_calls_and_can_be_replayed_by_anyone(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "_SHRINKING_SECONDS", 10.0)
    run = roikit("fuzz", "keeping:ratio_kept_by_all_shapes", "--seed", 1, "--once", "--size", "small", "-o", tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    (path,) = tmp_path.glob("fuzz-*.json")
    document = json.loads(path.read_text())
    schema = json.loads(files("roikit.conformance").joinpath("schema/case.schema.json").read_text())
    jsonschema.validate(document, schema)
    (case,) = cases_of(document)
    assert (case.kind, [step.changed for step in case.steps]) == ("history", ["sampling_ratio"])
    assert "then with sampling ratio changed" in run.stdout
    again = next(line for line in run.stdout.splitlines() if line.startswith("again: roikit "))
    assert roikit(*shlex.split(again.removeprefix("again: roikit "))).returncode == 1
    assert roikit("conform", "-i", "players:transcribed", "--cases", path).returncode == 0


@pytest.mark.one_in(3)
def test_what_may_be_chance_is_said_to_be_so(tmp_path):
    how = ("--calls", "single", "--size", "small", "--batches", 2, "--seed", 1, "--once", "-o", tmp_path)
    run = roikit("fuzz", "keeping:boxes_kept_by_shape", *how)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "after other calls, and not in a process of its own" in run.stdout


@pytest.mark.one_in(5)
@pytest.mark.parametrize("op", operators.NAMES)
def test_sequences_of_every_operator_are_exact_and_differ_in_what_they_say(op):
    operator = operators.get(op)
    seen = set()

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(
        strategies.cases(
            op=op, dialects=operator.main_dialects[:1], dtypes=["float64"], operations=operator.operations, size="real",
            kinds=["history"],
        )
    )  # fmt: skip
    def check(case):
        if not case.steps:
            return
        assert case.kind == "history"
        for made, step in zip(list(calls_of(case))[1::2], case.steps, strict=True):
            seen.add(step.changed)
            assert made.case.expected
            call = made.case.call(operator.main_dialects[0], "float64", "NCHW")
            assert call.shape() == made.case.shape
            assert all(value != case.arguments[name] for name, value in step.arguments.items())

    check()
    assert len(seen) > 5


@pytest.mark.one_in(3)
@pytest.mark.parametrize("op", operators.NAMES)
def test_a_parameter_that_an_operator_has_changes_too(op):
    """Whoever adds an operator with a parameter of its own says in `sequences` what it changes to."""
    operator, drawn = operators.get(op), []
    arguments = operator.draws.arguments(modes=operator.modes, classes=["ordinary"], operation=operator.operations[0])

    @settings(max_examples=1, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(arguments)
    def draw(arguments):
        drawn.append(sequences.varied(arguments, operator.call))

    draw()
    (given_,) = drawn
    changes = dict(sequences._changes(given_, operator.call, operator.modes))
    parts = "pool_size" if "pool_size" in given_ else "output_size"
    assert {"the map's values", "boxes", parts, "the size of images", "the number of boxes"} <= changes.keys()
    parameters = set(given_) - {"input", "grad", "boxes", "invalid_rois", "mode"}
    assert parameters <= {key for change in changes.values() for key in change}


def test_threads_and_forks_are_not_asked_of_who_cannot(monkeypatch):
    first = task(kinds=sequences.KINDS)
    greeted = greet(first.target, 60.0, True)
    assert fuzz.tasks_of(greeted, first).kinds == sequences.KINDS
    described = fuzz.describe(greeted)
    can = dataclasses.replace(described.capability("roi_align"), threads=False, forks=False)
    unable = dataclasses.replace(described, operators={"roi_align": can})
    monkeypatch.setattr(fuzz, "describe", lambda _: unable)
    assert fuzz.tasks_of(greeted, first).kinds == ("single", "history")
    assert fuzz.tasks_of(greeted, dataclasses.replace(first, kinds=("threads",))) is None


def test_no_kind_is_unknown_to_the_command():
    run = roikit("fuzz", "players:transcribed", "--calls", "thrice")
    assert run.returncode == 2
    assert "no kind of calls is called 'thrice'" in run.stderr


def test_the_file_of_a_sequence_says_what_is_due_under_every_dialect():
    arguments = {
        "input": {"shape": [1, 1, 2, 2], "rows": [[1, 2], [3, 4]]},
        "boxes": [[0, 0, 0, 2, 2]],
        "output_size": [1, 1],
        "spatial_scale": [1, 1],
        "sampling_ratio": [2, 2],
        "mode": "avg",
    }
    steps = ({"changed": "spatial_scale", "arguments": {"spatial_scale": [0.5, 0.5]}},)
    document = whole(arguments, "torchvision", "float32", following=fuzz.Following("history", steps))
    (case,) = cases_of(document)
    assert {name for e in case.expected for name in e.dialects} == set(operators.get("roi_align").dialects)
    assert case.says("torchvision-aligned", "float16")
