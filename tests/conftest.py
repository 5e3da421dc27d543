import gc
import os
from collections import defaultdict
from random import Random

import pytest

from roikit.conformance.golden import ledger

# Two test processes share the machine's cores; kernels of a few microseconds gain nothing from threads of their own.
os.environ.setdefault("ROIKIT_NUM_THREADS", "2")
# Nor are they to spin while they wait for each other.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# What a test is not about is compiled fast; kernels that the golden cases judge are compiled as users have them (`judgements`).
if not ledger.is_full():
    os.environ.setdefault("ROIKIT_CXXFLAGS", "-O0")
gc.set_threshold(200_000, 20, 50)  # as the command line has it, for as many cases
ledger.seed()  # one for all processes of this run


def pytest_collection_modifyitems(items):
    """Of a test that is marked ``one_in(n)`` makes every n-th call, others in each run; the rest are shown as skipped."""
    marked = defaultdict(list)
    for item in items:
        if mark := item.get_closest_marker("one_in"):
            marked[item.nodeid.partition("[")[0], mark.args[0]].append(item)
    for (name, n), calls in () if ledger.is_full() else marked.items():
        first = Random(f"{ledger.seed()} {name}").randrange(min(n, len(calls)))
        for number, item in enumerate(calls):
            if number % n != first:
                item.add_marker(pytest.mark.skip(f"one in {n} is run, another each time; ROIKIT_LEDGER=full runs all"))


_SHARED_OUT = ("test_recorded.py", "test_judged.py", "test_specialisations.py", "test_ways_in.py")
"""Files whose tests share nothing but much to compute: any process takes any of them, after the others."""
_TOGETHER = "tests/reports/"
"""A folder whose files share what takes long to make, a site: one process takes all of them."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Hands out whole files, those of many tests first: what the tests of a file share is made by one process."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            if file.startswith(_TOGETHER):
                return _TOGETHER
            return nodeid if file.endswith(_SHARED_OUT) else file

    return ByFile(config, log)


def pytest_report_header():
    if ledger.is_full():
        return "ledgers: everything is computed anew"
    return f"ledgers: samples are drawn by ROIKIT_LEDGER_SEED={ledger.seed()}; ROIKIT_LEDGER=full computes everything"


def pytest_terminal_summary(terminalreporter):
    """Says how much was computed; a test has recorded ledger, part, and the rows that were sampled and those not trusted."""
    parts = defaultdict(dict)
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        for name, value in getattr(report, "user_properties", ()):
            if name == "ledger":
                parts[value[0]][value[1]] = value[2:]
    for name, counts in parts.items():
        sampled, unsealed = (sum(numbers) for numbers in zip(*counts.values(), strict=True))
        advice = ": bring the ledger up to date (CONTRIBUTING.md)" if unsealed else ""
        terminalreporter.write_line(
            f"ledger, {name}: {sampled} rows sampled, {unsealed} not trusted and computed{advice}"
        )
