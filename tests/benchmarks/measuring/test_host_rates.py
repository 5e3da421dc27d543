"""What a CPU can do at most is measured, and only that is what floors are computed from."""

import sys

import pytest

from benchmarks.measuring import host_rates
from benchmarks.measuring.floors import Rates
from benchmarks.measuring.host_rates import HostRates


@pytest.fixture
def quick(monkeypatch):
    pytest.importorskip("threadpoolctl")
    monkeypatch.setattr(host_rates, "_ROUND_SECONDS", 0.001)
    monkeypatch.setattr(host_rates, "cache_bytes", lambda level: 2**14 * level)
    monkeypatch.setattr(host_rates, "_READ_AGAIN", (2048, 8192, 2**30))


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_measured_of_threads_is_what_floors_of_them_are_computed_from(quick, threads):
    found = host_rates.measure(threads, 0.003)
    values = [item["value"] for item in found]
    assert min(values) > 0
    rates = host_rates.rates(found, threads)
    assert rates.past_caches == Rates(values[0], values[1], values[-1], f"measured on {threads} of the CPU's threads")
    assert rates.again == tuple(zip((2048, 8192), values[3:-1], strict=True)), (
        "as far as there is an array of that size"
    )
    assert host_rates.rates(found, 3 - threads) is None, "nothing is assumed"


def test_bytes_that_are_read_again_come_at_the_rate_of_an_array_that_is_not_larger():
    rates = HostRates(Rates(1.0, 9.0, 2.0, "here"), ((100, 5.0), (1000, 3.0), (2000, 4.0)))
    assert [rates.of(size).memory for size in (99, 100, 999, 1000, 10**9)] == [9.0, 5.0, 5.0, 4.0, 4.0]
    assert rates.of(500) == Rates(5.0, 9.0, 2.0, "here")


def test_threads_do_their_work_at_the_same_time(quick, monkeypatch):
    """A rate is that of all threads together."""
    rounds = []
    monkeypatch.setattr(host_rates, "_round", lambda pool, work, of_threads: rounds.append(len(of_threads)) or 3.0)
    found = host_rates.measure(2, 0.001)
    assert set(rounds) == {2}
    assert found[2]["value"] == 3.0 * 2 * 4 * (2**14 * 3 // 2), "read and written, by one thread each time"


def test_sizes_of_caches_are_those_of_the_system(tmp_path, monkeypatch):
    for name, facts in {
        "index0": ("Data", 1, "48K"),
        "index1": ("Instruction", 1, "32K"),
        "index2": ("Unified", 2, "512K"),
    }.items():
        (tmp_path / name).mkdir()
        for what, fact in zip(("type", "level", "size"), facts, strict=True):
            (tmp_path / name / what).write_text(f"{fact}\n")
    monkeypatch.setattr(host_rates, "_CACHES", tmp_path)
    assert [host_rates.cache_bytes(level) for level in (1, 2, 3)] == [48 * 1024, 512 * 1024, 32 * 2**20]


def test_libraries_that_cannot_be_held_to_one_thread_are_not_measured(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with pytest.raises(ImportError):
        host_rates.measure(1)
