"""Specialised sources and the check of what launches pass."""

import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from roikit.kernels import roi_align
from roikit.kernels.calls import problem
from roikit.kernels.dialects.choices import Adaptive, EmptyGrid, End, GridCap, Max, MinSize, Offset, Outside
from roikit.kernels.dialects.roi_align import DIALECTS, Dialect
from roikit.kernels.execution.source import specialise
from roikit.kernels.operators.roi_align.forward import host_source, specialised


@pytest.fixture
def source():
    return specialised("float16", "avg", "NCHW", DIALECTS["torchvision"], vector=4)


ARRAYS = {"boxes": "float32", "number_of_rois": "int64", "output": "float16", "workspace": "uint8", "status": "int64"}


def test_what_arrays_a_kernel_takes_is_read_from_the_source(source):
    assert source.arrays == ARRAYS
    assert source.entries == ("roi_align_forward",)


def test_the_struct_is_laid_out_as_a_c_compiler_would(source):
    offsets = {name: source.params.fields[name][1] for name in source.params.names}
    assert source.addresses == 1
    assert offsets["maps"] == 0
    assert offsets["rois"] == 8
    assert offsets["scales_y"] == 32
    assert offsets["heights"] == 72
    assert offsets["channels_per_block"] == 128
    assert source.params.itemsize == 152


def test_arrays_of_levels_are_as_long_as_there_are_levels():
    source = specialised("float32", "avg", "NHWC", DIALECTS["torchvision"], vector=4, levels=3)
    assert source.addresses == 3
    assert source.params["heights"].shape == (3,)
    fields = {name: np.zeros(source.params[name].shape) for name in source.params.names if name != "maps"}
    packed = source.pack(fields | {"heights": (7, 8, 9)})
    assert len(packed) == source.params.itemsize - 24
    read = np.frombuffer(bytes(24) + packed, source.params)[0]
    assert read["heights"].tolist() == [7, 8, 9]


def test_levels_that_a_call_has_not_are_never_reached():
    source = specialised("float32", "avg", "NHWC", DIALECTS["torchvision"], vector=4, levels=3)
    fields = {name: np.zeros(source.params[name].shape) for name in source.params.names if name != "maps"}
    packed = source.pack(fields | {"heights": (7, 8), "level_limits": [0.0, 112.0]})
    read = np.frombuffer(bytes(24) + packed, source.params)[0]
    assert str(read["level_limits"].tolist()) == "[0.0, 112.0, nan]"
    assert read["heights"].tolist() == [7, 8, 0]
    assert source.spread([1, 2]) == [1, 2, 0]
    assert replace(source, params=np.dtype([("gradients", "i8", 3), ("maps", "i8", 3)])).spread([1, 2, 3, 4]) == [
        1, 2, 0, 3, 4, 0,
    ]  # fmt: skip


def test_a_struct_wants_every_field_and_no_other(source):
    fields = {name: np.zeros(source.params[name].shape) for name in source.params.names if name != "maps"}
    source.pack(fields)
    with pytest.raises(TypeError, match="another struct: wdith"):
        source.pack(fields | {"wdith": 1})
    with pytest.raises(TypeError, match="another struct: maps"):
        source.pack(fields | {"maps": 1})


def test_choices_are_numbered_as_they_come():
    rules = host_source("float32", "max", "NHWC", DIALECTS["torchvision"])
    places = re.findall(r"^#define ROIKIT_PLACE_OF_(\w+) (\d+)$", rules.text, re.MULTILINE)
    assert [int(place) for _, place in places] == list(range(len(places)))
    assert [name for name, _ in places] == [*map(str.upper, NAMES), "MAX_START", "MAX_START_VALUE"]


NAMES = ("offset", "end", "min_size", "adaptive", "grid_cap", "empty_grid", "outside")
KINDS = (Offset, End, MinSize, Adaptive, GridCap, EmptyGrid, Outside)


def test_on_a_cpu_the_choices_of_a_dialect_come_with_the_launch():
    texts = set()
    for dialect in DIALECTS.values():
        found = host_source("float32", "avg", "NHWC", dialect)
        texts.add(found.text)
        numbers = np.frombuffer(found.rules)
        choices = [list(kind)[int(number)] for kind, number in zip(KINDS, numbers, strict=False)]
        assert choices == [getattr(dialect, name) for name in NAMES]
    assert len(texts) == 1
    assert "ROIKIT_OFFSET half" not in texts.pop()
    numbers = np.frombuffer(host_source("float32", "max", "NHWC", Dialect(max_start=-3.5)).rules)
    assert numbers[-1] == -3.5


def mixed(n):
    """A dialect; four of them make every choice there is."""
    choices = {name: list(kind)[n % len(kind)] for name, kind in zip(NAMES, KINDS, strict=True)}
    return Dialect(**choices, max=list(Max)[n % len(Max)], max_start=(None, -np.inf, -1.5, 0.5)[n])


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize("n", range(4))
def test_a_choice_at_launch_is_the_choice_that_a_macro_makes(n, mode, monkeypatch):
    x = np.random.default_rng(n).standard_normal((1, 3, 6, 7)).astype(np.float32)
    corners = [[1, 1, 4, 5], [2.25, 2, 2.5, 2.25], [-9, -9, 12, 14], [-5, 1, -3, 4], [3, 3, 3, 3]]
    boxes = np.array([[0, *corner] for corner in corners], np.float32)

    def pooled():
        problem.forget()
        return [roi_align(x, boxes, 2, 0.75, ratio, mode=mode, dialect=mixed(n)) for ratio in (0, 2)]

    at_launch = pooled()

    def with_macros(*about, rules_at_launch):
        return specialise(*about)

    monkeypatch.setattr(sys.modules["roikit.kernels.operators.roi_align.forward"], "specialise", with_macros)
    try:
        for one, other in zip(at_launch, pooled(), strict=True):
            np.testing.assert_array_equal(one, other)
    finally:
        problem.forget()
