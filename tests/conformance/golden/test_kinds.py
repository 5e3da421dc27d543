"""Faults of launches and of memory: the golden cases notice every one, and the written table says which do."""

import pytest

from roikit.conformance import operators
from roikit.conformance.golden import kinds, ledger

LARGE = 4096
"""Up to which n cases of real sizes notice a fault; beyond, some only huge ones do, which the command looks at."""


@pytest.mark.parametrize("name", operators.NAMES)
def test_no_fault_survives(name):
    """A sample is looked at, another in each run; the table, and that no fault is missing in it, in every run."""
    operator = operators.get(name)
    assert len(kinds.faults(operator)) > 200
    found = kinds.noticed(operator, "real", several=1, share=1 if ledger.is_full() else 0.2)
    assert found
    alive = {(fault.operation, fault.kind, fault.n) for fault, cases in found.items() if not cases and fault.n <= LARGE}
    assert alive == set()
    table = operators.folder(name).joinpath("KINDS.md").read_text(encoding="utf-8")
    for fault in kinds.faults(operator):
        cases = found.get(fault, [])
        (row,) = (line for line in table.splitlines() if line.startswith(f"| {fault.operation} | {fault.kind} | "))
        assert all(case in row for case in cases)


def test_a_fault_that_no_case_notices_is_found_alive(monkeypatch):
    operator = operators.get("roi_align")
    monkeypatch.setattr(kinds, "cases_of", lambda _: [])
    assert not any(kinds.noticed(operator, "real").values())
