"""Scripts that reproduce a case: they run, need no roikit, and their exit status is the verdict."""

import importlib
import subprocess
import sys

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.errors import UsageError
from roikit.conformance.implementation import missing_requirements, registered
from roikit.conformance.results import deviations
from roikit.conformance.scripts.reproduce import reproduce, scripted, scripts_of
from roikit.kernels.dialects.roi_align import DIALECTS
from tests.command import roikit
from tests.conformance.scripts.written import number_written

SCRIPTED = scripted("roi_align")


def adapter(name):
    point = registered()[name]
    found = getattr(importlib.import_module(point.module), point.attr)
    if missing := missing_requirements(found):
        pytest.skip(f"{', '.join(missing)} not installed")
    return found


def run(case, name, dialect=None, dtype=None):
    adapter(name)
    script = reproduce(case, name, dialect, dtype)
    return subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", SCRIPTED)
@pytest.mark.parametrize("case", ["random-adaptive", "infinite-read"])
def test_a_script_of_a_conforming_case_exits_with_0(case, name):
    done = run(case, name, list(scripts_of(name)["roi_align"].dialects)[-1], "float32")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("All values agree.\n")


@pytest.mark.parametrize(
    ("case", "name", "dtype"),
    [
        ("border-low", "torchvision", "float16"),
        ("border-low", "torchvision-python", "bfloat16"),
        ("max-positive", "mmcv", "float16"),
        ("border-low", "onnxruntime", "float16"),
        ("max-empty", "onnxruntime", "float64"),
        ("max-positive", "opencv", None),
        ("border-low", "openvino", "float16"),
        ("transposed-memory", "openvino", None),
        ("place-scale-pair", "roikit", None),
        ("no-rois", "roikit", "bfloat16"),
    ],
)
def test_data_types_layouts_and_arguments_of_all_kinds_reach_the_library(case, name, dtype):
    assert run(case, name, dtype=dtype).returncode == 0


def test_a_script_may_need_a_later_opset():
    assert 'opset_import: ["" : 22]' in reproduce("border-low", "onnx-reference", "onnx-16", "bfloat16")
    with pytest.raises(UsageError, match="bfloat16 before opset 22"):
        reproduce("border-low", "onnx-reference", "onnx-10", "bfloat16")


@pytest.mark.parametrize(
    ("case", "name", "said"),
    [
        ("inverted-x-adaptive", "torchvision", "vector"),
        ("nan-outside-box", "torchvision", "8 of 8 values differ."),
        ("batch-index-negative", "torchvision-python", "4 of 8 values differ."),
        ("transposed-memory", "mmcv", "values differ."),
        ("nan-outside-box", "onnxruntime", "8 of 8 values differ."),
        ("inverted-x-adaptive", "onnxruntime", "Integer overflow"),
        ("border-low", "onnx-reference", "values differ."),
        ("nan-outside-box", "openvino", "8 of 8 values differ."),
        ("no-rois", "opencv", ""),
        ("article-example", "opencv", "3 of 4 values differ."),
    ],
)
def test_a_script_of_a_known_deviation_exits_with_1(case, name, said):
    done = run(case, name)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stdout.splitlines()[1] == "Expected:"


@pytest.mark.parametrize("name", ["torchvision", "mmcv", "opencv"])
def test_a_script_of_a_crash_shows_what_was_expected_before_it_dies(name):
    done = run("box-nan", name)
    assert done.returncode < 0
    assert "Expected:" in done.stdout
    assert "Got:" not in done.stdout


def test_a_refusal_is_as_good_as_nan():
    done = run("batch-index-negative", "onnxruntime")
    assert done.returncode == 0
    assert "Refused:" in done.stdout


_KEEPS = """
import numpy, roikit.kernels
right, scales, buffer = roikit.kernels.roi_align, {}, numpy.zeros((3, 2, 2, 2), numpy.float32)
def keeps(*how, **named):
    return right(*how, **{**named, "spatial_scale": scales.setdefault("scale", named["spatial_scale"])})
def gives_out_again(*how, **named):
    buffer[...] = right(*how, **named)
    return buffer
"""


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("", 0, "All values agree."),
        (f"{_KEEPS}roikit.kernels.roi_align = keeps\n", 1, " of 24 values differ."),
        (f"{_KEEPS}roikit.kernels.roi_align = gives_out_again\n", 1, "An earlier result was overwritten"),
    ],
)
def test_a_script_makes_calls_one_after_the_other(fault, status, said):
    script = fault + reproduce("h-scale", "roikit", "torchvision", "float32")
    assert ["Call 2 of 3, spatial_scale changed." in script, script.count("roi_align(")] == [True, 3]
    done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stdout + done.stderr) == (status, True), done.stderr


def test_a_script_makes_a_model_anew_for_other_parameters():
    changed, same = (reproduce(case, "onnxruntime", "onnx-16") for case in ("h-scale", "h-values"))
    assert (changed.count("parse_model("), same.count("parse_model(")) == (3, 1)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("name", SCRIPTED)
def test_every_script_names_case_and_rules_and_imports_the_library_and_numpy_only(name):
    allowed = {"sys", "inspect", "importlib", "numpy", "ml_dtypes", name.partition("-")[0]}
    allowed |= {
        "torchvision": {"torch"}, "mmcv": {"torch"}, "onnxruntime": {"onnx"}, "opencv": {"cv2", "onnx"},
        "mnn": {"MNN"}, "keras-hub": {"keras", "os"}, "detectron2": {"torch", "torchvision"},
    }.get(name.removesuffix("-python"), set())  # fmt: skip
    assert number_written(up_to("small", golden_cases()), name, allowed) > 60


def test_the_heading_has_the_formula_of_the_choice_that_the_dialect_makes():
    script = reproduce("place-half-pixel", "openvino", "openvino-half-pixel")
    head = " ".join(script.replace("\n#", "").split())
    assert "offset = pixel_centre: (y + 0.5) · scale_y − 0.5 RA-3 Bins: bin = h / P_h." in head


def test_what_is_left_open_is_that_of_a_known_deviation():
    assert "aligned=True" in reproduce("inverted-x-adaptive", "torchvision")
    assert "--dialect torchvision-aligned --dtype float32" in reproduce("inverted-x-adaptive", "torchvision")
    assert "--dialect opencv --dtype float64" in reproduce("article-example", "opencv")
    assert "--dialect torchvision --dtype float32" in reproduce("border-low", "torchvision")
    known = deviations.load("torchvision")[0]
    head = " ".join(reproduce("inverted-x-adaptive", "torchvision").replace("\n#", "").split())
    assert f"Known: {known.reason}." in head


@pytest.mark.parametrize("name", SCRIPTED)
def test_what_scripts_know_of_a_library_is_what_its_adapter_says(name):
    description, library = adapter(name)().describe().capability("roi_align"), scripts_of(name)["roi_align"]
    described = set(description.dialects) if name != "roikit" else set(DIALECTS)  # it describes one name of each
    assert set(library.dialects) == described
    assert set(library.dtypes) == set(description.dtypes)
    assert library.modes == description.modes


def test_the_command_prints_the_script():
    printed = roikit("reproduce", "nan-outside-box", "mmcv", "--dialect", "mmcv-legacy", "--dtype", "float64")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout == reproduce("nan-outside-box", "mmcv", "mmcv-legacy", "float64") + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["border-lo", "mmcv"], "no case is called 'border-lo': did you mean border-low"),
        (["zzz", "mmcv"], "no case is called 'zzz': see `roikit list cases`"),
        (["border-low", "mmvc"], "no implementation is called 'mmvc': did you mean mmcv?"),
        (["border-low", "roikit-torch"], "there are no scripts for roikit-torch, only for chainer, "),
        (
            ["border-low", "mmcv", "--dialect", "onnx-16"],
            "no dialect of mmcv is called 'onnx-16': there are mmcv, mmcv-legacy",
        ),
        (
            ["border-low", "mmcv", "--dtype", "bfloat16"],
            "no data type of mmcv is called 'bfloat16': did you mean float16",
        ),
        (
            ["random-fixed", "mmcv", "--dtype", "float16"],
            "mmcv cannot make the call of random-fixed: boxes in float32 with 16-bit maps",
        ),
        (["max-positive", "torchvision"], "torchvision cannot make the call of max-positive: mode max"),
        (
            ["place-scale-pair", "mmcv"],
            "mmcv cannot make the call of place-scale-pair: one spatial scale for both axes",
        ),
    ],
)
def test_a_users_mistake_exits_with_2_and_one_line(arguments, message):
    run = roikit("reproduce", *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"roikit: {message}")
    assert run.stderr.count("\n") == 1
