"""However a worker ends, and whatever it leaves behind, a run goes on in time."""

import json
import os
import sys
import threading
import time
from collections import deque
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.running.request import Selection
from roikit.conformance.running.runner import Listener, run
from roikit.conformance.verdict import Verdict
from roikit.conformance.workers.process import POISONS, Target, Worker, WorkerGoneError, WorkerTimeoutError, signal_name
from roikit.conformance.workers.session import Session

HERE = Path(__file__).parents[1]
SELECTION = Selection(dtypes=("float32",), layouts=("NCHW",), dialects=("torchvision",))
GREETING = {
    "type": "ready",
    "protocol": 3,
    "arrays": [],
    "description": {"version": "1", "homepage": "", "dialects": ["torchvision"]},
}
START = f"""
import json, os, signal, sys, time
print({json.dumps(GREETING)!r}, flush=True)
def hear():
    for part in json.loads(sys.stdin.buffer.readline())["arrays"]:
        sys.stdin.buffer.read(part["bytes"])
def leave_an_orphan():
    if os.fork() == 0:
        os.setsid()
        time.sleep(40)
        os._exit(0)
"""


@pytest.fixture(autouse=True)
def _players_can_be_imported(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("COUNTED", str(tmp_path / "counted"))


def named(*ids):
    return [case for case in golden_cases() if case.id in ids]


def ended(target, cases, *, once=True, seconds=20.0):
    results = []
    started = time.monotonic()
    run(target, cases, SELECTION, seconds, Listener(lambda *_: None, results.append), once=once)
    return {result.case: result.judgement for result in results}, time.monotonic() - started


def worker(tmp_path, script):
    """A worker that begins well, and goes on with ``script``."""
    path = tmp_path / "worker.py"
    path.write_text(START + script)
    return Target("worker", "", command=(sys.executable, str(path)))


def player(name, module="players"):
    return Target(name, f"adapter:{module}:{name}")


DEATHS = {
    "a signal for real time": ("os.kill(os.getpid(), 40)", Verdict.CRASHED, "killed by SIGRTMIN+6"),
    "a signal": ("os.kill(os.getpid(), signal.SIGBUS)", Verdict.CRASHED, "killed by SIGBUS"),
    "words in colours": (
        r"sys.stderr.write('first\n\x1b[31mred\x1b]0;title\x07 \u202eend\n\n'); sys.exit(3)",
        Verdict.CRASHED,
        "exit status 3: [31mred ]0;title end",
    ),
    "an orphan that holds its pipes": ("leave_an_orphan(); sys.exit(4)", Verdict.CRASHED, "exit status 4"),
    "an orphan of one that hangs": ("leave_an_orphan(); time.sleep(60)", Verdict.TIMED_OUT, "no answer within 1 s"),
    "answers without an end": (
        "while True: print('{\"type\": \"unsupported\", \"reason\": \"\", \"arrays\": []}', flush=True)",
        Verdict.UNSUPPORTED,
        "",
    ),
    "a line without an end": ("while True: sys.stdout.write('a' * 65536)", Verdict.CRASHED, "more than 1048576 bytes in a line"),
}  # fmt: skip


@pytest.mark.parametrize("death", DEATHS)
def test_a_death_is_a_verdict_and_no_end_of_the_run(tmp_path, death):
    script, verdict, reason = DEATHS[death]
    target = worker(tmp_path, f"hear()\n{script}\n")
    judged, took = ended(target, named("border-low", "border-top"), seconds=1.0 if "hangs" in death else 20.0)
    assert len(judged) == 2
    assert {j.verdict for j in judged.values()} == {verdict}
    assert all(reason in j.reason for j in judged.values())
    assert took < 15


def test_every_signal_has_a_name():
    assert signal_name(11) == "SIGSEGV"
    assert all(signal_name(number) for number in range(70))
    assert signal_name(40) == "SIGRTMIN+6"
    assert signal_name(33) == "signal 33"


def test_a_worker_that_says_more_than_it_is_asked_is_not_listened_to(tmp_path):
    with closing(
        Worker(worker(tmp_path, "while True: print(json.dumps({'arrays': [], 'type': 'x'}), flush=True)\n"))
    ) as talker:
        time.sleep(1)
        heard = iter(lambda: talker.receive(5.0, threading.Event()), None)
        with pytest.raises(WorkerGoneError):
            deque(zip(range(100), heard, strict=False))
        assert talker.obituary() == "the worker said something else than a message: more answers than it was asked for"


def test_a_worker_that_takes_no_call_keeps_nobody(tmp_path):
    """A pipe holds 64 KiB."""
    stop, started = threading.Event(), time.monotonic()
    with closing(Worker(worker(tmp_path, "leave_an_orphan(); time.sleep(60)\n"))) as deaf:
        for _ in range(2):
            with pytest.raises(WorkerTimeoutError):
                deaf.send({"type": "roi_align"}, {"input": np.zeros(2**20)}, 0.5, stop)
    assert time.monotonic() - started < 10


def test_the_number_of_a_dead_worker_stays_its_own_until_it_is_closed(tmp_path):
    """Closing ends all processes of that group: once the number is another's, as after 32768 processes, it would be theirs."""
    with closing(Worker(worker(tmp_path, "leave_an_orphan(); sys.exit(0)\n"))) as dead:
        assert dead.receive(20.0, threading.Event())[0]["type"] == "ready"
        with pytest.raises(WorkerGoneError):
            dead.receive(20.0, threading.Event())
        number = dead._process.pid
        assert os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT).si_pid == number
    with pytest.raises(ChildProcessError):
        os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT)


def test_right_answers_that_differ_from_process_to_process_accuse_no_memory():
    judged, _ = ended(player("ChoosesAKernel", "fickle"), named("article-example", "article-weights"), once=False)
    assert {j.verdict for j in judged.values()} == {Verdict.CONFORMS}


def test_right_answers_that_follow_what_memory_held_are_told_from_them():
    judged, _ = ended(player("FollowsThePoison", "fickle"), named("article-example"), once=False)
    (judgement,) = judged.values()
    assert judgement.verdict == Verdict.UNINITIALISED


def test_wrong_answers_accuse_memory_only_if_they_follow_it():
    for name, module, verdict, reason in (
        ("IsWrongByChance", "fickle", Verdict.NONDETERMINISTIC, "whose memory was filled alike; 4 of 4 values differ"),
        ("WritesNothing", "players", Verdict.UNINITIALISED, "(0xA5, 0x5A) gave different results"),
    ):
        judged, _ = ended(player(name, module), named("place-two-by-two"), once=False)
        (judgement,) = judged.values()
        assert judgement.verdict == verdict
        assert reason in judgement.reason


def processes():
    return len(Path(os.environ["COUNTED"]).read_text())


INVALID = ("box-nan", "box-nan-adaptive", "box-infinite", "batch-index-negative", "batch-index-too-large")


def test_bad_calls_that_do_no_harm_share_a_process_with_all_others():
    judged, _ = ended(player("AnswersNan", "fickle"), named("border-low", *INVALID))
    assert {j.verdict for j in judged.values()} == {Verdict.CONFORMS}
    assert len(judged) == 6
    assert processes() == 1


def test_what_fails_after_a_bad_call_is_asked_again_in_a_process_that_has_had_none(monkeypatch):
    monkeypatch.setenv("FATAL", "-1.0")
    judged, _ = ended(player("AnswersNan", "fickle"), named("border-low", *INVALID))
    assert {name for name, j in judged.items() if j.verdict == Verdict.CRASHED} == {"batch-index-negative"}
    assert processes() == 3  # it dies of it twice


def test_no_good_call_is_made_where_a_bad_one_went_through():
    plans = [(case, "torchvision", "float32", "NCHW") for case in named("box-nan", "border-low")]
    plans = sorted(plans, key=lambda made: made[0].kind != "invalid")
    with closing(Session(player("AnswersNan", "fickle"), 20.0, threading.Event(), POISONS[0])) as session:
        judged = [judged.judgement.verdict for _, judged in session.judge(plans)]
    assert judged == [Verdict.CONFORMS] * 2
    assert processes() == 2


def test_bad_calls_of_who_may_be_forked_do_no_harm_and_cost_no_process_each():
    """The first goes through and fails, the second fails after it: from then on each is made in a fork."""
    good = ("border-low", "border-top", "place-two-by-two")
    judged, _ = ended(player("IsSpoiled", "fickle"), named(*good, *INVALID))
    assert {name for name, j in judged.items() if j.verdict.is_failure} == set(INVALID)
    assert {name for name, j in judged.items() if j.verdict == Verdict.CONFORMS} == set(good)
    assert processes() == 2
    plans = [(case, "torchvision", "float32", "NCHW") for case in named(*INVALID, *good)]
    plans = sorted(plans, key=lambda made: made[0].kind != "invalid")
    with closing(Session(player("IsSpoiled", "fickle"), 20.0, threading.Event(), POISONS[0])) as session:
        verdicts = {made[0].id: judged.judgement.verdict for made, judged in session.judge(plans)}
    assert [verdicts[name] for name in good] == [Verdict.CONFORMS] * 3  # though they come last


def test_what_is_known_to_fail_is_not_asked_again(monkeypatch):
    monkeypatch.setattr(Session, "_is_made_apart", lambda *_: False)  # as if it could not be forked
    plans = [(case, "torchvision", "float32", "NCHW") for case in named(*INVALID)]
    for listed, count in ((False, len(INVALID)), (True, len(INVALID) + 1)):
        with closing(
            Session(player("IsSpoiled", "fickle"), 20.0, threading.Event(), is_listed=lambda _, all_=listed: all_)
        ) as one:
            assert all(judged.judgement.verdict.is_failure for _, judged in one.judge(plans))
        assert processes() == count  # another for each, or one for all
