"""Our kernels conform on a CPU: all that has changed since it was judged, and a sample of the rest, another in each run.

With ROIKIT_LEDGER=full all of it is judged.
"""

from functools import cache

import pytest

from roikit.conformance import operators
from roikit.conformance.golden.ledger import Ledger
from tests.conformance import judged

pytestmark = pytest.mark.every_run

UPDATE = "python -m tests.conformance.judged brings it up to date"

due_of = cache(judged.due_of)
every_operator = pytest.mark.parametrize("name", operators.NAMES)


@every_operator
def test_our_kernels_conform(name, judgements, record_property):
    due = due_of(name)
    record_property("ledger", [f"calls of {name}", *due.sizes])
    parts = {str(part): part for part in judged.parts_of(name)}
    assert due.complaints({row.name: judged.judged(parts[row.name]) for row in due.rows}) == [], UPDATE


@every_operator
def test_all_parts_are_written_down_and_are_of_calls(name):
    _, calls = judged.recorded(name)
    assert list(calls) == [str(part) for part in judged.parts_of(name)], UPDATE
    assert min(calls.values()) > 5
    assert sum(calls.values()) > 1000


def test_what_is_judged_are_the_kernels_of_the_operator_and_its_cases(monkeypatch):
    monkeypatch.setenv("ROIKIT_LEDGER_SEED", "1")
    monkeypatch.delenv("ROIKIT_LEDGER", raising=False)
    name = "prroi_pool"
    _, calls = judged.recorded(name)
    sealed = Ledger.of("today", judged.rows_of(name, calls))
    assert sealed.due(judged.rows_of(name, calls), "today", 0).unsealed == ()
    for what, other in (("_kernels", lambda operator: "other"), ("_cases", lambda operator: {"forward": "other"})):
        with monkeypatch.context() as patch:
            patch.setattr(judged, what, other)
            assert sealed.due(judged.rows_of(name, calls), "today", 0).unsealed


def test_a_call_that_does_not_conform_is_named(mutant, judgements):
    part = next(part for part in judged.parts_of("prroi_pool") if str(part) == "forward float32 NCHW small")
    with mutant("prroi_pool/forward.cu", "roi.image = known ? (int)batch : 0;", "(int)batch", "0"):
        wrong = judged.judged(part)
    assert wrong[0].startswith("pr-many-images ")
    assert " values differ; first [0, 0, 0, 0]: expected 0.875, got 0.8125" in wrong[0]
