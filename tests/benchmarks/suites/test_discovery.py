"""What asv finds."""

import math
from collections import Counter
from importlib.util import find_spec

import pytest
from asv_runner.discovery import disc_benchmarks

from benchmarks.operators import OPERATORS


def found_by_operator():
    processes = Counter()
    for benchmark in disc_benchmarks("benchmarks"):
        suites, operator, *_ = benchmark.name.split(".")
        assert suites == "suites"
        processes[operator] += math.prod(len(values) for values in benchmark.params)
    return processes


@pytest.mark.skipif(find_spec("cupy") is not None, reason="rows on a GPU are followed where CuPy is")
def test_asv_starts_few_processes_without_a_gpu():
    """A process takes a quarter of a second, and `asv run --quick` of one operator is to take less than five minutes."""
    processes = found_by_operator()
    assert set(processes) == set(OPERATORS)
    assert max(processes.values()) < 350


def test_every_operator_has_series_of_its_own_in_each_place():
    names = {benchmark.name.rsplit(".", 2)[0] for benchmark in disc_benchmarks("benchmarks")}
    for operator in OPERATORS:
        for suite in ("forward_cpu", "forward_gpu", "gradients_cpu", "gradients_gpu"):
            assert f"suites.{operator}.{suite}" in names


def test_what_is_measured_once_for_a_series_is_not_shared_with_another():
    """asv keeps what `setup_cache` returns by where that is written."""
    places = {}
    for benchmark in disc_benchmarks("benchmarks"):
        if benchmark.setup_cache_key is not None:
            places.setdefault(benchmark.setup_cache_key, set()).add(benchmark.name.rsplit(".", 2)[0])
    assert places
    assert all(len(suites) == 1 for suites in places.values())
