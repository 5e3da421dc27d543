"""The golden cases of a record."""

import json

from benchmarks.operators.roi_align.operator import ROI_ALIGN
from benchmarks.record import goldens


def test_conformance_is_counted_also_from_a_file_that_was_cut_off():
    result = {"type": "result", "case": "c", "dialect": "d", "dtype": "float32", "layout": "NCHW", "reason": "r"}
    lines = [
        json.dumps({"type": "header"}),
        json.dumps({**result, "verdict": "crash", "operator": "roi_pool"}),
        *(json.dumps({**result, "verdict": verdict}) for verdict in ("conforms", "conforms", "deviates", "known")),
        '{"type": "resu',
    ]
    found = goldens.summarise(ROI_ALIGN, lines, None)
    assert found["verdicts"] == {"conforms": 2, "deviates": 1, "known": 1}
    assert not found["complete"]
    assert [failure["case"] for failure in found["first_failures"]] == ["c"]


def test_our_golden_cases_are_judged():
    found = goldens.judge(ROI_ALIGN, "no-such-implementation", 60, 1)
    assert (found["complete"], found["status"], found["verdicts"]) == (True, 2, {})
