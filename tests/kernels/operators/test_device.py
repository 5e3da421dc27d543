"""The way of every operator to a GPU, without one: a stand-in for CuPy runs every launch on the host, in blocks of real threads.

This shows that shapes, launch geometry, arguments and sources fit together. It cannot show that a GPU agrees.
"""

from dataclasses import replace

import numpy as np
import pytest

from roikit.kernels import InvalidRoiError
from roikit.kernels.execution import device
from roikit.kernels.operators import sources_of
from tests.kernels.operators import stand_in
from tests.kernels.operators.arrays import LAYOUTS, drawn
from tests.kernels.operators.examples import EXAMPLES, LAUNCHES, OF_MAPS

gpu = stand_in.gpu
EVERY = pytest.mark.parametrize("name", EXAMPLES)


def assert_alike(example, operation, got, right):
    """To the last bit where sums are in the same order, to some roundings where they are not."""
    assert type(got) is stand_in.Array
    if operation in example.same_bits:
        np.testing.assert_array_equal(got.host, right, operation)
    else:
        np.testing.assert_allclose(got.host, right, rtol=1e-5, atol=1e-5 * np.nanmax(abs(right)), err_msg=operation)


def maps_for(example, layout, channels):
    """Maps of an example, with pixels that are no numbers where they are compared, not added."""
    x = example.maps(layout, channels)
    if example.mode == "max":
        x[np.random.default_rng(0).random(x.shape) < 0.1] = np.nan
    return x


@pytest.mark.one_in(8)
@pytest.mark.parametrize(("layout", "channels"), [("NCHW", 5), ("NHWC", 4), ("NHWC", 5)])
@EVERY
def test_a_gpu_launch_gives_what_the_cpu_gives(name, layout, channels):
    example = EXAMPLES[name]
    call = example.call(maps_for(example, layout, channels), layout, example.few)
    on_gpu = call.with_arrays(stand_in.Array)
    fills_vectors = layout == "NHWC" and channels * example.unit // example.groups % 4 == 0
    for operation in example.operations:
        stand_in.LAUNCHES.clear()
        assert_alike(example, operation, on_gpu(operation), call(operation))
        entries = tuple(
            source.entry.removeprefix(f"{example.kernels_of or example.operator}_") for source, *_ in stand_in.LAUNCHES
        )
        assert entries == (example.launches.get(operation) or LAUNCHES[operation]), operation
        for _, _, block, shared in stand_in.LAUNCHES:
            assert np.prod(block) <= 256
            assert shared <= device.SHARED_BYTES
        if operation == "forward":
            source, grid, _, shared = stand_in.LAUNCHES[-1]
            assert grid[0] == len(example.few)
            assert (shared > 0) == example.shared
            assert ("#define ROIKIT_ALIGNED 1\n" in source.text) == fills_vectors


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("layout", "channels"), [("NCHW", 21), ("NHWC", 20)])
@EVERY
def test_more_channels_than_a_block_pools_at_once(name, layout, channels):
    example = EXAMPLES[name]
    call = example.call(maps_for(example, layout, channels), layout, example.few[:2])
    assert_alike(example, "forward", call.with_arrays(stand_in.Array)("forward"), call("forward"))


@pytest.mark.one_in(8)
@pytest.mark.parametrize("layout", LAYOUTS)
@EVERY
def test_without_check_what_belongs_to_a_roi_that_cannot_be_pooled_is_nan_and_no_other_notices(name, layout):
    """One is of no image, the others are those that the example names."""
    example = EXAMPLES[name]
    bad = [(example.no_image[0], *example.boxes[0][1:]), *example.refused]
    x, count = example.maps(layout, 4), 2
    call = example.call(x, layout, [*example.few[:count], *bad])
    on_gpu = call.with_arrays(stand_in.Array)
    for operation in example.operations:
        got, right = on_gpu(operation), call.of(slice(count))(operation)
        if operation not in OF_MAPS:
            assert np.isnan(got.host[count:]).all(), operation
            got = stand_in.Array(got.host[:count])
        assert_alike(example, operation, got, right)
        with pytest.raises(InvalidRoiError, match=rf"boxes\[{count}\] cannot be pooled: its batch index 2"):
            on_gpu(operation, check=True)


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    ("name", "dialect"), [(name, dialect) for name, example in EXAMPLES.items() for dialect in example.on_a_gpu]
)
def test_dialects_are_those_of_the_cpu(name, dialect):
    example = EXAMPLES[name]
    call = example.call(maps_for(example, "NCHW", 3), "NCHW", dialect=dialect)
    assert_alike(example, "forward", call.with_arrays(stand_in.Array)("forward"), call("forward"))


@pytest.mark.parametrize("name", ["roi_pool", "ps_roi_pool", "ps_roi_align", "prroi_pool"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_heavy_roi_is_split_into_rows_of_bins(name, layout):
    bins = 7 * 7 if EXAMPLES[name].groups > 1 else 1
    example = replace(EXAMPLES[name], unit=bins, groups=bins)
    x = example.maps(layout, 1, 1, (120, 130))
    call = example.call(x, layout, [[0, 0, 0, 129, 119], [0, 3, 3, 5, 5], [0, 0, 0, 129, 60]], bins=(7, 7))
    assert_alike(example, "forward", call.with_arrays(stand_in.Array)("forward"), call("forward"))
    ((_, grid, _, _),) = stand_in.LAUNCHES
    assert grid[2] == 7


@pytest.mark.parametrize(
    ("name", "shape", "bins"),
    [
        ("roi_pool", (2, 2, 9, 10), (7000, 1)),
        ("ps_roi_pool", (2, 7000, 5, 5), (7000, 1)),
        ("ps_roi_align", (1, 4, 3, 9000), (2, 2)),
    ],
)
def test_what_shared_memory_has_no_room_for_goes_to_global_memory(name, shape, bins):
    """More bins, or longer lists of what they read."""
    example = EXAMPLES[name]
    example = replace(example, groups=1 if example.groups == 1 else bins[0] * bins[1])
    call = example.call(drawn(shape), "NCHW", [[0, 1, 1, 4, 4]], bins=bins)
    assert_alike(example, "forward", call.with_arrays(stand_in.Array)("forward"), call("forward"))
    ((_, _, _, shared),) = stand_in.LAUNCHES
    assert shared == 0


@EVERY
def test_dialects_share_what_is_compiled_for_a_cpu(name):
    """Their choices that are not the same for all are parameters of one text, but where the example says otherwise."""
    example = EXAMPLES[name]
    sources = sources_of(example.operator).sources
    for operation in example.operations:
        texts = [
            {source.text for source in sources(operation, "float32", example.mode, "NCHW", rules, on_host=True)}
            for rules in example.dialects.values()
        ]
        assert len(set().union(*texts)) == len(texts[0]) + example.kinds.get(operation, 1) - 1, operation


def test_there_are_no_kernels_of_a_mode_that_an_operator_has_not():
    modes = {}
    for example in EXAMPLES.values():
        modes.setdefault(example.operator, set()).add(example.mode)
    for operator, has in modes.items():
        module = sources_of(operator)
        for mode in {"avg", "max"} - has:
            assert (
                module.sources("forward", "float32", mode, "NCHW", module.rules(None, aligned=False), on_host=True)
                == []
            )
