import gc
import os
from collections import defaultdict
from random import Random

import pytest

from roikit.conformance.golden import ledger
from tests import turns

# Two test processes share the machine's cores; kernels of a few microseconds gain nothing from threads of their own.
os.environ.setdefault("ROIKIT_NUM_THREADS", "2")
# Nor are they to spin while they wait for each other.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# What a test is not about is compiled fast; kernels that the golden cases judge are compiled as users have them (`judgements`).
if not ledger.is_full():
    os.environ.setdefault("ROIKIT_CXXFLAGS", "-O0")
gc.set_threshold(200_000, 20, 50)  # as the command line has it, for as many cases
ledger.seed()  # one for all processes of this run


def pytest_configure(config):
    """Who names files has the tests of these, whosever turn it is. It is the process that was called that knows."""
    if config.args_source == config.ArgsSource.ARGS and not hasattr(config, "workerinput"):
        os.environ.setdefault("ROIKIT_TURN", "all")


def pytest_ignore_collect(collection_path):
    """Files of which no test is to be made are not even read: most are, in a usual run, and reading all of them takes long."""
    return True if collection_path.suffix == ".py" and turns.is_left_out(collection_path) else None


def pytest_collection_modifyitems(config, items):
    """Leaves to other runs what is not drawn in this one; that is shown as skipped, unless what is to be made was named."""
    if turns.named():
        whose = {item: turns.whose(item.nodeid) for item in items}
        config.hook.pytest_deselected(items=[item for item in items if whose[item] not in turns.running()])
        items[:] = [item for item in items if whose[item] in turns.running()]
    else:
        _take_turns(items)
    if not ledger.is_full():
        _draw_samples(items)


_OTHER_TURN = pytest.mark.skip(
    "of an operator or room that has not changed: these take turns; ROIKIT_TURN=all runs all"
)


def _take_turns(items):
    """Of operators and rooms that have not changed the tests of some are made (`turns`), and all marked ``every_run``."""
    for item in items:
        name = turns.whose(item.nodeid)
        if name and name not in turns.running() and not item.get_closest_marker("every_run"):
            item.add_marker(_OTHER_TURN)


def _draw_samples(items):
    """Of a test that is marked ``one_in(n)`` makes every n-th call, others in each run; one of a single call in one run of n."""
    marked = defaultdict(list)
    for item in items:
        if mark := item.get_closest_marker("one_in"):
            marked[item.nodeid.partition("[")[0], mark.args[0]].append(item)
    for (name, n), calls in marked.items():
        first = Random(f"{ledger.seed()} {name}").randrange(min(n, len(calls)) if len(calls) > 1 else n)
        for number, item in enumerate(calls):
            if number % n != first:
                item.add_marker(
                    pytest.mark.skip(f"one in {n} is made, others in each run; ROIKIT_LEDGER=full makes all")
                )


_BY_OPERATOR = ("test_recorded.py", "test_judged.py", "test_specialisations.py")
"""Files in which each operator has its own to compute, perhaps much: any process takes an operator of them, after the others."""
_SHARED_OUT = ("test_ways_in.py",)
"""Files whose tests share nothing: any process takes any of them, after the others."""
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
            if file.endswith(_BY_OPERATOR):
                return f"{file} {turns.operator_of(nodeid)}"
            return nodeid if file.endswith(_SHARED_OUT) else file

    return ByFile(config, log)


def pytest_report_header():
    if ledger.is_full():
        return "ledgers: everything is computed anew"
    return (
        f"ledgers: samples are drawn by ROIKIT_LEDGER_SEED={ledger.seed()}; ROIKIT_LEDGER=full computes everything\n"
        f"turns: tests of {', '.join(name for name in turns.EVERYONE if name in turns.running())}"
    )


def pytest_terminal_summary(terminalreporter):
    """Says how much was computed: of a ledger, the rows that were sampled and those not trusted."""
    if left := [name for name in turns.EVERYONE if name not in turns.running()]:
        count = sum(map(turns.is_left_out, (turns.ROOT / "tests").rglob("test_*.py")))
        terminalreporter.write_line(
            f"turns: {count} files of tests not read, of what has not changed: {', '.join(left)}; ROIKIT_TURN=all runs all"
        )
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    noted = [value for report in reports for key, value in getattr(report, "user_properties", ()) if key == "ledger"]
    for name, (sampled, unsealed) in {name: sizes for name, *sizes in noted}.items():  # a test has several reports
        advice = ": bring the ledger up to date (CONTRIBUTING.md)" if unsealed else ""
        terminalreporter.write_line(
            f"ledger, {name}: {sampled} rows sampled, {unsealed} not trusted and computed{advice}"
        )
