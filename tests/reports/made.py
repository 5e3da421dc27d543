"""Result files that are made for tests."""

import json

from roikit.conformance.results.file import ResultFile
from roikit.conformance.results.result import Result, Subject
from roikit.conformance.verdict import Judgement

NASTY = "</script><script>window.broken = 1</script> & <b>\"quoted\"</b> 'x'"
"""What an implementation may say."""


def result(
    name, case, verdict, reason="", rules=("RA-6",), dialect="onnx-16", dtype="float32", operator="roi_align", **more
):
    return Result(
        implementation=name, dialect=dialect, case=case, operator=operator, group=case.partition("-")[0], rules=rules,
        operation="forward", mode="avg", dtype=dtype, layout="NCHW", judgement=Judgement(verdict, reason, **more), seconds=0.1,
    )  # fmt: skip


def write_run(path, subjects, results, *, close=True, version="1.2", started=None, causes=()):
    with path.open("w") as stream:
        file = ResultFile(stream, {})
        for name, state in subjects.items():
            about = {
                "version": version, "homepage": "https://example.org", "dialects": ["onnx-16"], "modes": ["avg"],
                "dtypes": ["float32"], "layouts": ["NCHW"], "operations": ["forward"],
            }  # fmt: skip
            file.add_subject(Subject(implementation=name, state=state, description=about if state == "ran" else None))
        for each in results:
            file.add(each)
        for each in causes:
            file.add_cause(each)
        if close:
            file.close()
    if started:
        first, _, rest = path.read_text().partition("\n")
        path.write_text(json.dumps({**json.loads(first), "started": started}) + "\n" + rest)
    return path
