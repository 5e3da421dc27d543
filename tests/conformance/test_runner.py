"""Whatever an implementation does, its run ends, and says what happened."""

import os
import sys
import time
from pathlib import Path

import pytest

from roikit.conformance.case import load_cases
from roikit.conformance.judge import Verdict
from roikit.conformance.process import Target
from roikit.conformance.runner import Listener, Selection, run

HERE = Path(__file__).parent
# One case that players spoil (a map of 5 x 5 pixels), between two that they do not.
CASES = [case for case in load_cases() if case.id in ("border-low", "place-two-by-two", "border-top")]
SELECTION = Selection(dtypes=("float32",), layouts=("NCHW",), dialects=("torchvision",))


@pytest.fixture(autouse=True)
def _players_can_be_imported(monkeypatch):
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)


def outcome(player, seconds=20.0, cases=CASES, spec=None):
    subjects, results = [], []
    target = Target(player, spec or f"adapter:players:{player}", python=sys.executable)
    run(target, cases, SELECTION, seconds, Listener(lambda subject, _: subjects.append(subject), results.append))
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
        ("WritesNothing", Verdict.DEVIATES, "4 of 4 values differ; first [0, 0, 0, 0]: expected 9"),
        ("ReusesItsBuffer", Verdict.DEVIATES, "expected 9, got -123.0"),
        ("ChangesItsInput", Verdict.DEVIATES, "the call changed its input or its boxes"),
        ("ReturnsNothing", Verdict.REJECTED, "TypeError: returned NoneType instead of an array of numbers"),
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
