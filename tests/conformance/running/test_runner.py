"""Whatever an implementation does, its run ends, and says what happened."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.implementation import in_order_of_start, missing_requirements, registered
from roikit.conformance.running.request import Selection
from roikit.conformance.running.runner import Listener, run
from roikit.conformance.verdict import Verdict
from roikit.conformance.workers import session
from roikit.conformance.workers.process import Target

HERE = Path(__file__).parents[1]
# One case that players spoil (a map of 5 x 5 pixels), between two that they do not.
ROI_ALIGN = [case for case in up_to("small", golden_cases()) if case.operator == "roi_align"]
CASES = [case for case in ROI_ALIGN if case.id in ("border-low", "place-two-by-two", "border-top")]
SELECTION = Selection(dtypes=("float32",), layouts=("NCHW",), dialects=("torchvision",))


@pytest.fixture(autouse=True)
def _players_can_be_imported(monkeypatch):
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)


def outcome(player, seconds=20.0, cases=CASES, spec=None, selection=SELECTION):
    subjects, results = [], []
    target = Target(player, spec or f"adapter:players:{player}", python=sys.executable)
    run(target, cases, selection, seconds, Listener(lambda subject, _: subjects.append(subject), results.append))
    (subject,) = subjects
    return subject, {result.case: result.judgement for result in results}


def test_a_good_implementation_conforms():
    subject, judged = outcome("Good")
    assert subject.state == "ran"
    assert {j.verdict for j in judged.values()} == {Verdict.CONFORMS}
    assert len(judged) == 3


@pytest.mark.parametrize(
    ("player", "state", "reason"),
    [
        ("Absent", "absent", "no_such_module not installed: pip install no-such-module"),
        ("NotHere", "absent", "no such machine"),
        ("BreaksOnLoading", "broken", "OSError: libmissing.so: cannot open shared object file"),
        ("DiesOnLoading", "broken", "killed by SIGSEGV"),
        ("NoSuchClass", "broken", "AttributeError"),
    ],
)
def test_an_implementation_that_cannot_be_loaded_says_why(player, state, reason):
    subject, judged = outcome(player)
    assert subject.state == state
    assert reason in subject.reason
    assert judged == {}


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("player", "verdict", "reason"),
    [
        ("Crashes", Verdict.CRASHED, "killed by SIGSEGV: about to die"),
        ("Hangs", Verdict.TIMED_OUT, "no answer within 3 s"),
        ("Raises", Verdict.REJECTED, "ArithmeticError: no such number"),
        ("Declines", Verdict.UNSUPPORTED, "maps of 5 by 5"),
        ("Chatters", Verdict.CONFORMS, ""),
        ("Rolls", Verdict.NONDETERMINISTIC, "two calls in a row gave different results"),
        ("WritesOutside", Verdict.WROTE_OUTSIDE, "memory beside the output array was written to"),
        ("WrongShape", Verdict.DEVIATES, "the output has shape (1, 1, 1, 2), not (1, 1, 2, 2)"),
        ("WrongType", Verdict.DEVIATES, "the output has data type float64, not float32"),
        ("WritesNothing", Verdict.UNINITIALISED, "4 of 4 values differ; first [0, 0, 0, 0]: expected 9"),
        ("LeavesHolesInNewMemory", Verdict.UNINITIALISED, "1 of 4 values differ; first [0, 0, 1, 1]: expected 15"),
        ("LeavesHolesInMalloc", Verdict.UNINITIALISED, "1 of 4 values differ; first [0, 0, 1, 1]: expected 15"),
        ("HoldsItsOwnLuck", Verdict.UNINITIALISED, "(0xA5, 0x5A) gave different results"),
        ("ReusesItsBuffer", Verdict.DEVIATES, "expected 9, got -123.0"),
        ("ChangesItsInput", Verdict.OVERWROTE, "the call changed its input, its boxes or its gradient"),
        ("ReturnsNothing", Verdict.REJECTED, "NoAnswerError: returned NoneType instead of an array of numbers"),
        ("ReturnsForeignBytes", Verdict.DEVIATES, "the output has data type >f4, not float32"),
        ("StartsAReader", Verdict.CONFORMS, ""),
        ("Zeros", Verdict.DEVIATES, "4 of 4 values differ; first [0, 0, 0, 0]: expected 9, got 0.0"),
    ],
)
def test_one_bad_case_costs_that_case_only(player, verdict, reason):
    subject, judged = outcome(player, seconds=3.0 if player == "Hangs" else 20.0)
    assert subject.state == "ran"
    assert judged["border-low"].verdict == judged["border-top"].verdict == Verdict.CONFORMS
    assert judged["place-two-by-two"].verdict == verdict
    assert reason in judged["place-two-by-two"].reason


def test_a_case_that_is_run_once_only_may_hide_what_memory_held():
    """The second process is what finds it."""
    target = Target("HoldsItsOwnLuck", "adapter:players:HoldsItsOwnLuck")
    for once, verdict in ((True, Verdict.CONFORMS), (False, Verdict.UNINITIALISED)):
        results = []
        run(target, CASES, SELECTION, 20.0, Listener(lambda *_: None, results.append), once=once)
        assert {r.case: r.judgement.verdict for r in results}["place-two-by-two"] == verdict


def test_a_child_that_a_worker_leaves_behind_does_not_keep_the_run():
    started = time.monotonic()
    _, judged = outcome("LeavesAChildBehind")
    assert {j.verdict for j in judged.values()} == {Verdict.CONFORMS}
    assert time.monotonic() - started < 30


def test_a_run_that_is_told_to_stop_makes_no_more_calls():
    results = []
    listener = Listener(lambda *_: None, results.append)
    listener.stop.set()
    run(Target("Good", "adapter:players:Good"), CASES, SELECTION, 20.0, listener)
    assert results == []


def test_a_plain_function_is_judged():
    _, judged = outcome("function", spec="callable:numpy:players:transcribed")
    assert {j.verdict for j in judged.values()} == {Verdict.CONFORMS}
    _, judged = outcome("function", spec="callable:auto:players:half_a_pixel_off")
    assert {j.verdict for j in judged.values()} == {Verdict.DEVIATES}


def test_a_function_that_is_not_there_is_a_broken_implementation():
    subject, _ = outcome("function", spec="callable:numpy:players:nothing")
    assert (subject.state, subject.reason) == ("broken", "AttributeError: module 'players' has no attribute 'nothing'")


def test_a_worker_whose_python_does_not_exist_is_a_broken_implementation():
    subjects = []
    target = Target("Good", "adapter:players:Good", python="/no/such/python")
    run(target, CASES, SELECTION, 5.0, Listener(lambda subject, _: subjects.append(subject), lambda _: None))
    assert subjects[0].state == "broken"
    assert "/no/such/python" in subjects[0].reason


def speaking(tmp_path, lines):
    """Returns what a run says of a worker that answers every call with the next of ``lines``."""
    worker = tmp_path / "worker.py"
    worker.write_text(
        f"import sys\nfor line in {lines!r}:\n    print(line, flush=True)\n    sys.stdin.buffer.readline()\n"
    )
    subjects, results = [], []
    target = Target("spoken", "", command=(sys.executable, str(worker)))
    run(
        target, CASES, SELECTION, 20.0, Listener(lambda subject, _: subjects.append(subject), results.append), once=True
    )
    return subjects[0], [result.judgement for result in results]


GREETING = (
    '{"type": "ready", "protocol": 2, "arrays": [], '
    '"description": {"version": "1", "homepage": "", "dialects": ["torchvision"], "new": 1}}'
)


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        ("hello", "something else than a message: not a message: b'hello\\n'"),
        ('{"type": "hello", "arrays": []}', "greets with a message 'hello'"),
        ('{"type": "ready", "protocol": 99, "arrays": []}', "speaks protocol 99, this roikit speaks 1 and 2"),
        ('{"type": "ready", "protocol": 2, "arrays": []}', "description is None, not an object"),
        (GREETING.replace('"version": "1", ', ""), "description lacks 'version'"),
        (
            GREETING.replace('["torchvision"]', '"torchvision"'),
            "has 'torchvision' for 'dialects', not a list of strings",
        ),
        (GREETING.replace('["torchvision"]', "[1]"), "has [1] for 'dialects', not a list of strings"),
        (GREETING.replace('"version": "1"', '"version": 1'), "has 1 for 'version', not str"),
    ],
)
def test_a_greeting_that_is_none_is_a_broken_implementation(tmp_path, greeting, reason):
    subject, _ = speaking(tmp_path, [greeting])
    assert subject.state == "broken"
    assert reason in subject.reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('{"type": "output", "arrays": []}', "its worker sent an answer without an array 'output'"),
        ('{"type": "result", "arrays": []}', "its worker sent an answer of type 'result'"),
        ('{"type": "raised", "arrays": []}', "its worker sent an answer of type 'raised' without a text 'error'"),
        ("5", "something else than a message: not a message: b'5\\n'"),
    ],
)
def test_an_answer_that_is_none_is_a_crash_and_no_end_of_the_run(tmp_path, answer, reason):
    subject, judged = speaking(tmp_path, [GREETING, answer])
    assert subject.state == "ran"
    assert [j.verdict for j in judged] == [Verdict.CRASHED] * len(CASES)
    assert all(reason in j.reason for j in judged)


def named(*ids):
    return [case for case in ROI_ALIGN if case.id in ids]


def in_group(*groups):
    return [case for case in ROI_ALIGN if case.group in groups]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_exact_gradients_conform_and_all_properties_hold(layout):
    selection = Selection(dtypes=("float32",), layouts=(layout,), dialects=("torchvision-aligned",))
    _, judged = outcome("Gradients", cases=in_group("gradient", "gradient-special"), selection=selection)
    assert {j.verdict for j in judged.values()} == {Verdict.CONFORMS}
    assert len(judged) == len(in_group("gradient", "gradient-special"))


def test_a_gradient_that_is_not_the_derivative_of_the_output_is_noticed():
    selection = Selection(dtypes=("float64",), layouts=("NCHW",), dialects=("torchvision-aligned",))
    cases = named("gradient-sub-pixel-paddle", "p-adjoint-sub-pixel", "p-box-differences-sub-pixel", "p-adjoint-inside")
    _, judged = outcome("PaddleGradients", cases=cases, selection=selection)
    assert judged["gradient-sub-pixel-paddle"].verdict == Verdict.DEVIATES
    assert judged["p-adjoint-sub-pixel"].verdict == Verdict.DEVIATES
    assert "it does not hold that ⟨output, G⟩ = ⟨F, gradient⟩" in judged["p-adjoint-sub-pixel"].reason
    assert judged["p-box-differences-sub-pixel"].verdict == Verdict.DEVIATES
    assert judged["p-adjoint-inside"].verdict == Verdict.CONFORMS


def test_another_reading_of_max_is_contested_and_a_wrong_average_is_not():
    selection = Selection(dtypes=("float32",), layouts=("NCHW",), dialects=("torchvision",))
    _, judged = outcome("CornerMaximum", cases=named("max-positive", "place-two-by-two"), selection=selection)
    assert judged["max-positive"].verdict == Verdict.CONTESTED
    assert "follows onnx-10 (the maximum of weighted corners), not torchvision" in judged["max-positive"].reason
    assert "https://github.com/onnx/onnx/issues/3428" in judged["max-positive"].reason
    assert judged["place-two-by-two"].verdict == Verdict.CONFORMS
    assert not Verdict.CONTESTED.is_failure


def test_a_call_that_must_be_refused_is_made_once_and_judged():
    cases = [case for case in ROI_ALIGN if case.kind == "error"]
    _, judged = outcome("Good", cases=cases, selection=Selection())
    assert len(judged) == len(cases) >= 5
    assert {j.verdict for j in judged.values()} == {Verdict.CONFORMS}
    assert all(j.reason.startswith(("refused: ValueError", "refused: TypeError")) for j in judged.values())
    _, judged = outcome("TakesAnything", cases=cases)
    assert {(j.verdict, j.reason) for j in judged.values()} == {(Verdict.DEVIATES, "the call was not refused")}
    _, judged = outcome("RefusesByAccident", cases=cases)
    assert {j.verdict for j in judged.values()} == {Verdict.REJECTED}
    assert "refused by accident: MemoryError" in next(iter(judged.values())).reason


def test_what_a_bad_call_does_to_memory_is_no_other_case_s_fault():
    _, judged = outcome("DamagesMemory", cases=named("batch-index-too-large", "box-nan"))
    assert {j.verdict for j in judged.values()} == {Verdict.DEVIATES}


def test_maps_of_more_elements_than_32_bits_count_are_pooled():
    selection = Selection(dtypes=("float16",), dialects=("torchvision",))
    _, judged = outcome("Good", cases=named("many-elements"), selection=selection)
    assert {j.verdict for j in judged.values()} <= {Verdict.CONFORMS, Verdict.UNSUPPORTED}  # where memory is short


def test_a_function_that_says_that_it_reads_in_place_is_asked_about_them():
    selection = Selection(dtypes=("float16",), dialects=("torchvision",))
    cases = named("many-elements")
    assert outcome("function", spec="callable:numpy:players:transcribed", cases=cases, selection=selection)[1] == {}
    _, judged = outcome("function", spec="callable:numpy:players:in_place", cases=cases, selection=selection)
    (judgement,) = judged.values()
    assert judgement.verdict in (Verdict.CONFORMS, Verdict.UNSUPPORTED)  # where memory is short


def test_a_sparse_map_takes_no_memory_though_malloc_fills_what_it_hands_out():
    """As it does in workers."""
    code = (  # not ru_maxrss, which a process inherits from the one that starts it
        "import numpy as np\nfrom roikit.conformance.arrays import in_memory\n"
        "maps = in_memory(np.ones((1, 1, 64, 64), np.float32), 'sparse')\n"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(maps.nbytes, maps[-1].sum(), int(peak.split()[1]) * 1024)"
    )
    environment = os.environ | {"GLIBC_TUNABLES": "glibc.malloc.perturb=165"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    size, values, resident = map(float, run.stdout.split())
    assert (size > 2**33, values) == (True, 64 * 64)
    assert resident < 2**29


def test_a_worker_of_the_first_protocol_is_still_understood(tmp_path):
    """It greets without operations, and is only asked for outputs."""
    worker = tmp_path / "worker.py"
    worker.write_text(FIRST_PROTOCOL)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(worker)])} "$@"\n')
    python.chmod(0o755)
    subjects, results = [], []
    target = Target("old", "adapter:players:Good", python=str(python))
    cases = [*CASES, *in_group("gradient-special")]
    run(target, cases, SELECTION, 20.0, Listener(lambda subject, _: subjects.append(subject), results.append))
    assert subjects[0].state == "ran"
    assert [(r.case, r.judgement.verdict) for r in results] == [(case.id, Verdict.CONFORMS) for case in CASES]


FIRST_PROTOCOL = """
import io, json, os, sys
import numpy as np
from roikit.kernels import roi_align

out = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

def say(message, **arrays):
    encoded = {}
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, array)
        encoded[name] = buffer.getvalue()
    parts = [{"name": n, "dtype": arrays[n].dtype.name, "bytes": len(d)} for n, d in encoded.items()]
    out.write(json.dumps({**message, "arrays": parts}).encode() + b"\\n" + b"".join(encoded.values()))
    out.flush()

description = {"version": "0", "homepage": "", "dialects": ["torchvision"], "modes": ["avg"], "dtypes": ["float32"],
               "layouts": ["NCHW"], "takes_out": False}
say({"type": "ready", "protocol": 1, "description": description})
for line in sys.stdin.buffer:
    message = json.loads(line)
    arrays = {p["name"]: np.load(io.BytesIO(sys.stdin.buffer.read(p["bytes"]))) for p in message["arrays"]}
    output = roi_align(arrays["input"], arrays["boxes"], message["output_size"], tuple(message["spatial_scale"]),
                       tuple(message["sampling_ratio"]))
    say({"type": "output", "repeatable": True, "wrote_outside": False, "changed_input": False}, output=output)
"""


def test_what_is_absent_is_known_without_a_process_for_it(monkeypatch):
    def no_worker(*_):
        raise AssertionError("a worker was started")

    monkeypatch.setattr(session, "Worker", no_worker)
    name = next(name for name, point in registered().items() if missing_requirements(point.load()))
    subject, judged = outcome(name, spec="adapter:{0.module}:{0.attr}".format(registered()[name]))
    assert (subject.state, judged) == ("absent", {})
    assert "not installed: " in subject.reason


def test_who_takes_longest_is_started_first_and_then_who_ends_soon():
    names = in_order_of_start(registered())
    assert sorted(names) == sorted(registered())
    assert {"roikit", "roikit-torch"} == {names[0], names[-1]}
    assert names.index("onnxruntime") < names.index("onnx-reference")
    assert in_order_of_start([]) == []
    assert in_order_of_start(["onnxruntime", "mine:f"]) == ["onnxruntime", "mine:f"]
