"""Specialised sources and the check of what launches pass."""

import numpy as np
import pytest

from roikit.kernels.dialect import DIALECTS
from roikit.kernels.roi_align import specialised


@pytest.fixture
def source():
    return specialised("float16", "avg", "NCHW", DIALECTS["torchvision"], vector=4)


TAKES = {"boxes": "float32", "number_of_rois": "int64", "output": "float16", "workspace": "uint8", "status": "int64"}


def test_the_parameter_list_is_read_from_the_source(source):
    assert {p.name: p.dtype for p in source.parameters if p.pointer} == TAKES
    assert [p.name for p in source.parameters if not p.pointer] == ["given"]
    assert source.entries == ("roi_align_forward",)


def test_the_struct_is_laid_out_as_a_c_compiler_would(source):
    offsets = {name: source.params.fields[name][1] for name in source.params.names}
    assert source.addresses == 1
    assert offsets["maps"] == 0
    assert offsets["rois"] == 8
    assert offsets["scales_y"] == 32
    assert offsets["heights"] == 72
    assert offsets["channels_per_block"] == 120
    assert source.params.itemsize == 144


def test_arrays_of_levels_are_as_long_as_there_are_levels():
    source = specialised("float32", "avg", "NHWC", DIALECTS["torchvision"], vector=4, levels=3)
    assert source.addresses == 3
    assert source.params["heights"].shape == (3,)
    fields = {name: 0 for name in source.params.names if name != "maps"}
    packed = source.pack(fields | {"heights": (7, 8, 9)})
    assert len(packed) == source.params.itemsize - 24
    read = np.frombuffer(bytes(24) + packed, source.params)[0]
    assert read["heights"].tolist() == [7, 8, 9]


def test_right_arrays_pass(source):
    source.check(TAKES)


@pytest.mark.parametrize(
    "wrong",
    [
        TAKES | {"boxes": "float16"},
        {name: dtype for name, dtype in TAKES.items() if name != "status"},
        dict(reversed(TAKES.items())),
        TAKES | {"more": "int64"},
    ],
)
def test_wrong_arrays_are_refused(source, wrong):
    with pytest.raises(TypeError, match=r"roi_align_forward takes .*'boxes': 'float32'"):
        source.check(wrong)


def test_a_struct_wants_every_field_and_no_other(source):
    fields = {name: 0 for name in source.params.names if name != "maps"}
    source.pack(fields)
    with pytest.raises(TypeError, match="another struct: wdith"):
        source.pack(fields | {"wdith": 1})
    with pytest.raises(TypeError, match="another struct: maps"):
        source.pack(fields | {"maps": 1})
