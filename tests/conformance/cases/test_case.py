"""The golden cases themselves: well formed, computed by the oracle, fair, and not passed by an output that knows nothing."""

import json
from fractions import Fraction
from importlib.resources import files

import jsonschema_rs
import numpy as np
import pytest

from roikit.conformance.arrays import leaves, numpy_dtype
from roikit.conformance.cases import editions
from roikit.conformance.cases.case import case_files, up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.golden import files as golden_files
from roikit.conformance.golden import generator, published
from roikit.conformance.operators import NAMES
from roikit.conformance.operators.roi_align.draws import systematic
from roikit.conformance.operators.roi_align.operator import MAIN_DIALECTS
from roikit.conformance.operators.roi_align.oracle import output as oracle
from roikit.conformance.verdicts.judge import judge_output
from roikit.kernels.dialects.roi_align import DIALECTS

FILES = case_files("roi_align")
SCHEMA = jsonschema_rs.validator_for(
    json.loads(files("roikit.conformance").joinpath("schema/case.schema.json").read_text())
)
CASES = {case.id: case for case in up_to("small", golden_cases()) if case.operator == "roi_align"}
RULES = {f"RA-{number}" for number in range(1, 17)}
DATA = {case["id"]: case for file in FILES for case in json.loads(file.read_text())["cases"]}
FORWARD = [c for c in CASES.values() if c.operation == "forward"]
GRADIENTS = [c for c in CASES.values() if c.operation != "forward" and c.kind != "property"]


@pytest.mark.parametrize("file", case_files(), ids=lambda f: f.name)
def test_a_case_file_is_what_its_schema_says(file):
    document = json.loads(file.read_text())
    SCHEMA.validate(document)
    assert document["group"] == file.name.removesuffix(".json")


def test_the_specification_cites_the_cases_of_every_rule():
    documents = [json.loads(file.read_text()) for file in FILES]
    text = files("roikit.conformance").joinpath("operators/roi_align/RULES.md").read_text()
    assert golden_files.cite(text, documents) == text
    assert text.count("\nCases: ") == len(RULES) + 1  # those of RA-17 have a file of their own


def test_ids_are_unique_and_every_rule_has_a_case():
    documents = [json.loads(file.read_text()) for file in FILES]
    ids = [case["id"] for document in documents for case in document["cases"]]
    assert len(ids) == len(set(ids)) >= 40
    used = {rule for case in CASES.values() for rule in case.rules}
    assert used == RULES
    specification = files("roikit.conformance").joinpath("operators/roi_align/RULES.md").read_text()
    assert all(f"## {rule} " in specification for rule in RULES)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_a_case_that_claims_to_be_exact_has_no_bounds_and_one_that_does_not_has(file):
    for case in json.loads(file.read_text())["cases"]:
        wide = [e for e in case["expected"] if {"float32", "float64"} & set(e["dtypes"])]
        if "size" in case:  # of those whose bins are no power of two the large ones have bounds
            continue
        bounded = any("bound" in entry and set(entry["dialects"]) & set(MAIN_DIALECTS) for entry in wide)
        assert bounded == (case["claims"] != "exact"), case["id"]


# Boxes that reach too far for one of the types, and for the other do not.
OF_ONE_TYPE = {"box-too-far": "float32", "box-too-far-adaptive": "float32", "box-too-far-float64": "float64"}


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.kind != "error"], ids=lambda c: c.id)
def test_every_main_dialect_is_answered_in_float32_and_float64(case):
    for dialect in DIALECTS if case.operation == "forward" else MAIN_DIALECTS:
        for dtype in ("float32", "float64"):
            expected = case.id not in OF_ONE_TYPE or OF_ONE_TYPE[case.id] == dtype
            assert (case.expectation(dialect, dtype) is not None) == expected


def test_there_are_at_least_400_averages_that_a_main_dialect_answers():
    for dialect in MAIN_DIALECTS:
        averages = [c for c in FORWARD if c.kind == "value" and c.mode == "avg" and c.expectation(dialect, "float32")]
        assert len(averages) >= 400


def test_the_ledger_knows_every_case_and_notices_what_changes():
    documents = [json.loads(file.read_text()) for name in NAMES for file in case_files(name)]
    ledger = json.loads(files("roikit.conformance").joinpath("editions.json").read_text())
    assert editions.record(ledger, documents) == ledger
    assert {case for cases in ledger.values() for case in cases} == {case.id for case in golden_cases()}
    documents[0]["cases"][0]["arguments"]["sampling_ratio"] = [7, 7]
    with pytest.raises(editions.LedgerError, match="another call now"):
        editions.record(ledger, documents)
    with pytest.raises(editions.LedgerError, match="are gone"):
        editions.record(ledger, documents[1:])
    with pytest.raises(editions.LedgerError, match="two cases are called"):
        editions.record(ledger, [*documents, documents[-1]])


def test_systematic_cases_are_those_that_the_generator_draws():
    for group, planned in systematic.blueprints().items():
        assert [b.id for b in planned] == [case.id for case in CASES.values() if case.group == group]
        for blueprint in planned[::7]:
            drawn = (systematic.draw(blueprint, attempt)["arguments"] for attempt in range(generator.ATTEMPTS))
            assert CASES[blueprint.id].arguments in drawn


def test_published_cases_are_the_calls_whose_published_numbers_agree():
    cases = published.as_cases(published.load_catalogue())
    assert [case["id"] for case in cases] == [case.id for case in CASES.values() if case.group == "published"]
    for case in cases:
        assert json.loads(json.dumps(case["arguments"])) == CASES[case["id"]].arguments
        assert case["source"] == CASES[case["id"]].source


def test_fragile_cases_allow_more_than_one_answer_somewhere():
    for case in CASES.values():
        if DATA[case.id]["claims"] == "fragile":
            answers = [len(entry.answers) for entry in case.expected]
            assert max(answers) >= 2, case.id


def flat(expected):
    return [value for roi in expected for channel in roi for row in channel for value in row]


# Under these dialects a case may rightly give nothing but zeros: there its point is that it does.
ALL_ZERO = {
    "border-far-outside", "max-all-outside", "max-empty", "max-negative-outside", "max-negative", "max-negative-on-pixels",
    "max-very-negative", "inverted-x-adaptive", "inverted-y-adaptive", "inverted-both-adaptive", "zero-width-adaptive",
    "zero-height-adaptive", "killer-zero-area", "killer-zero-area-on-pixel", "nan-outside-box", "border-just-outside-low",
    "border-just-outside-high", "max-negative-half-outside", "gradient-max-very-negative", "fragile-max", "tie-with-outside",
    "gradient-max-half-outside",
}  # fmt: skip


# Of these float32 can say nothing, and float64 all.
OF_FLOAT64 = {"sums-that-cancel-float64"}


def numbers(output):
    """The numbers of an answer; of products of factors, these products."""
    if isinstance(output, dict):
        return np.concatenate([np.outer(*map(factors, plane)).reshape(-1) for plane in output["outer"]])
    return np.array([float(v) if v != "nonfinite" else np.nan for v in leaves(output)])


def factors(along):
    return np.array(along["values"] if isinstance(along, dict) else along)


def constants_pass(case, dialect):
    """Whether an output of equal numbers, zero or another, would pass."""
    dtype = OF_ONE_TYPE.get(case.id, "float32")
    expectation = case.expectation(dialect, dtype)
    values = {value for value in leaves(expectation.output) if value != "nan"}
    return [
        number
        for number in {0, *values}
        if isinstance(number, int | float)
        and judge_output(case, expectation, np.full(case.shape, number, dtype), dtype, "NCHW").verdict == "conforms"
    ]


@pytest.mark.one_in(4)
@pytest.mark.parametrize("case", [c for c in CASES.values() if c.kind in ("value", "invalid")], ids=lambda c: c.id)
def test_zeros_do_not_pass_a_case_nor_does_a_constant_that_is_longer_than_a_few_numbers(case):
    if case.id in OF_FLOAT64:
        return
    passed = {dialect: constants_pass(case, dialect) for dialect in MAIN_DIALECTS}
    if np.prod(case.shape) == 0 or case.id == "gradient-no-rois":
        return
    zeros = [dialect for dialect, numbers in passed.items() if 0 in numbers]
    if case.id in ALL_ZERO or case.group == "published":
        assert len(zeros) < len(MAIN_DIALECTS), "under no dialect does this case see anything"
    else:
        assert zeros == []
    if np.prod(case.shape) > 4 and case.id not in ALL_ZERO and case.group != "published":
        assert not any(passed.values()), passed


@pytest.mark.parametrize("case", [c for c in CASES.values() if c.stages], ids=lambda c: c.id)
def test_the_stages_of_a_case_are_those_it_is_known_for(case):
    """With the decimal numbers of the case taken exactly, not rounded to a data type."""
    arguments, stages = case.arguments, case.stages
    box = [Fraction(str(number)) for number in arguments["boxes"][0]]
    common = (arguments["output_size"], arguments["spatial_scale"], arguments["sampling_ratio"])
    roi = oracle.stages(box, arguments["input"]["shape"][2:], *common, DIALECTS[stages["dialect"]])
    assert [roi.y.bin, roi.x.bin] == [Fraction(number) for number in stages["bin_size"]]
    assert [roi.y.grid, roi.x.grid] == stages["grid"]
    p, q = stages["bin"]
    points = [[x, y] for y in roi.y.positions()[p] for x in roi.x.positions()[q]]
    assert points == [[Fraction(x), Fraction(y)] for x, y in stages["points"]]
    shape = arguments["input"]["shape"]
    feature = np.array(arguments["input"]["rows"], dtype=object).reshape(shape)
    for dialect, values in stages["output"].items():
        result = oracle.roi_align(feature, [box], *common, arguments["mode"], DIALECTS[dialect])
        assert list(result.values.flat) == [Fraction(value) for value in values]


def test_the_article_is_the_article():
    """Numbers typed from the text, not from the case file."""
    case = CASES["article-example"]
    assert case.arguments["boxes"] == [[0, 0.8, 0, 2.4, 4.5]]
    for dialect, numbers in {
        "torchvision": [12.45, 13.25, 34.95, 35.75],
        "torchvision-aligned": [7.3667, 8.1667, 29.45, 30.25],
    }.items():
        for dtype in ("float32", "float64"):
            assert flat(case.expectation(dialect, dtype).output) == pytest.approx(numbers, abs=5e-5)
    weights = flat(CASES["article-weights"].expectation("torchvision", "float64").output)
    assert weights == pytest.approx([0.21, 0.09, 0.49, 0.21], abs=1e-12)
    assert sum(weights) == pytest.approx(1, abs=1e-12)


def test_the_bad_boxes_of_a_call_are_of_one_class():
    """One that crashes a library would hide what it makes of another."""

    def classes(case):
        for number, *corners in case.call("torchvision", "float64", "NCHW").boxes if case.kind != "error" else ():
            values = np.array([number, *corners])
            if np.isnan(values).any():
                yield "nan"
            elif np.isinf(values).any():
                yield "infinite"
            elif not 0 <= int(number) < case.arguments["input"]["shape"][0] and case.memory != "sparse":
                yield "low" if number < 0 else "high"

    assert {case.id: found for case in CASES.values() if len(found := set(classes(case))) > 1} == {}
    assert {kind for case in CASES.values() for kind in classes(case)} == {"nan", "infinite", "low", "high"}


@pytest.mark.parametrize("file", case_files(), ids=lambda file: f"{file.parent.parent.name}-{file.name}")
def test_what_must_be_equal_bit_for_bit_is_a_number_of_the_data_type(file):
    for case in json.loads(file.read_text())["cases"]:
        for entry in case["expected"]:
            for answer in (entry, *entry.get("or", ())):
                if "output" in answer and answer.get("bound") is None:
                    values = numbers(answer["output"])
                    for dtype in entry["dtypes"]:
                        with np.errstate(over="ignore"):
                            stored = values.astype(numpy_dtype(dtype)).astype(np.float64)
                        assert np.array_equal(stored, values, equal_nan=True), (case["id"], dtype)
