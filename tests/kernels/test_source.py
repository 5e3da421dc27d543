"""Specialised sources and the check of what launches pass."""

import numpy as np
import pytest

from roikit.kernels.dialect import DIALECTS
from roikit.kernels.roi_align import specialised


@pytest.fixture
def source():
    return specialised("float16", "avg", "NCHW", DIALECTS["torchvision"], vector=4)


def arguments(source):
    fields = dict.fromkeys(source.params.names, 0)
    x = np.zeros(4, np.float16)
    return [x, np.zeros(5, np.float32), x, None, np.zeros(1, np.int64), source.pack(fields)]


def test_the_parameter_list_is_read_from_the_source(source):
    assert [(p.name, p.pointer) for p in source.parameters] == [
        ("input", True), ("boxes", True), ("output", True), ("workspace", True), ("status", True), ("params", False),
    ]  # fmt: skip
    assert [p.dtype for p in source.parameters[:5]] == ["float16", "float32", "float16", "uint8", "int64"]


def test_the_struct_is_laid_out_as_a_c_compiler_would(source):
    offsets = {name: source.params.fields[name][1] for name in source.params.names}
    assert offsets["rois"] == 0
    assert offsets["scale_y"] == 24
    assert offsets["height"] == 40
    assert offsets["channels_per_block"] == 88
    assert source.params.itemsize == 112


def test_right_arguments_pass(source):
    source.check(arguments(source))


@pytest.mark.parametrize(
    ("position", "wrong", "message"),
    [
        (0, np.zeros(4, np.float32), "input is float16, not float32"),
        (1, np.zeros(5, np.float16), "boxes is float32, not float16"),
        (4, np.zeros(1, np.int32), "status is int64, not int32"),
        (5, 3, "params is .* not int"),
        (5, np.zeros(1, np.float64), "params is"),
    ],
)
def test_wrong_arguments_are_named(source, position, wrong, message):
    passed = arguments(source)
    passed[position] = wrong
    with pytest.raises(TypeError, match=message):
        source.check(passed)


def test_too_few_arguments_are_refused(source):
    with pytest.raises(TypeError, match="takes 6 arguments, not 5"):
        source.check(arguments(source)[:5])


def test_a_struct_wants_every_field_and_no_other(source):
    with pytest.raises(TypeError, match="another struct: wdith"):
        source.pack(dict.fromkeys(source.params.names, 0) | {"wdith": 1})
