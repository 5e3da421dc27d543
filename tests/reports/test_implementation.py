"""The page of an implementation, and how one comes there."""

from roikit.conformance.verdict import Verdict
from roikit.reports.files import read_all
from roikit.reports.model import digest
from tests.reports.made import result, write_run


def test_a_case_has_its_numbers_its_reason_its_link_and_a_script(built):
    page = (built[0] / "implementations" / "onnxruntime.html").read_text()
    for part in (
        "border-low",
        "0, 0, 1, 0",
        ">2.5<",
        ">nan<",
        'href="https://example.org/issue"',
        "import onnxruntime",
    ):
        assert part in page, part
    assert "1 call that it does not offer" in page
    assert "equal bit for bit" in page


def test_the_rule_that_is_suspected_is_the_one_that_explains_most(tmp_path):
    runs = [result("x", f"border-{n}", Verdict.CONFORMS, rules=("RA-1",)) for n in range(9)]
    runs += [result("x", "empty", Verdict.DEVIATES, rules=("RA-1", "RA-13"))] * 2
    runs += [result("x", "crash", Verdict.CRASHED, rules=("RA-1", "RA-6"))]
    write_run(tmp_path / "run.ndjson", {"x": "ran"}, runs)
    (implementation,) = digest(read_all([tmp_path / "run.ndjson"])).implementations
    assert [(rule, kind.value, count) for rule, kind, count in implementation.suspects] == [
        ("RA-6", "wrong", 1),
        ("RA-13", "differs", 2),
    ]


def test_from_the_home_page_to_why_in_three_clicks(visit):
    page = visit()
    page.click("text=RA-6 Boundary >> nth=1")  # of onnxruntime: mine stands before it
    assert page.url.endswith("implementations/onnxruntime.html#RA-6")
    page.click("section#RA-6 .cases a")
    details = page.locator("details#border-low")
    assert details.get_attribute("open") is not None
    assert details.locator("td", has_text="nan").is_visible()
    assert details.get_by_text("Reads pixel (0, 0)").is_visible()
    assert details.locator("pre").is_visible()


def test_from_the_home_page_to_footprints_in_three_clicks(visit):
    page = visit()
    page.click("nav >> text=Dialects")
    page.locator("tr", has_text="offset").locator("a").first.click()
    assert "/evidence/roikit.html#" in page.url
    figure = page.locator("img").first
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 300


def test_the_keyboard_reaches_the_content_and_opens_a_case(visit):
    page = visit("implementations/onnxruntime")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("details#border-low summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("details#border-low").get_attribute("open") is not None


def test_a_script_can_be_copied(visit):
    page = visit("implementations/onnxruntime")
    page.evaluate("document.querySelector('details#border-low').open = true")
    page.click("details#border-low .copy")
    page.wait_for_function(
        "['Copied', 'Selected'].includes(document.querySelector('details#border-low .copy').textContent)"
    )


def test_each_cause_has_an_entry(built):
    page = (built[0] / "implementations" / "mine.html").read_text()
    why = page[page.index('id="roi_align-why"') : page.index('id="roi_align-rules"')]
    assert why.count('<li class="card') == 2
    assert (
        "Forward: on 1 of 2 failing calls (3 larger ones fail, too) the results are those of floor instead of ceil"
        in why
    )
    assert "Forward: time ran out (10 s) before all known faults were tried on 1 of 2 failing calls" in why
    assert 'href="#border-low"' in why
    assert 'id="roi_pool-why"' not in page
    assert "-why" not in (built[0] / "implementations" / "onnxruntime.html").read_text()
