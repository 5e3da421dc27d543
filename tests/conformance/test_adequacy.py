"""The golden cases notice every fault that we could think of, and the certificate that says so is true."""

import json
from importlib.resources import files

import pytest

from roikit.conformance import adequacy
from roikit.conformance.case import load_cases
from roikit.conformance.mutants import MUTANTS, Mutant, main_dialects

CERTIFICATE = files("roikit.conformance").joinpath("adequacy.json")

# Cases without a single value: they ask for the shape of an output that is empty, and what computes values cannot fail them.
WITHOUT_VALUES = {"no-rois", "no-channels", "no-images"}


@pytest.fixture(scope="module")
def killers():
    return adequacy.certificate(load_cases())


def test_no_fault_survives_under_any_dialect_that_it_concerns(killers):
    assert adequacy.survivors(killers) == []
    assert len(killers) == len(MUTANTS) >= 40


def test_the_certificate_is_what_the_cases_give(killers):
    assert CERTIFICATE.read_text() == adequacy.render(killers)


def test_every_case_notices_something():
    killers = json.loads(CERTIFICATE.read_text())
    useful = {case for found in killers.values() for ids in found.values() for case in ids}
    cases = {case.id for case in load_cases() if case.kind == "value"}
    assert cases - useful == WITHOUT_VALUES


@pytest.mark.parametrize("name", main_dialects())
def test_an_implementation_without_a_fault_is_noticed_by_none(name):
    flawless = Mutant("none")
    dialect = main_dialects()[name]
    assert [
        case.id for case in load_cases() if case.kind == "value" and adequacy.notices(case, flawless, name, dialect)
    ] == []


def test_fewer_cases_would_let_faults_survive():
    """The certificate is not vacuous: without the border cases, faults of the boundary rule go unnoticed."""
    fewer = [case for case in load_cases() if case.group == "placement"]
    alive = adequacy.survivors(adequacy.certificate(fewer))
    assert "outside begins at -1/2 (torchvision)" in alive
    assert "outside begins at H + 1 (torchvision)" in alive
