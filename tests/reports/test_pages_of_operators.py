"""Pages of operators, which are the first axis of the site, and of their rules."""

import pytest

from roikit.conformance import operators
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.results.titles import of_operator as rules
from roikit.reports.model import operator_title, slug
from roikit.reports.pages import operator
from roikit.reports.pages import rules as rules_page


def test_home_and_operators_lead_to_each(built):
    for name in ("index", "operators"):
        page = (built[0] / f"{name}.html").read_text()
        assert all(f'href="{operator.address(each)}"' in page for each in operators.NAMES)


def test_an_operator_says_who_does_it_and_leads_on(built):
    page = (built[0] / operator.address("roi_align")).read_text()
    for part in (
        "onnxruntime",
        "mine",
        "rules/roi-align.html",
        "goldens/roi-align.html",
        "findings.html#onnxruntime",
        "2 new",
    ):
        assert part in page, part
    assert "roikit-torch" not in page
    page = (built[0] / operator.address("prroi_pool")).read_text()
    assert "Nobody was judged by it" in page


@pytest.mark.parametrize("name", operators.NAMES)
def test_every_rule_of_an_operator_stands_there_with_its_text(name):
    shown = rules_page.context(name)
    anchors = [section["anchor"] for section in shown["sections"]]
    assert [anchor for anchor in anchors if anchor in rules(name)] == list(rules(name))
    assert all(section["body"].strip() for section in shown["sections"])
    assert operator._does()[name]
    assert operator_title(name) in shown["title"]


def test_cases_that_rules_name_are_links_and_other_chapters_too():
    body = "".join(section["body"] for section in rules_page.context("roi_align")["sections"])
    assert '<a href="../cases/border-low.html">border-low</a>' in body
    shown = rules_page.context("ps_roi_align")
    assert 'href="roi-align.html"' in shown["introduction"]
    assert 'href="specification.html"' in shown["introduction"]
    assert f'href="{slug("roi_pool")}.html"' in rules_page.shared_context()["introduction"]


def test_a_rule_leads_to_every_case_of_it():
    shown = rules_page.context("roi_pool")
    (body,) = (section["body"] for section in shown["sections"] if section["anchor"] == "RP-4")
    cases = [case.id for case in golden_cases("roi_pool") if "RP-4" in case.rules]
    assert cases
    assert [body.count(f'<a href="../cases/{case}.html">') for case in cases] == [1] * len(cases)
    assert f"Cases: {len(cases)}</summary>" in body
