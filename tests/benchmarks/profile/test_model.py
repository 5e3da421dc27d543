"""The model, on numbers worked out by hand."""

from dataclasses import replace

import pytest

from benchmarks.measuring.floors import floor_of
from benchmarks.profile import model
from benchmarks.profile.device import H200, Residence, residence
from benchmarks.profile.launched import Launched
from benchmarks.profile.profiles import Profile
from roikit.kernels.emulation.counting import Counts, Loads, Requests, Traffic

COUNTS = Counts(
    kernel="k",
    blocks=400,
    ran=4,
    threads=64,
    shared_bytes=0,
    issued={"fma": 600, "move": 200, "load global": 100, "load param": 100},
    lanes=16_000,
    requests={
        "load global": Requests(100, 3000, 12_000, 400, 200, 200, 300),
        "store shared": Requests(50, 1600, 6400, 0, 80, 50, 0),
        "atomic global": Requests(10, 320, 1280, 40, 10, 10, 40),
    },
    loads={"global": Loads(50, 150, 2), "shared": Loads(20, 20, 1)},
    traffic=[Traffic("maps", 20_000, 100, 0), Traffic("output", 1000, 0, 30)],
    issued_of_block=[200, 300, 200, 300],
)
LAUNCHED = Launched(COUNTS, 32, Residence(4, 2**16))
CYCLE = 1 / H200.hertz


def test_limits_of_a_launch():
    """Four of 400 blocks ran: everything counts a hundred times. All 132 multiprocessors have work, 8 warps each."""
    found = model.limits(LAUNCHED)
    assert found.issue == pytest.approx(100 * 1000 / (132 * 4) * CYCLE)
    assert found.heaviest_block == pytest.approx(300 / 4 * CYCLE)
    assert found.wavefronts == pytest.approx(100 * (200 + 80 + 10) / 132 * CYCLE)
    assert found.l2 == pytest.approx(100 * 340 * 32 / H200.rates.l2)
    assert found.atomics == pytest.approx(100 * 40 / H200.atomics)
    # 10 000 sectors that are read, and no more than the 1000 of the output that are written.
    assert found.memory == pytest.approx((10_000 + 1000) * 32 / H200.rates.memory)
    # Three of four sectors of loads miss: 0.25 × 40 + 0.75 × 270 cycles for each of 50 waits, and 30 for each of 20.
    assert found.waits == pytest.approx(100 * (50 * 212.5 + 20 * 30) / (132 * 8) * CYCLE)
    assert model.limiting(found) == ("waits", found.waits)


def test_a_launch_of_few_blocks_has_few_multiprocessors():
    few = Launched(replace(COUNTS, blocks=8), 32, Residence(1, 2**16))
    assert model.limits(few).issue == pytest.approx(2 * 1000 / (8 * 4) * CYCLE)


def test_how_many_blocks_a_multiprocessor_holds_and_what_is_left_of_its_cache():
    # 64 registers of 256 threads are a quarter of the 64 Ki; each block of 10 KiB loses another.
    assert residence("sm_90", 10_000, threads=256, registers=64, shared_bytes=10 * 1024) == Residence(4, 53 * 1024)
    assert residence("sm_90", 200, threads=256, registers=64, shared_bytes=10 * 1024) == Residence(2, 117 * 1024)
    assert residence("sm_75", 10_000, threads=256, registers=64, shared_bytes=48 * 1024) == Residence(1, 48 * 1024)


def profiled(*launches, architecture="sm_90"):
    floor = floor_of(3200, 6400, 800, 10, H200.rates)
    return Profile("roi_align", "forward", "a1", "roikit", "NHWC", "float32", architecture, 800, launches, floor)


def test_figures_are_sums_over_launches_for_each_value():
    whole = Launched(replace(COUNTS, blocks=4), 32, Residence(1, 0))
    figures = profiled(LAUNCHED, whole).figures
    assert figures["instructions"] == 101 * 1000 * 32 / 800
    assert figures["active_lanes_of_32"] == 16
    assert figures["sectors_per_load"] == 4
    assert figures["sectors"] == 101 * 440 / 800
    assert figures["asked_bytes"] == 101 * 13_280 / 800
    assert figures["l1_bytes"] == 101 * 440 * 32 / 800
    assert figures["l2_bytes"] == 101 * 340 * 32 / 800
    assert figures["memory_bytes"] == (11_000 + 130) * 32 / 800
    assert figures["atomic_sectors"] == 101 * 40 / 800
    assert figures["conflicts_per_shared_request"] == 30 / 50
    assert figures["loads_in_flight"] == 3
    assert figures["load_depth"] == 2
    assert figures["floor_l2_bytes"] == 9
    assert figures["floor_memory_bytes"] == 5
    # Variance 2500 of four blocks: the mean is known to √(0.99 · 2500 ÷ 3), of 400 blocks.
    assert figures["instructions_error"] == pytest.approx(400 * (0.99 * 2500 / 3) ** 0.5 * 32 / 800)
    assert profiled(whole).figures["instructions_error"] == 0
    assert profiled(whole).kinds() == {"fma": 24.0, "load global": 4.0, "load param": 4.0, "move": 8.0}


def test_times_are_predicted_for_one_architecture_and_add_up():
    found = profiled(LAUNCHED, LAUNCHED)
    assert found.predicted == pytest.approx(2 * max(model.limits(LAUNCHED)))
    assert found.limited_by == "waits"
    other = profiled(LAUNCHED, architecture="sm_80")
    assert other.predicted is None
    assert other.limited_by == ""
    assert other.as_json()["launches"][0]["limits"] is None
