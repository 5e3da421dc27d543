"""The matrix, whose filters are a script's."""

import re

from roikit.reports.model import operator_title
from roikit.reports.pages import matrix


def rows(page):
    return page.locator(".matrix tbody tr").count()


def matrices(page):
    return page.locator(".matrix").all_inner_texts()


def test_the_matrix_filters_and_keeps_the_filter_in_its_address(visit):
    page = visit("matrix")
    page.wait_for_function("document.getElementById('shown').textContent === '6 rows'")
    before = matrices(page)
    page.select_option("select[name=dtype]", "float64")
    assert rows(page) == 1
    assert "float64" in page.locator("#shown").inner_text()
    page.reload()
    assert rows(page) == 1
    page.click("button[type=reset]")
    page.wait_for_function("document.querySelectorAll('.matrix tbody tr').length === 6")
    page.select_option("select[name=kind]", "2")
    assert page.locator(".matrix td.wrong").count() == 2
    page.click("button[type=reset]")
    page.check("input[name=apart]")
    assert rows(page) == 7
    page.fill("input[name=dialect]", "onnx")
    assert rows(page) == 5
    page.click("button[type=reset]")
    page.wait_for_function("document.getElementById('shown').textContent === '6 rows'")
    assert matrices(page) == before


def test_the_matrix_of_one_operator_can_be_had_alone_and_linked_to(visit):
    page = visit("matrix")
    page.select_option("select[name=operator]", "roi_pool")
    assert page.locator("#shown").inner_text() == f"2 rows: {operator_title('roi_pool')}"
    assert page.url.endswith("?operator=roi_pool")
    page.reload()
    assert [page.locator(f"section#{name}").is_visible() for name in ("roi_align", "roi_pool")] == [False, True]
    assert page.locator("section#roi_pool thead").inner_text().split() == [
        "implementation",
        "RP-1",
        "Snap",
        "RP-4",
        "Edges",
    ]
    page.locator("section#roi_pool td.differs a").first.click()
    assert page.url.endswith("implementations/mine.html#RP-1")
    page.go_back()
    page.click("button[type=reset]")
    page.wait_for_function("document.getElementById('shown').textContent === '6 rows'")
    assert page.locator("section#roi_align").is_visible()


def test_without_scripts_the_matrix_is_the_same(browser, built, visit):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((built[0] / "matrix.html").as_uri())
    plain = matrices(page)
    context.close()
    assert len(plain) == 2
    assert plain == matrices(visit("matrix"))


def test_a_header_says_what_its_rule_is_and_no_column_is_cut_off(visit, built):
    page = visit("matrix")
    assert "Boundary" in page.locator("section#roi_align thead").inner_text()
    table = page.locator("section#roi_align .scroll")
    assert table.evaluate("(each) => each.scrollWidth <= each.clientWidth")


def test_a_cell_is_the_stronger_the_larger_the_part_of_what_is_wrong(built):
    text = (built[0] / "matrix.html").read_text()
    parts = [int(part) for part in re.findall(r"--part: (\d+)%", text)]
    assert parts
    assert matrix.shade(2, 428) < matrix.shade(122, 730) < matrix.shade(5, 5) == 100
