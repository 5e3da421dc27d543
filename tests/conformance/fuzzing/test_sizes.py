"""The fuzzer finds what is wrong at a size, or about memory, each within a few hundred calls, and makes it small."""

import dataclasses
import json
import shlex
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from roikit.conformance import operators
from roikit.conformance.arranging import MAY_BE_REFUSED, WAYS
from roikit.conformance.cases.case import cases_of
from roikit.conformance.fuzzing import batch as fuzz
from roikit.conformance.fuzzing import sizes, strategies
from roikit.conformance.fuzzing.batch import run_batch
from roikit.conformance.fuzzing.cases import expect
from roikit.conformance.workers.process import Target
from tests.command import roikit
from tests.conformance.fuzzing.tasks import task

FAULTS = (
    "first_256_outputs",
    "first_4096_outputs",
    "first_64_channels",
    "last_partial_tile_of_8_rois",
    "roi_index_in_8_bits",
    "image_index_in_8_bits",
    "strides_of_boxes_ignored",
    "strides_of_the_map_ignored",
    "writes_to_its_boxes",
    "mask_heads_mirrored",
)
_BATCHES = 4  # an idle core makes more in a minute


@pytest.mark.one_in(12)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_within_a_minute(fault, monkeypatch):
    monkeypatch.setattr(fuzz, "_SHRINKING_SECONDS", 0)
    first = task(f"faulty:{fault}", size="real")
    batches = (run_batch(dataclasses.replace(first, number=number)) for number in range(_BATCHES))
    found = next((batch.found for batch in batches if batch.found), None)
    assert found is not None
    assert found.verdict == ("rejected" if fault == "writes_to_its_boxes" else "deviates")


def test_a_right_function_has_no_fault_at_any_size():
    batch = run_batch(task(size="real"))
    assert batch.found is None
    assert batch.calls > 50
    assert batch.rois > 12 * batch.calls  # which no batch of small calls has


@pytest.mark.one_in(5)  # golden cases of real sizes judge all
@pytest.mark.parametrize("op", operators.NAMES)
def test_our_kernels_have_no_fault_at_any_size(op):
    """Nor is a right implementation asked for a call that is none, as one of maps with channels for half a bin."""
    target = Target("roikit", "adapter:roikit.conformance.adapters.roikit:RoikitHost")
    operator = operators.get(op)
    of_operator = {"dialects": operator.main_dialects[:1], "modes": operator.modes}
    first = dataclasses.replace(task(size="real"), target=target, operator=op, **of_operator)
    assert run_batch(first).found is None


@pytest.mark.one_in(3)
def test_small_calls_of_contiguous_arrays_are_drawn_if_that_is_asked_for():
    batch = run_batch(task("faulty:roi_index_in_8_bits", ways=("contiguous",)))
    assert (batch.found, batch.rois <= 12 * batch.calls) == (None, True)


@pytest.mark.one_in(3)
def test_what_is_wrong_from_a_size_on_is_shrunk_to_it_and_can_be_replayed_by_anyone(tmp_path):
    run = roikit("fuzz", "faulty:roi_index_in_8_bits", "--seed", 1, "--once", "-o", tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    (path,) = tmp_path.glob("fuzz-*.json")
    document = json.loads(path.read_text())
    jsonschema.validate(
        document, json.loads(files("roikit.conformance").joinpath("schema/case.schema.json").read_text())
    )
    (case,) = cases_of(document)
    assert case.enlarged == (1, 1, 257)
    assert "257 rois" in run.stdout
    again = next(line for line in run.stdout.splitlines() if line.startswith("again: roikit "))
    assert roikit(*shlex.split(again.removeprefix("again: roikit "))).returncode == 1
    assert roikit("conform", "-i", "players:transcribed", "--cases", path).returncode == 0


def test_what_is_wrong_about_memory_is_shrunk_to_one_array_and_can_be_replayed_by_anyone(tmp_path):
    lies = ("--arranged", "contiguous", "--arranged", "sliced")
    run = roikit("fuzz", "faulty:strides_of_boxes_ignored", "--seed", 1, "--once", *lies, "-o", tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    (path,) = tmp_path.glob("fuzz-*.json")
    (case,) = cases_of(json.loads(path.read_text()))
    assert (case.arranged, case.enlarged) == ({"boxes": "sliced"}, None)
    for function, status in (("faulty:strides_of_boxes_ignored", 1), ("players:transcribed", 0)):
        assert roikit("conform", "-i", function, "--cases", path).returncode == status


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operation", ["forward", "feature_gradient", "box_gradient"])
def test_large_calls_are_bounded_and_those_of_gradients_send_everything_as_often(operation):
    drawn = strategies.cases(
        dialects=["torchvision-aligned"], dtypes=["float64"], operations=[operation], size="real",
        ways=sizes.ARRANGEMENTS,
    )  # fmt: skip
    seen = {"large": 0, "ways": set()}

    @settings(
        max_examples=120,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(drawn)
    def check(case):
        seen["ways"] |= set(case.arranged.values())
        assert case.may_be_refused == bool(set(case.arranged.values()) & set(MAY_BE_REFUSED))
        if not case.enlarged:
            return
        seen["large"] += 1
        call = case.call("torchvision-aligned", "float64", "NCHW")
        assert max(array.size for array in call.arrays().values()) <= 2**18
        assert call.boxes[:, 0].max() < len(call.input)
        assert call.shape() == case.shape
        assert case.enlarged.rois <= 4097

    check()
    assert seen["large"] > 5
    assert seen["ways"] <= set(WAYS)
    assert len(seen["ways"]) > 3


def test_a_maximum_that_may_be_a_constant_is_not_enlarged_by_channels_that_are_multiplied():
    """mmcv begins its maxima with −10000, which is all that an empty grid has."""
    arguments = {
        "input": {"shape": [1, 1, 2, 2], "rows": [[1, 2], [3, 4]]},
        "boxes": [[0, 0.5, 0.5, 0.5, 0.5]],
        "output_size": [1, 1],
        "spatial_scale": [1, 1],
        "sampling_ratio": [0, 0],
        "mode": "max",
    }
    large = sizes.Enlarged(1, 3, 4)
    assert expect(arguments, "torchvision-aligned", "float32", enlarged=large).enlarged == large
    case = expect(arguments, "mmcv", "float32", enlarged=large)
    assert case.enlarged is None
    assert np.ravel(case.expected[0].output).tolist() == [-10000]
    assert expect(arguments, "mmcv", "float32", enlarged=large._replace(channels=1)).enlarged is not None


def test_no_way_is_unknown_to_the_command():
    run = roikit("fuzz", "players:transcribed", "--arranged", "upside-down")
    assert run.returncode == 2
    assert "no arrangement is called 'upside-down'" in run.stderr
    assert operators.get("roi_align").draws is not None
