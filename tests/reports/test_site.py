"""The whole site: its links, its addresses, what it is made of, and each kind of page in a real browser, if there is one."""

import html
import re
from types import SimpleNamespace

import pytest

from roikit.conformance import operators
from roikit.reports.model import Conformance, Implementation, golden, page_name, web_address
from tests.reports.conftest import RECORDED, SIZES

PAGES = (
    "index",
    "operators",
    "operators/roi-align",
    "operators/prroi-pool",  # by which nobody was judged
    "rules/roi-align",
    "rules/specification",
    "findings",
    "findings/onnxruntime-roi-align-*",
    "matrix",
    "dialects",
    "example",
    "differences",
    "goldens",
    "goldens/roi-align",
    "performance",
    "implementations/onnxruntime",
    "implementations/mine",
    "evidence/roikit",
    "cases/border-low",
    "cases/h-images",
    "cases/z-rois-9",
)
LEADS = re.compile(r'<a [^>]*?href="([^"]*)"')
LOADS = re.compile(r'<(?:link|script|img)\b[^>]*? (?:href|src)="([^"]*)"')
IDS = re.compile(r'\sid="([^"]*)"')


@pytest.fixture(scope="module")
def pages(built):
    """The text of every page."""
    return {path: path.read_text(encoding="utf-8") for path in built[0].rglob("*.html")}


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(built, pages):
    made = sum(1 for path in pages if path.parent.name not in ("cases", "findings"))
    assert made == 10 + 3 * len(operators.NAMES) + 1 + 4 + 1  # those of operators, implementations, evidence
    assert sum(path.parent.name == "cases" for path in pages) == len(golden())
    ids = {path: IDS.findall(text) for path, text in pages.items()}
    assert {path.name: found for path, found in ids.items() if len(set(found)) < len(found)} == {}
    places = {path: set(found) for path, found in ids.items()}
    files = {path.resolve() for path in built[0].rglob("*")}
    for path, text in pages.items():
        for link in map(html.unescape, LEADS.findall(text)):
            if link.startswith("https://"):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file.partition("?")[0]).resolve() if file else path
            assert target in files, f"{path.name}: {link}"
            assert not anchor or anchor in places[target], f"{path.name}: {link}"
        loads = LOADS.findall(text)
        assert len(loads) >= 2
        assert all((path.parent / load).resolve() in files for load in loads)


def test_each_pair_that_was_compared_has_its_words(built):
    page = html.unescape((built[0] / "differences.html").read_text(encoding="utf-8"))
    assert page.count("boxes that differ") >= len(list((RECORDED / "differences").iterdir())) > 3
    for title in ("RoIAlign: torchvision → mindspore", "RoIPool: torchvision → openvino"):
        assert title in page


def test_pages_are_small_and_so_is_the_site(built, pages):
    cases = [len(text.encode()) for path, text in pages.items() if path.parent.name == "cases"]
    assert max(cases) < 60_000
    assert sum(cases) < 11_000 * len(cases)  # however many operators there are
    sizes = [path.stat().st_size for path in built[0].rglob("*") if path.is_file()]
    assert sum(sizes) < 11_500 * len(sizes)


def test_what_it_is_made_of_is_said_and_so_is_what_was_cut_off(built):
    out, said = built
    assert "cut.ndjson ends before its run did" in said
    home = (out / "index.html").read_text()
    assert "Incomplete: cut.ndjson" in home
    assert "paddle" in home
    assert "absent" in home
    assert "1 new" in home or "2 new" in home  # of mine
    assert "commit 6eddd64bf8" in home


def test_what_an_implementation_says_stays_text(pages):
    for path, text in pages.items():
        assert "<script>window.broken" not in text, path.name


@pytest.mark.parametrize(
    ("homepage", "leads"),
    [
        ("https://example.org/a?b=1", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)//https://", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("//example.org", False),
        (" javascript:alert(1)", False),
        ("https://a b", False),
    ],
)
def test_a_page_leads_to_nothing_but_the_web(homepage, leads):
    assert bool(web_address(homepage)) == leads
    described = {"version": "1", "homepage": homepage}
    subject = {"implementation": "x", "state": "ran", "reason": "", "description": described}
    judged = {"roi_align": [Conformance("roi_align", subject, SimpleNamespace(started=0), [])]}
    assert bool(Implementation(subject, judged).homepage) == leads


def test_every_implementation_has_a_page_of_its_own_that_lies_in_its_folder():
    names = [
        "a.b",
        "a-b",
        "A-b",
        "a_b",
        "模型",
        "模",
        "",
        "../x",
        "/etc/x",
        "..",
        "a" * 300,
        "a" * 301,
        "mine:roi_align",
        "roikit-torch",
    ]
    pages = [page_name(name) for name in names]
    assert len(set(pages)) == len(names)
    assert all(re.fullmatch("[a-z0-9-]{1,120}", page) for page in pages)
    assert page_name("roikit-torch") == "roikit-torch"


def test_a_directory_of_something_else_is_left_alone(results, tmp_path, report):
    (tmp_path / "mine.txt").write_text("precious")
    done = report("site", results / "run.ndjson", "--out", tmp_path)
    assert done.exit_code == 2
    assert "exists and is no site of roikit" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "precious"
    done = report("site", tmp_path / "mine.txt", "--out", tmp_path / "site")
    assert (done.exit_code, "mine.txt: is no result file" in done.stderr) == (2, True)
    assert not (tmp_path / "site").exists()


THIN = """
for (const each of document.querySelectorAll("tr, li, details"))
  if ([...each.parentElement.children].filter((other) => other.tagName === each.tagName).indexOf(each) >= 6)
    each.classList.add("more");
document.querySelectorAll(".more").forEach((each) => each.remove());
"""  # of rows that one line of a template writes the first few are as good as hundreds, which take half a minute


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_a_page_is_accessible_and_no_wider_than_its_window(visit, built, page, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    (name,) = (path.relative_to(built[0]).with_suffix("") for path in built[0].glob(f"{page}.html"))
    opened = visit(name, size, scheme)
    opened.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert opened.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    opened.evaluate(THIN)
    found = Axe().run(opened, options={"preload": False})  # of style sheets, which would be fetched
    assert found.violations_count == 0, found.generate_report()
    assert opened.evaluate("window.broken") is None
