"""What the golden cases of operators on pyramids of upright boxes have in common: rules, levels, and how maps lie."""

import json
from functools import cache

import pytest

from roikit.conformance import operators
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import files
from roikit.conformance.operation import Operation
from roikit.conformance.operator import rule_number
from roikit.conformance.operators.multiscale_roi_align.oracle.answers import exactly
from roikit.conformance.operators.multiscale_roi_align.oracle.assembling import places
from roikit.conformance.operators.multiscale_roi_align.oracle.levels import levels_of

RULES = {"multiscale_roi_align": 10, "multiscale_ps_roi_align": 9, "multiscale_weighted_roi_align": 11}
"""Of each operator, how many rules it has."""
EVERY = pytest.mark.parametrize("name", RULES)


@cache
def cases_of(name):
    return [case for case in up_to("small", golden_cases()) if case.operator == name]


def about_levels(name):
    groups = ("levels", "level-gradient", "channels")
    return [case for case in cases_of(name) if case.kind == "value" and case.group in groups]


@EVERY
def test_every_rule_has_cases(name):
    prefix = operators.get(name).prefix
    assert {rule for case in cases_of(name) for rule in case.rules} == {f"{prefix}-{n + 1}" for n in range(RULES[name])}
    assert all(case.id.startswith(f"{prefix.lower()}-") for case in cases_of(name))
    for file in case_files(name):
        for case in json.loads(file.read_text())["cases"]:
            assert case["rules"] == sorted(case["rules"], key=rule_number), case["id"]


@EVERY
def test_rules_cite_their_cases(name):
    documents = [json.loads(file.read_text()) for file in case_files(name)]
    text = case_files(name)[0].parent.parent.joinpath("RULES.md").read_text()
    assert files.cite(text, documents) == text


@EVERY
def test_main_dialects_make_every_choice_that_a_dialect_makes(name):
    operator = operators.get(name)
    for point in operator.probes.points:
        named = {getattr(rules, point) for rules in operator.dialects.values()}
        assert {getattr(operator.dialects[main], point) for main in operator.main_dialects} == named, point


@EVERY
def test_maps_lie_one_below_the_other(name):
    for case in (case for case in cases_of(name) if case.kind != "error"):
        *_, height, width = case.arguments["input"]["shape"]
        where = places(case.arguments)
        assert where[-1][0].stop == height, case.id
        assert max(columns.stop for _, columns in where) == width, case.id


@EVERY
def test_no_rounding_decides_a_level_in_float64(name):
    for case in about_levels(name):
        for rules in operators.get(name).dialects.values():
            assert all(len(levels) == 1 for levels in levels_of(case.arguments, rules, "float64")), case.id


@EVERY
def test_cases_reach_every_level(name):
    """Under each rule there are boxes of every level."""
    operator = operators.get(name)
    for main in operator.main_dialects:
        seen = set()
        for case in about_levels(name):
            if case.operation == Operation.FORWARD and len(case.arguments.get("level_sizes", ())) == 4:
                seen |= set(exactly(case.arguments, operator.dialects[main]))
        assert {0, 1, 2, 3} <= seen, main


@EVERY
def test_several_levels_are_read_in_every_operation(name):
    operator = operators.get(name)
    rules = operator.dialects[operator.main_dialects[0]]
    seen = {
        case.operation
        for case in cases_of(name)
        if case.kind == "value" and len(set(exactly(case.arguments, rules))) > 1
    }
    assert seen == set(operator.operations)
