"""The catalogue of published numbers: well formed, complete, and the oracle says of each entry what is recorded."""

import copy
import json
from fractions import Fraction
from importlib.resources import files

import jsonschema
import pytest

from roikit.conformance import operators
from roikit.conformance.golden import files as golden_files
from roikit.conformance.golden import published
from roikit.conformance.golden.published import Verdict
from roikit.kernels.dialects.roi_align import DIALECTS

PACKAGE = files("roikit.conformance")
TEXT = PACKAGE.joinpath("operators/roi_align/published.json").read_text(encoding="utf-8")
CATALOGUE = json.loads(TEXT)
ENTRIES = {entry["id"]: entry for entry in CATALOGUE["entries"]}
NOT_EXPRESSIBLE = {entry["id"] for entry in CATALOGUE["not_expressible"]}
OPERATOR = operators.get("roi_align")
SURVEYED = 120  # entries of the survey of public goldens


@pytest.fixture(scope="module")
def comparisons():
    return {comparison.id: comparison for comparison in published.compare()}


def altered(name, **changes):
    """Returns a catalogue of one entry, changed."""
    catalogue = copy.deepcopy(published.load_catalogue())
    entry = next(entry for entry in catalogue["entries"] if entry["id"] == name)
    return {**catalogue, "entries": [{**entry, **changes}], "not_expressible": []}


def test_the_catalogue_is_what_its_schema_says():
    schema = json.loads(PACKAGE.joinpath("schema/published.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(CATALOGUE, schema)


def test_the_catalogue_has_one_line_for_each_row_of_numbers():
    assert golden_files.render(CATALOGUE) == TEXT


def test_every_entry_of_the_survey_is_accounted_for():
    survey = CATALOGUE["survey"]
    about = [name for names in survey["roi_align"].values() for name in names]
    other = [entry["id"] for entry in survey["other"]]
    assert len(about) + len(other) == len({*about, *other}) == SURVEYED
    assert set(about) <= ENTRIES.keys() | NOT_EXPRESSIBLE
    assert not set(other) & (ENTRIES.keys() | NOT_EXPRESSIBLE)
    assert not ENTRIES.keys() & NOT_EXPRESSIBLE
    assert len(ENTRIES) == len(CATALOGUE["entries"])


def test_every_library_of_the_survey_has_entries():
    sources = " ".join(entry["source"] for entry in ENTRIES.values())
    names = "torchvision onnx/onnx onnxruntime openvino mmcv mindspore mxnet MNN MIGraphX rten axlearn RoIAlign.pytorch"
    assert not [name for name in [*names.split(), "specs/V1_2/roi_align", "detectron2"] if name not in sources]


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry["id"])
def test_numbers_have_the_shape_of_the_output(entry):
    arguments = entry["arguments"]
    described = arguments["input"]
    described = CATALOGUE["inputs"][described] if isinstance(described, str) else described
    images, channels, height, width = described["shape"]
    rows, columns = arguments["output_size"]
    assert [len(row) for row in entry["expected"]] == [columns] * (len(arguments["boxes"]) * channels * rows)
    assert all(0 <= box[0] < images for box in arguments["boxes"])
    if "rows" in described:
        assert [len(row) for row in described["rows"]] == [width] * (images * channels * height)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: entry["id"])
def test_a_dialect_that_has_a_name_goes_by_it(entry):
    dialect, mode = published.dialect_of(entry["dialect"], OPERATOR), entry["arguments"]["mode"]
    named = {named.for_mode(mode) for named in DIALECTS.values()}
    assert isinstance(entry["dialect"], str) == (dialect.for_mode(mode) in named)


def test_the_oracle_says_what_is_recorded(comparisons):
    assert [comparison for comparison in comparisons.values() if comparison.problem] == []
    by_verdict = {v: {c.id for c in comparisons.values() if c.verdict == v} for v in Verdict}
    assert by_verdict[Verdict.DISAGREES] == {
        "onnx_export_roialign_aligned_false",
        "ort_AvgModePositive_half_pixel_15812",
    }
    assert by_verdict[Verdict.UNDECIDED] == {"measured_tv_exact_edges_legacy"}
    assert by_verdict[Verdict.NOT_EXPRESSIBLE] == NOT_EXPRESSIBLE
    assert (len(by_verdict[Verdict.AGREES]), len(NOT_EXPRESSIBLE)) == (116, 22)


def test_numbers_published_in_full_are_the_exact_ones(comparisons):
    full = [entry["id"] for entry in ENTRIES.values() if entry.get("decimals", 0) is None]
    assert len(full) > 60
    assert {comparisons[name].difference for name in full} == {0.0}


def test_the_command_prints_every_entry_and_succeeds(capsys):
    assert published.main([]) == 0
    printed = capsys.readouterr().out
    assert "141 entries: 116 agrees, 2 disagrees, 1 undecided, 22 not expressible" in printed
    assert "mindspore_new_1" in printed
    assert "not as recorded" not in printed


def test_the_command_fails_if_something_is_not_as_recorded(capsys, monkeypatch):
    catalogue = altered("mmcv_1", expected=[[1, 1.25], [1.5, Fraction("1.76")]])
    monkeypatch.setattr(published, "load_catalogue", lambda _operator: catalogue)
    assert published.main(["roi_align"]) == 1
    assert "1 not as recorded: mmcv_1" in capsys.readouterr().out


def test_a_disagreement_needs_a_reason():
    (comparison,) = published.compare(altered("mmcv_1", expected=[[1, 1.25], [1.5, Fraction("1.76")]]))
    assert (comparison.verdict, comparison.difference) == (Verdict.DISAGREES, 0.01)
    assert comparison.problem == "disagrees, and no reason is recorded"


def test_a_reason_must_not_outlive_its_disagreement():
    (comparison,) = published.compare(altered("mmcv_1", disagreement={"reason": "So it was.", "input_decimals": 1}))
    assert (comparison.verdict, comparison.problem) == (Verdict.AGREES, "agrees, and is recorded as disagrees")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("ort_AvgModePositive_half_pixel_15812", {"computed_with": "openvino-half-pixel"}),
        ("onnx_export_roialign_aligned_false", {"input_decimals": 5}),
    ],
)
def test_a_reason_must_explain(name, wrong):
    (comparison,) = published.compare(altered(name, disagreement={"reason": "Who knows.", **wrong}))
    assert comparison.problem == "disagrees, and not for the recorded reason"


def test_nan_agrees_with_nan_only():
    name = "measured_openvino_zero_area_adaptive_half_pixel"
    (comparison,) = published.compare(altered(name, expected=[["nan", "nan"], ["nan", 0]]))
    assert comparison.difference == float("inf")
    (comparison,) = published.compare(altered("mmcv_1", expected=[["nan", 1.25], [1.5, 1.75]]))
    assert comparison.difference == float("inf")


def test_a_number_on_a_discontinuity_proves_nothing():
    entry = ENTRIES["measured_edge_sample_at_6.0001"]
    edge = {**entry["arguments"], "boxes": [[0, 0, 0, 20, 20]], "spatial_scale": [Fraction("0.6"), Fraction("0.6")]}
    (comparison,) = published.compare(altered(entry["id"], arguments=edge, expected=[[36]]))  # the value at 6, exactly
    assert (comparison.verdict, comparison.bound) == (Verdict.UNDECIDED, float("inf"))
    assert comparison.problem == "undecided, and no reason is recorded"


def test_one_wrong_number_is_one_beside_any_on_a_discontinuity():
    name = "measured_tv_exact_edges_legacy"
    rows = [[Fraction(1, 2) + number if number == 7 else number for number in row] for row in ENTRIES[name]["expected"]]
    (comparison,) = published.compare(altered(name, expected=rows))
    assert (comparison.verdict, comparison.difference) == (Verdict.DISAGREES, 0.5)
    assert comparison.problem == "disagrees, and is recorded as undecided"


def test_as_many_numbers_as_elements():
    with pytest.raises(ValueError, match="mmcv_1: 2 numbers were published for 4 elements"):
        published.compare(altered("mmcv_1", expected=[[1, 1.25]]))


@pytest.mark.parametrize(
    ("number", "precision", "half_a_unit"),
    [
        ("0.4664", {"decimals": 4}, "0.00005"),
        ("27", {"decimals": 0}, "0.5"),
        ("27", {"decimals": None}, "0"),
        ("2.95833", {"digits": 6}, "0.000005"),
        ("-27.9583", {"digits": 6}, "0.00005"),
        ("0.0929099", {"digits": 6}, "0.00000005"),
        ("100", {"digits": 3}, "0.5"),
        ("99.9", {"digits": 3}, "0.05"),
        ("0.001", {"digits": 1}, "0.0005"),
        ("0", {"digits": 6}, "0"),
    ],
)
def test_half_a_unit_of_the_last_place(number, precision, half_a_unit):
    assert published.rounding(Fraction(number), precision) == Fraction(half_a_unit)


def test_an_input_is_named_or_a_ramp_or_rows():
    ramp = {"shape": [2, 2, 1, 3], "ramp": {"start": 1, "image": 1000, "channel": 100, "row": 10, "column": -1}}
    rows = [[1, 0, -1], [101, 100, 99], [1001, 1000, 999], [1101, 1100, 1099]]
    named = published.input_map("it", {"it": {"shape": [2, 2, 1, 3], "rows": rows}})
    assert published.input_map(ramp, {}).tolist() == named.tolist()


def test_a_dialect_is_a_name_or_choices():
    assert published.dialect_of("mmcv", OPERATOR) is DIALECTS["mmcv"]
    assert published.dialect_of({"offset": "half", "min_size": "none"}, OPERATOR) == DIALECTS["torchvision-aligned"]
    with pytest.raises(ValueError, match="no choice called shift"):
        published.dialect_of({"shift": "half"}, OPERATOR)
    with pytest.raises(ValueError, match="quarter"):
        published.dialect_of({"offset": "quarter"}, OPERATOR)
