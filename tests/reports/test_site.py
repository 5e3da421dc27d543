"""The site, as files and as a reader has it: in a real browser, if there is one."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from roikit.conformance import operators
from roikit.conformance.documents import read_text
from roikit.conformance.results.file import ResultFile
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.verdict import Judgement, Verdict
from roikit.reports.files import read_all
from roikit.reports.model import Implementation, digest, operator_title, page_name, web_address

NASTY = "</script><script>window.broken = 1</script> & <b>\"quoted\"</b> 'x'"
RECORDED = Path(__file__).parents[2] / "reports" / "recorded"
DETECTED = ("torchvision", "mmcv")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAGES = (
    "index",
    "matrix",
    "dialects",
    "example",
    "differences",
    "goldens",
    "goldens/roi-align",
    "performance",
    "implementations/onnxruntime",
    "evidence/roikit",
)
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def result(
    name, case, verdict, reason="", rules=("RA-6",), dialect="onnx-16", dtype="float32", operator="roi_align", **more
):
    return Result(
        implementation=name, dialect=dialect, case=case, operator=operator, group=case.partition("-")[0], rules=rules,
        operation="forward", mode="avg", dtype=dtype, layout="NCHW", judgement=Judgement(verdict, reason, **more), seconds=0.1,
    )  # fmt: skip


def write_run(path, subjects, results, *, close=True):
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        for name, state in subjects.items():
            about = {
                "version": "1.2", "homepage": "https://example.org", "dialects": ["onnx-16"], "modes": ["avg"],
                "dtypes": ["float32"], "layouts": ["NCHW"], "operations": ["forward"],
            }  # fmt: skip
            file.add_subject(Subject(implementation=name, state=state, description=about if state == "ran" else None))
        for each in results:
            file.add(each)
        if close:
            file.close()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Result files of every kind, in a directory."""
    folder = tmp_path_factory.mktemp("results")
    difference = {"index": [0, 0, 1, 0], "expected": 2.5, "got": "nan"}
    known = "Reads pixel (0, 0) (https://example.org/issue) — deviates: 1 of 4 values differ"
    write_run(
        folder / "run.ndjson",
        {"onnxruntime": "ran", "roikit": "ran", "mine": "ran", "paddle": "absent"},
        [
            result(
                "onnxruntime",
                "border-low",
                Verdict.KNOWN,
                known,
                difference=difference,
                listed=Verdict.DEVIATES,
                not_finite=True,
            ),
            result("onnxruntime", "article-example", Verdict.CONFORMS, rules=("RA-1", "RA-8")),
            result("onnxruntime", "border-high", Verdict.UNSUPPORTED),
            result("roikit", "article-example", Verdict.CONFORMS, rules=("RA-1", "RA-8"), error_over_bound=0.25),
            result("roikit", "article-example", Verdict.CONFORMS, rules=("RA-1", "RA-8"), dtype="float64"),
            result("mine", "border-low", Verdict.DEVIATES, NASTY, dialect=NASTY, difference=difference | {"got": 3.0}),
            result("mine", "border-top", Verdict.CRASHED, NASTY),
            result("roikit", "rp-snap", Verdict.CONFORMS, rules=("RP-1",), operator="roi_pool", dialect="torchvision"),
            result("mine", "rp-snap", Verdict.DEVIATES, NASTY, rules=("RP-1", "RP-4"), operator="roi_pool"),
        ],
    )
    write_run(folder / "cut.ndjson", {"late": "ran"}, [result("late", "border-low", Verdict.CONFORMS)], close=False)
    for name, key in (
        ("detections/2026-11-25.json", "detections"),
        ("conformance/footprints-2026-11-25.json.gz", "footprints"),
    ):
        document = json.loads(read_text(RECORDED / name))
        document[key] = [
            found for found in document[key] if found["implementation"] == "roikit" and found["dialect"] in DETECTED
        ]
        assert document[key]
        (folder / f"{key}.json").write_text(json.dumps(document))
    shutil.copy(RECORDED / "conformance" / "example-2026-11-25.json", folder)
    for file in (RECORDED / "differences").iterdir():
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def built(results, a_record, tmp_path_factory, report):
    """A site of them; a path and what was said."""
    out = tmp_path_factory.mktemp("site") / "out"
    done = report("site", results, a_record, "--out", out)
    assert done.exit_code == 0, done.stderr
    return out, done.stdout


class Links(HTMLParser):
    """Where a page leads to, what it loads, and where it can be entered."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if "id" in found:
            assert found["id"] not in self.ids, f"{found['id']} stands twice"
            self.ids.add(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        self.loads += [found[name] for name in ("src", "data") if name in found] + (
            [found["href"]] if tag == "link" else []
        )


@pytest.fixture(scope="module")
def parsed(built):
    out, _ = built
    return {path: Links(path.read_text()) for path in out.rglob("*.html")}


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(built, parsed):
    assert len(parsed) == 7 + len(operators.NAMES) + 4 + 1
    for path, page in parsed.items():
        for link in page.links:
            if link.startswith("https://"):
                continue
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target in parsed, f"{path.name}: {link}"
            assert not anchor or anchor in parsed[target].ids, f"{path.name}: {link}"
        assert page.loads
        assert all((path.parent / load).is_file() for load in page.loads)


def test_what_it_is_made_of_is_said_and_so_is_what_was_cut_off(built):
    out, said = built
    assert "cut.ndjson ends before its run did" in said
    home = (out / "index.html").read_text()
    assert "Incomplete: cut.ndjson" in home
    assert "paddle" in home
    assert "absent" in home
    assert "1 new" in home or "2 new" in home  # of mine
    assert "commit 6eddd64bf8" in home


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


def test_what_an_implementation_says_stays_text(built):
    for path in built[0].rglob("*.html"):
        assert "<script>window.broken" not in path.read_text(), path.name


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
    assert bool(Implementation(subject, None, {}).homepage) == leads


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


def test_the_newest_run_of_an_implementation_counts(results, tmp_path):
    old = [json.loads(line) for line in (results / "run.ndjson").read_text().splitlines()]
    old[0]["started"] = "2020-01-01T00:00:00+00:00"
    for record in old:
        if record["type"] == "implementation" and record["description"]:
            record["description"]["version"] = "0.1"
    (tmp_path / "old.ndjson").write_text(
        "".join(json.dumps(record) + "\n" for record in old if record.get("implementation") != "mine")
    )
    site = digest(read_all([results / "run.ndjson", tmp_path / "old.ndjson"]))
    assert [i.name for i in site.implementations] == ["roikit", "mine", "onnxruntime"]
    assert {i.version for i in site.implementations} == {"1.2"}


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


@pytest.fixture(scope="module")
def browser():
    """A browser of the system."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"there is no browser: none of {', '.join(BROWSERS)}")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, built):
    """Opens pages of the site; what went wrong or was asked for elsewhere fails the test."""
    faults, contexts = [], []

    def open_page(name="index", size="desktop", scheme="light"):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith("file://") else faults.append(request.url))
        page.goto((built[0] / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


THIN = """
for (const each of document.querySelectorAll("tr, li, details"))
  if ([...each.parentElement.children].filter((other) => other.tagName === each.tagName).indexOf(each) >= 6)
    each.classList.add("more");
document.querySelectorAll(".more").forEach((each) => each.remove());
"""  # of rows that one line of a template writes the first few are as good as hundreds, which take half a minute


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_a_page_is_accessible_and_no_wider_than_its_window(visit, page, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    opened = visit(page, size, scheme)
    opened.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert opened.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    opened.evaluate(THIN)
    found = Axe().run(opened, options={"preload": False})  # of style sheets, which would be fetched
    assert found.violations_count == 0, found.generate_report()
    assert opened.evaluate("window.broken") is None


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
    assert page.locator("section#roi_pool thead").inner_text().split() == ["implementation", "RP-1", "RP-4"]
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
