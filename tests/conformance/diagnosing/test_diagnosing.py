"""Why cases fail is said by name, where what came is what a known choice or fault gives, and not otherwise."""

import re
import time
from dataclasses import replace

import numpy as np
import pytest

from roikit.conformance import operators
from roikit.conformance.cases import quick
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.diagnosing import hypotheses, search
from roikit.conformance.diagnosing.cause import Failing, Passing
from roikit.conformance.diagnosing.search import diagnose
from roikit.conformance.golden import kinds
from roikit.conformance.golden.noticing import stored
from roikit.conformance.operation import Operation
from roikit.conformance.verdict import Verdict
from roikit.conformance.verdicts.judge import judge_output, wanted

CASES = [c for c in quick.cases_of(golden_cases()) if c.kind == "value" and c.memory != "sparse"]
DTYPE = "float32"


def played(name, dialect, answer, operation=Operation.FORWARD, large=False):
    """What an implementation returns, which answers like this: where it is wrong, and where it is right."""
    failing, passing = [], []
    for case in CASES:
        expectation = case.expectation(dialect, DTYPE)
        if (case.operator, case.operation, quick.is_large(case)) != (name, operation, large) or expectation is None:
            continue
        output = answer(case)
        if judge_output(case, expectation, output, DTYPE, "NCHW").verdict == Verdict.CONFORMS:
            passing.append(Passing(case, dialect, DTYPE))
        else:
            failing.append(Failing(case, dialect, DTYPE, "NCHW", output))
    assert failing
    assert passing
    return failing, passing


def of_dialect(name, dialect):
    oracle = operators.get(name).oracle

    def answer(case):
        values = oracle.values(case.arguments, case.operation, dialect.for_mode(case.mode))
        return stored(values, DTYPE).reshape(case.shape)

    return answer


def right(case, dialect):
    return wanted(case, case.expectation(dialect, DTYPE).answers[0]).values.reshape(case.shape).astype(DTYPE)


CHOICES = {
    "floor instead of ceil for adaptive (RA-4)": ("roi_align", "torchvision", {"adaptive": "floor"}),
    "half instead of none for offset (RA-1)": ("roi_align", "torchvision", {"offset": "half"}),
    "clamp instead of zero for outside (RA-6)": ("roi_align", "torchvision-aligned", {"outside": "clamp"}),
    "half up instead of half away for snap (RP-1)": ("roi_pool", "torchvision", {"snap": "half_up"}),
}


@pytest.mark.parametrize("said", CHOICES)
def test_another_choice_is_named_with_its_rule(said):
    name, dialect, other = CHOICES[said]
    failing, passing = played(name, dialect, of_dialect(name, replace(operators.get(name).dialects[dialect], **other)))
    (cause,) = diagnose("x", failing, passing, 60.0)
    assert (cause.said, cause.explained, cause.examined) == (said, len(failing), len(failing))
    where = "" if name == "roi_align" else f"{name}, "
    assert cause.text == f"{where}forward: on all {len(failing)} failing calls the results are those of {said}"


@pytest.mark.one_in(3)
def test_another_dialect_and_two_choices_together_are_found():
    known = operators.get("roi_align").dialects
    failing, passing = played("roi_align", "torchvision", of_dialect("roi_align", known["opencv"]))
    (cause,) = diagnose("x", failing, passing, 60.0)
    assert cause.said == "the dialect opencv"
    two = replace(known["torchvision"], adaptive="floor", end="plus_one")
    failing, passing = played("roi_align", "torchvision", of_dialect("roi_align", two))
    (cause,) = diagnose("x", failing, passing, 300.0)
    assert cause.said == "plus one instead of exclusive for end (RA-2) and floor instead of ceil for adaptive (RA-4)"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("roi_align", "weights exchanged"),
        ("roi_align", "backward: always the first image"),
        ("roi_align", "x and y of the boxes exchanged"),
        ("roi_pool", "the last of equal pixels wins"),
    ],
)
def test_a_fault_of_a_formula_is_named(name, fault):
    (operation,) = {mutant.operation for mutant in operators.get(name).mutants if mutant.name == fault}
    failing, passing = played(name, "torchvision", of_mutant(name, fault, "torchvision"), operation)
    (cause,) = diagnose("x", failing, passing, 60.0)
    assert cause.said == f"this fault: {fault}"
    assert cause.operation == operation.value


@pytest.mark.parametrize(
    "said",
    [
        "only the first 64 channels are computed",
        "RoIs: index i is taken mod 256",
        "boxes that is reversed is read as if it were not",
    ],
)
def test_a_fault_of_a_launch_or_of_memory_is_named_with_its_size(said):
    operator = operators.get("roi_align")
    known = {re.sub(r"\bn\b", str(f.n), f.kind): f for f in kinds.faults(operator) if f.operation == Operation.FORWARD}

    def answer(case):
        due = wanted(case, case.expectation("torchvision", "float64").answers[0]).values.reshape(case.shape)
        returned = known[said].returned(case, due.copy())
        return (due if returned is None else returned).astype(DTYPE)

    failing, passing = played("roi_align", "torchvision", answer, large=True)
    (cause,) = diagnose("x", failing, passing, 60.0)
    assert cause.said == f"this fault: {said}"


def of_chance():
    """What nothing explains, where the adaptive grid is asked for."""
    chance = np.random.default_rng(1)

    def answer(case):
        due = right(case, "torchvision")
        return due + chance.integers(1, 5, due.shape).astype(DTYPE) if "RA-4" in case.rules else due

    return played("roi_align", "torchvision", answer)


def test_what_no_known_fault_gives_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(search._Search, "_single", lambda _: hypotheses.plain())
    monkeypatch.setattr(search._Search, "_double", lambda _: iter(()))
    failing, passing = of_chance()
    (cause,) = diagnose("x", failing, passing, 60.0)
    count = len(failing)
    assert cause.text == f"forward: no known fault explains {count} of {count} failing calls"
    assert (cause.said, cause.untried, cause.seconds) == ("", "", 60.0)


@pytest.mark.parametrize(
    ("slow", "untried", "said"),
    [
        ("_single", "single", "{ran_out} all known faults were tried on {calls}: "),
        ("_double", "pairs", "no single known fault explains {calls}; {ran_out} all pairs of them were tried: "),
    ],
)
def test_that_time_ran_out_is_said_and_not_that_no_fault_explains_it(monkeypatch, slow, untried, said):
    """Of which some were not tried."""

    def several(_):
        yield from hypotheses.plain()
        time.sleep(0.6)
        yield from hypotheses.plain()

    monkeypatch.setattr(search._Search, "_single", lambda _: hypotheses.plain())
    monkeypatch.setattr(search._Search, slow, several)
    failing, passing = of_chance()
    (cause,) = diagnose("x", failing, passing, 0.5)
    words = said.format(ran_out="time ran out (0.5 s) before", calls=f"{len(failing)} of {len(failing)} failing calls")
    assert cause.text == f"forward: {words}--diagnose-seconds gives more"
    assert (cause.said, cause.untried) == ("", untried)
    assert cause.text_for("--other").endswith(": --other gives more")


def test_a_fault_that_does_not_show_in_the_first_calls_is_found_after_nothing_explains_these():
    """Three small calls are wrong in a way of their own, all others are 0."""
    failing, _ = played("roi_align", "torchvision", lambda case: right(case, "torchvision") * 0)
    failing.sort(key=lambda each: each.output.size)
    failing[:3] = [each._replace(output=right(each.case, "torchvision") + 3) for each in failing[:3]]

    class Short(search._Search):
        def _single(self):
            return hypotheses.plain()

        def _double(self):
            return iter(())

    found = [(said, str(untried), len(calls)) for said, untried, calls in Short(failing, [], ()).run(60.0)]
    assert found == [("a function that returns 0 everywhere", "", len(failing) - 3), ("", "", 3)]


def test_what_contradicts_a_call_that_passes_is_no_cause():
    """Some results are 0, but others are right and not 0."""
    some = iter(range(1000))

    def answer(case):
        due = right(case, "torchvision")
        return due * np.float32(next(some) % 2)

    failing, passing = played("roi_align", "torchvision", answer)
    assert all("returns 0" not in cause.said for cause in diagnose("x", failing, passing, 3.0))
    assert diagnose("x", failing, [], 3.0)[0].said == "a function that returns 0 everywhere"


def of_mutant(name, fault, dialect):
    operator = operators.get(name)
    mutant = replace(next(m for m in operator.mutants if m.name == fault), dtype=DTYPE)
    rules = operator.dialects[dialect]

    def answer(case):
        if not mutant.concerns(rules, case.mode):
            return right(case, dialect)
        return stored(mutant.returned(case.arguments, case.operation, rules, many=False), DTYPE).reshape(case.shape)

    return answer


@pytest.mark.one_in(3)
def test_two_causes_of_different_calls_are_told_apart():
    """Neither is a choice, so that they cannot be one cause."""
    first = of_mutant("roi_align", "weights exchanged", "torchvision")
    other = of_mutant("roi_align", "x and y of the boxes exchanged", "torchvision")
    failing, passing = played("roi_align", "torchvision", lambda case: (other if case.mode == "max" else first)(case))
    failing, passing = failing[::3], [each for each in passing if each.case.mode != "max"]
    causes = diagnose("x", failing, passing, 120.0)
    assert {"this fault: weights exchanged"} <= {cause.said for cause in causes}
    assert len(causes) > 1
    assert sum(cause.explained for cause in causes) == len(failing)


def test_bad_calls_that_go_through_have_one_cause():
    bad = [c for c in quick.cases_of(golden_cases()) if c.kind == "invalid" and c.expectation("torchvision", DTYPE)]
    bad = [case for case in bad if (case.operator, case.operation) == ("roi_align", Operation.FORWARD)]
    assert len(bad) > 3
    chance = np.random.default_rng(1)
    failing = [Failing(c, "torchvision", DTYPE, "NCHW", chance.random(c.shape, np.float32)) for c in bad]
    (cause,) = diagnose("x", failing, [], 5.0)
    assert cause.text.startswith(f"forward: on all {len(bad)} failing calls")
    assert cause.text.endswith("the results are those of a function that pools what must be refused or give NaN")
