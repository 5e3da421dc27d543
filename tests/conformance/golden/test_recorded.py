"""What is written down of golden cases, what they expect and which faults they notice, is what is computed.

What has changed is computed; of what the ledger of an operator has sealed a sample is, and with ROIKIT_LEDGER=full all of it.
"""

import json
from dataclasses import replace
from functools import cache

import pytest

from roikit.conformance import operators
from roikit.conformance.cases.case import case_files
from roikit.conformance.golden import adequacy, files, of_operator
from roikit.conformance.golden.ledger import Ledger
from roikit.conformance.golden.noticing import noticed
from roikit.conformance.golden.of_operator import CERTIFICATE, EXPECTATIONS

pytestmark = pytest.mark.every_run

SAMPLED = 0.125  # of what the commands sample, which are run less often
OPERATORS = {operator.name: operator for operator in operators.everyone()}
UPDATE = "python -m roikit.conformance.golden conformance, and the same of golden.adequacy, bring it up to date"

every_operator = pytest.mark.parametrize("name", OPERATORS)


@cache
def documents_of(name):
    return [json.loads(file.read_text(encoding="utf-8")) for file in case_files(name)]


@cache
def cases_of(name):
    """The cases of an operator as its files have them, by id."""
    return {case["id"]: case for document in documents_of(name) for case in document["cases"]}


@cache
def due_expectations(name):
    return of_operator.ledgers(name)[EXPECTATIONS].due(
        files.rows_of(documents_of(name)), files.code_of(name), SAMPLED * files.SHARE
    )


@cache
def due_certificate(name):
    return of_operator.ledgers(name)[CERTIFICATE].due(
        adequacy.rows_of(OPERATORS[name]), adequacy.code_of(name), SAMPLED * adequacy.SHARE
    )


@every_operator
def test_cases_expect_what_the_oracle_computes(name, record_property):
    due, cases = due_expectations(name), cases_of(name)
    record_property("ledger", [f"cases of {name}", *due.sizes])
    computed = {row.name: files.parts_of((name, cases[row.name])) for row in due.rows}
    assert due.complaints(computed) == [], UPDATE


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a fault may compute with what no type holds
@every_operator
def test_cases_notice_the_faults_that_the_certificate_has(name, record_property):
    due = due_certificate(name)
    record_property("ledger", [f"certificate of {name}", *due.sizes])
    cases = {case.id: case for case in adequacy.cases_of(OPERATORS[name])}
    assert due.complaints({row.name: noticed(cases[row.name]) for row in due.rows}) == [], UPDATE


@pytest.mark.one_in(10)
@pytest.mark.parametrize("file", case_files(), ids=lambda file: file.name)
def test_a_case_file_is_laid_out_as_the_command_writes_it(file):
    text = file.read_text(encoding="utf-8")
    assert files.arranged(json.loads(text), {}) == text


@pytest.mark.one_in(5)
@every_operator
def test_a_certificate_is_laid_out_as_the_command_writes_it(name):
    operator, folder = OPERATORS[name], operators.folder(name)
    found = adequacy.by_fault(operator, adequacy.recorded(name))
    cases = adequacy.cases_of(operator)
    assert folder.joinpath("adequacy.json").read_text(encoding="utf-8") == adequacy.as_json(operator, found, cases)
    assert folder.joinpath("ADEQUACY.md").read_text(encoding="utf-8") == adequacy.as_table(operator, found, cases)


@every_operator
def test_no_fault_survives_under_any_dialect_that_it_concerns(name):
    operator = OPERATORS[name]
    found = adequacy.by_fault(operator, adequacy.recorded(name))
    assert adequacy.survivors(operator, found) == []
    assert len(found) == len(operator.mutants) == len({mutant.name for mutant in operator.mutants})
    assert set(adequacy.blind(found, adequacy.cases_of(operator))) <= set(operator.blind)


@pytest.fixture
def sampled(monkeypatch):
    """A run that samples, by some seed."""
    monkeypatch.delenv("ROIKIT_LEDGER", raising=False)
    monkeypatch.setenv("ROIKIT_LEDGER_SEED", "1")
    return monkeypatch


def due_of(rows, sealed):
    """What is due of some rows by a ledger that seals these, by the code of today."""
    return Ledger.of("today", sealed).due(rows, "today", 0)


def complaints_about_cases(cases, sealed):
    """What is said of cases, in a run in which the ledger has sealed these."""
    due = due_of([files.row(case) for case in cases], [files.row(case) for case in sealed])
    by_id = {case["id"]: case for case in cases}
    return due.complaints({row.name: files.parts_of(("roi_align", by_id[row.name])) for row in due.rows})


def test_an_expectation_that_was_changed_is_seen_at_once_and_one_that_was_sealed_besides_when_it_is_sampled(sampled):
    right = cases_of("roi_align")["place-two-by-two"]
    wrong = json.loads(json.dumps(right))
    wrong["expected"][0]["output"][0][0][0][0] += 1
    assert complaints_about_cases([right], []) == []
    (changed,) = complaints_about_cases([wrong], [right])
    assert changed.startswith("place-two-by-two: the ledger is out of date: expected: ")
    (forged,) = complaints_about_cases([wrong], [wrong])
    assert forged.startswith(
        "place-two-by-two: its seal is right, but its value is not what comes of it; ROIKIT_LEDGER_SEED=1 "
    )
    other = json.loads(json.dumps(right))
    other["arguments"]["sampling_ratio"] = [1, 1]
    (stale,) = complaints_about_cases([other], [right])
    assert stale.startswith("place-two-by-two: the ledger is out of date: ")
    claims = {**right, "certificate": {"bits": 3}}
    assert complaints_about_cases([claims], [right])


@pytest.mark.parametrize(("case", "claim"), [("place-two-by-two", "fragile"), ("fragile-minus-one-y", "exact")])
def test_a_case_is_not_sealed_that_is_wrong_about_whether_rounding_decides(case, claim):
    right = cases_of("roi_align")[case]
    assert files.parts_of(("roi_align", right))
    with pytest.raises(files.FalseClaimError, match=f"{case} claims to be {claim}, but is "):
        files.parts_of(("roi_align", {**right, "claims": claim}))


def test_a_certificate_that_claims_too_much_or_too_little_is_seen(sampled):
    operator = OPERATORS["roi_align"]
    row = next(row for row in adequacy.rows_of(operator) if row.name == "place-two-by-two")
    (case,) = (case for case in adequacy.cases_of(operator) if case.id == row.name)
    computed = {row.name: noticed(case)}
    fault, dialects = next(iter(row.value.items()))
    for claimed in ({fault: dialects[1:]}, {"exactly -1 and exactly H are outside": ["torchvision"]}):
        wrong = replace(row, value={**row.value, **claimed})
        assert due_of([wrong], [row]).complaints(computed)[0].startswith(f"{row.name}: the ledger is out of date")
        assert due_of([wrong], [wrong]).complaints(computed)[0].startswith(f"{row.name}: its seal is right, but")
    assert due_of([row], [row]).complaints(computed) == []


def test_the_ledgers_cover_everything_and_a_full_run_computes_all_of_it(sampled):
    """Where code or cases have changed since, this says no more than the tests above."""
    for name, operator in OPERATORS.items():
        both = of_operator.ledgers(name)
        assert list(both[EXPECTATIONS].seals) == list(cases_of(name)), UPDATE
        rows = adequacy.rows_of(operator)
        assert list(both[CERTIFICATE].seals) == [row.name for row in rows], UPDATE
        sampled.setenv("ROIKIT_LEDGER", "full")
        assert sum(both[CERTIFICATE].due(rows, adequacy.code_of(name), SAMPLED * adequacy.SHARE).sizes) == len(rows)
        sampled.delenv("ROIKIT_LEDGER")
