"""Pages of golden cases: inputs, answers, what came, rules and faults."""

import re

import numpy as np
import pytest

from roikit.conformance import operators
from roikit.conformance.arrays import leaves
from roikit.reports import calls
from roikit.reports.files import Inputs, read_all
from roikit.reports.model import Site, digest, golden
from roikit.reports.pages import case, case_figure
from roikit.reports.plane import Plane

NOBODY = case.Answers(Site(Inputs(), [], []))


def test_inputs_and_answers_are_there_as_numbers_and_drawn(built):
    page = (built[0] / case.address("border-low")).read_text()
    known = golden()["border-low"]
    shown = [line.split() for line in re.search(r'aria-label="input">([^<]*)<', page)[1].splitlines()]
    assert shown == [[calls.number(value) for value in row] for row in known.arguments["input"]["rows"]]
    due = re.search(r'aria-label="due">([^<]*)<', page)[1].split()
    assert list(map(float, due)) == [float(value) for value in leaves(known.expected[0].output)]
    assert "<svg" in page
    assert "each row an image, x1, y1, x2, y2" in page
    assert 'href="../rules/roi-align.html#RA-6"' in page


def test_what_each_implementation_returned_stands_beside_the_answer(built):
    page = (built[0] / case.address("border-low")).read_text()
    came = page[page.index('id="answers"') : page.index('id="faults"')]
    assert [name in came for name in (">onnxruntime<", ">mine<", ">roikit<")] == [True, True, False]
    assert re.search(r"onnxruntime<.*?deviates, known.*?0, 0, 1, 0.*?2\.5.*?nan", came, re.DOTALL)
    assert came.index(">onnxruntime<") < came.index(">late<")  # what is wrong first
    page = (built[0] / case.address("article-example")).read_text()
    assert re.search(r"roikit<.*?as due.*?2 calls.*?greatest error 0\.25", page, re.DOTALL)
    assert "Nobody was asked it" in (built[0] / case.address("place-thin")).read_text()


def test_dialects_with_the_same_numbers_are_one_row(results):
    shown = case.Answers(digest(read_all([results / "run.ndjson"]))).of("article-example")
    assert [(each["name"], each["right"], each["rows"]) for each in shown] == [
        ("roikit", 2, []),
        ("onnxruntime", 1, []),
    ]
    rows = [
        {"verdict": "deviates", "index": "0", "expected": "1", "got": "2", "places": "p", "dialect": d} for d in "ab"
    ]
    assert [row["dialects"] for row in case._by_numbers(rows)] == [["a", "b"]]


def test_the_faults_that_it_notices_are_those_of_the_certificate():
    known = case.certificate("roi_align")
    name, bits = next(iter(known["faults"].items()))
    noticing = {c for c, mask in zip(known["cases"], bytes.fromhex(bits), strict=True) if mask}
    assert noticing
    assert {c for c, names in case._faults("roi_align").items() if name in names} == noticing


@pytest.mark.one_in(4)
@pytest.mark.parametrize("operator", operators.NAMES)
def test_every_case_has_a_page_that_says_what_is_due(operator):
    for known in golden().values():
        if known.operator != operator:
            continue
        shown = case.context(known, NOBODY)
        names = {dialect for each in shown["expected"] for dialect in each["dialects"]}
        assert names == {dialect for each in known.expected for dialect in each.dialects}
        assert {each.name for each in shown["arrays"]} >= {"input", "boxes"}
        assert all(each.text for each in shown["arrays"])
        assert shown["returned"]
        for each in shown["expected"][:1]:
            assert [numbers.is_whole for numbers in each["alternatives"]]


def test_a_large_case_is_said_by_its_rule(built):
    known = next(c for c in golden().values() if c.enlarged and c.enlarged.rois > 1000)
    page = (built[0] / case.address(known.id)).read_text()
    assert f"{known.enlarged.rois:,} RoIs, which repeat the small call below" in page
    assert len(page) < 30_000


# ---- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1, "1"),
        (2.0, "2"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (1e30, "1e+30"),
        ("nan", "nan"),
        (None, "–"),
        (1 / 3, repr(1 / 3)),
    ],
)
def test_a_number_is_said_exactly(value, said):
    assert calls.number(value) == said


def test_numbers_stand_in_columns_and_planes_apart():
    numbers = calls.as_text("x", [[[[1, 20], [3, 4]], [[5, 6], [7, 8]]]], (1, 2, 2, 2), "N C H W")
    assert numbers.text == " 1 20\n 3  4\n\n 5  6\n 7  8"
    assert numbers.size == "1 × 2 × 2 × 2: images, channels, rows, columns"
    assert numbers.is_whole
    many = calls.as_text("x", [[[[1.5] * 20] * 20]], (1, 1, 20, 20), "N C H W")
    assert (many.text.startswith("400 numbers, the first of them 1.5 1.5"), many.is_whole) == (True, False)


# ---- drawings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["roi_align", "crop_and_resize"])
def test_boxes_are_drawn_where_they_lie(operator):
    arguments = {"input": {"shape": [2, 1, 5, 9], "rows": []}, "boxes": [[1, 0.25, 0.5, 1, 0.75], [0, "nan", 0, 1, 1]]}
    if operator == "roi_align":
        arguments["spatial_scale"] = [2, 4]
    found = case_figure.rectangles(arguments, operator)
    assert found == [((1.0, 1.0, 4.0, 1.5) if operator == "roi_align" else (4.0, 1.0, 6.0, 4.0), 1)]


def test_pixels_are_shaded_by_their_numbers_each_once():
    plane = Plane((-0.5, -0.5, 2.5, 1.5), 10)
    plane.shade(np.array([[1, 1, -2], [0, np.nan, 2]]), "blue", "orange")
    squares = re.findall(r'fill:([^;]+);fill-opacity:([\d.]+)" d="([^"]*)"', plane.content)
    assert {(colour, path) for colour, _, path in squares} == {
        ("blue", "M0 0h20v10h-20z"),
        ("orange", "M20 0h10v10h-10z"),
        ("#1a2127", "M10 10h10v10h-10z"),
        ("blue", "M20 10h10v10h-10z"),
    }
    assert float(squares[0][1]) != float(squares[1][1])


def test_what_lies_far_away_stays_in_numbers_that_browsers_have():
    plane = Plane((-1, -1, 5, 5), 10)
    plane.rectangle((-1e30, 0, 3e38, 1), "red")
    assert "H10000V" in plane.content
    assert "e+3" not in plane.content
