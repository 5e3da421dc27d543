"""What an implementation keeps from one call for another is found out, each fault by a case that is named."""

import io
import os
import sys
import threading
from collections import deque
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from roikit.conformance.adapters.roikit import RoikitHost
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.cases.history import SEVERAL, calls_of
from roikit.conformance.implementation import TwoAnswersError
from roikit.conformance.operators import get as operator_of
from roikit.conformance.running.request import Selection
from roikit.conformance.running.runner import Listener, run
from roikit.conformance.verdict import Verdict
from roikit.conformance.workers import protocol, session, worker
from roikit.conformance.workers.process import Target
from tests.conformance import forgetful

HERE = Path(__file__).parents[1]
CASES = {case.id: case for case in golden_cases() if case.operator == "roi_align" and case.kind in SEVERAL}
IN_TURN = {name: case for name, case in CASES.items() if case.kind == "history"}
SELECTION = Selection(dtypes=("float32",), layouts=("NCHW",), dialects=("torchvision",))


class HereAndNow:
    """Stands in for a worker process: the messages are the same, and the worker's answers, in this process."""

    def __init__(self, target, poison=None):
        self.implementation = target.implementation
        self.answer = worker.answering(self.implementation)
        described = asdict(self.implementation.describe())
        greeting = {"type": "ready", "protocol": protocol.VERSION, "description": described}
        self.messages = deque([passed_on(greeting, {})])

    def send(self, message, arrays, seconds, stop):
        self.messages.append(passed_on(*self.answer(*passed_on(message, arrays))))

    def receive(self, seconds, stop):
        return self.messages.popleft()

    def close(self):
        pass


def passed_on(message, arrays):
    stream = io.BytesIO()
    protocol.send(stream, message, arrays)
    stream.seek(0)
    return protocol.receive(stream)


class Played(Target):
    implementation = None


def judged(cases, target, seconds=20.0, selection=SELECTION):
    results = []
    run(target, cases, selection, seconds, Listener(lambda *_: None, results.append), once=True)
    assert len(results) == len(cases)
    return {result.case: result.judgement for result in results}


@pytest.fixture
def play(monkeypatch):
    """Judges an implementation in this process by some cases."""
    monkeypatch.setattr(session, "Worker", HereAndNow)

    def played(implementation, *names):
        monkeypatch.setattr(Played, "implementation", implementation)
        return judged([CASES[name] for name in names], Played("played", ""))

    return played


def in_a_process(player, *names, seconds=20.0):
    """Judges an implementation in a worker process by some cases."""
    return judged([CASES[name] for name in names], Target(player, f"adapter:forgetful:{player}"), seconds)


@pytest.fixture(autouse=True)
def _players_can_be_imported(monkeypatch):
    path = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)


def test_who_keeps_nothing_conforms(play):
    found = play(forgetful.Right(), *CASES)
    assert {name: j.reason for name, j in found.items() if j.verdict != Verdict.CONFORMS} == {}
    found = play(RoikitHost(), *CASES)  # which writes to what it is given
    assert {name: j.reason for name, j in found.items() if j.verdict != Verdict.CONFORMS} == {}


# More images than before change nothing for who reads from the start of each: only gradients have their shape, and who keeps
# flat indices with channels first is played by itself.
HARMLESS = {"h-images", "hm-images", "hb-images"}


@pytest.mark.parametrize("name", IN_TURN)
def test_who_forgets_an_argument_is_found_out_by_the_case_that_changes_it(play, name):
    what = name.split("-")[1]
    found = play(forgetful.Keeps(what), name)[name]
    if name in HARMLESS:
        assert found.verdict == Verdict.CONFORMS
        return
    assert found.verdict == Verdict.DEVIATES
    assert found.reason.startswith(f"call 2 of 3, {CASES[name].steps[0].changed} changed: ")
    assert "differ" in found.reason


@pytest.mark.parametrize("name", ["h-images", "hm-images"])
def test_who_keeps_where_channels_begin_is_found_out(play, name):
    found = play(forgetful.KeepsIndices(), name)[name]
    assert found.verdict == Verdict.DEVIATES
    assert found.reason.startswith("call 2 of 3, the number of images changed: ")


def test_what_comes_last_is_like_what_came_first(play):
    """Who keeps the latest call only, and never the first, is wrong where the arguments are as before."""
    case = "h-scale"

    class KeepsTheLatest(forgetful.Right):
        scale, calls = None, 0

        def roi_align(self, call, out=None):
            self.calls += 1
            right = super().roi_align(
                call if self.calls <= 4 else forgetful.dataclasses.replace(call, spatial_scale=self.scale)
            )
            self.scale = call.spatial_scale
            return right

    found = play(KeepsTheLatest(), case)[case]
    assert found.verdict == Verdict.DEVIATES
    assert found.reason.startswith("call 3 of 3, spatial_scale as before: ")


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("name", ["h-values", "hg-grad", "hb-boxes"])
def test_who_gives_out_a_result_again_is_found_out(play, count, name):
    found = play(forgetful.GivesOutAgain(count), name)[name]
    assert found.verdict == Verdict.OVERWROTE
    assert "an earlier result was overwritten, or this one is in the same memory" in found.reason


def test_who_knows_arrays_by_where_they_are_is_found_out(play):
    for name in ("h-values", "hg-grad", "hb-boxes"):
        found = play(forgetful.LooksAtIds(), name)[name]
        assert found.verdict in (Verdict.DEVIATES, Verdict.NONDETERMINISTIC), name
        assert found.reason.startswith("call 2 of 3, "), name


def test_two_answers_to_one_question_are_told_by_what_was_asked(play):
    class TwoBackwards(forgetful.Right):
        def roi_align(self, call, out=None):
            raise TwoAnswersError("two backwards through one graph", super().roi_align(call))

    found = play(TwoBackwards(), "hg-grad")["hg-grad"]
    assert found.verdict == Verdict.NONDETERMINISTIC
    assert found.reason == "call 1 of 3: two backwards through one graph gave different results"


THREADS = [name for name, case in CASES.items() if case.kind == "threads"]


@pytest.mark.parametrize("name", THREADS)
@pytest.mark.parametrize("player", [forgetful.SharesScratch, forgetful.SharesWhatIsAsked])
def test_who_shares_memory_between_threads_is_found_out(play, player, name):
    sent_back = name.startswith("hg")
    found = play(player(), name)[name]
    if player is forgetful.SharesScratch and sent_back:  # the average's gradient reads no map
        assert found.verdict == Verdict.CONFORMS
        return
    assert found.verdict == Verdict.DEVIATES
    count = CASES[name].threads
    assert f" of 2, made by {count} threads at once: " in found.reason


def test_threads_that_wait_for_each_other_have_hung():
    found = in_a_process("WaitsForTheOther", "h-threads-2", seconds=3.0)["h-threads-2"]
    assert found.verdict == Verdict.TIMED_OUT
    assert found.reason == "made by 2 threads at once: no answer within 3 s"


@pytest.mark.parametrize(
    ("how", "verdict", "reason"),
    [
        ("zeros", Verdict.DEVIATES, "in a forked process: "),
        ("hangs", Verdict.TIMED_OUT, "in a forked process: no answer within 1 s"),
        ("dies", Verdict.CRASHED, "in a forked process: killed by SIGSEGV"),
        ("raises", Verdict.REJECTED, "in a forked process: RuntimeError: cannot re-initialise in a forked process"),
        ("leaves", Verdict.CRASHED, "in a forked process: exit status 3"),
    ],
)
def test_who_fails_after_a_fork_is_found_out(monkeypatch, how, verdict, reason):
    monkeypatch.setenv("AFTER_FORK", how)
    found = in_a_process("FailsAfterAFork", "h-fork", "h-scale", seconds=3.0)
    assert found["h-fork"].verdict == verdict
    assert found["h-fork"].reason.startswith(reason)
    assert found["h-scale"].verdict == Verdict.CONFORMS  # the run goes on


def test_who_is_wrong_where_the_process_went_on_is_found_out():
    found = in_a_process("ForgetsAfterAFork", "hg-fork")["hg-fork"]
    assert found.verdict == Verdict.DEVIATES
    assert found.reason.startswith("after the process forked: ")


def test_who_does_not_say_so_is_not_asked(play):
    class SaysNothing(forgetful.Right):
        said = {"threads": False, "forks": False}

    found = play(SaysNothing(), "h-threads-2", "h-fork", "h-scale")
    reasons = {name: (j.verdict, j.reason) for name, j in found.items()}
    assert reasons == {
        "h-threads-2": (Verdict.UNSUPPORTED, "calls from several threads at once"),
        "h-fork": (Verdict.UNSUPPORTED, "calls after a fork"),
        "h-scale": (Verdict.CONFORMS, ""),
    }


def test_every_argument_changes_once_and_all_else_stays():
    assert {name.split("-", 1)[1] for name in IN_TURN if name.startswith("hb-")} == {
        *("images", "indices", "size", "channels", "boxes", "rois", "bins", "scale", "ratio", "values", "grad")
    }
    for case in IN_TURN.values():
        first, other, last = (made.case.arguments for made in calls_of(case))
        assert first == last
        changed = {name for name in first if first[name] != other[name]}
        what = case.id.split("-")[1]
        named = {"images": "input", "size": "input", "channels": "input", "values": "input", "rois": "boxes"}
        named |= {"bins": "output_size", "scale": "spatial_scale", "ratio": "sampling_ratio", "indices": "input"}
        follow = {"channels": {"grad"}, "rois": {"grad"}, "bins": {"grad"}, "indices": {"boxes"}}.get(what, set())
        assert changed - follow == {named.get(what, what)}, case.id
        if what in ("boxes", "values", "grad"):
            assert np.shape(first[named.get(what, what)]) == np.shape(other[named.get(what, what)])


def test_histories_are_those_that_are_drawn():
    draws = operator_of("roi_align").draws
    planned = draws.blueprints()["histories"]
    assert [blueprint.id for blueprint in planned] == list(CASES)
    for blueprint in planned[::9]:
        drawn = (draws.draw(blueprint, attempt) for attempt in range(400))
        case = CASES[blueprint.id]
        assert any(
            d["arguments"] == case.arguments and d["steps"][0]["arguments"] == case.steps[0].arguments for d in drawn
        )


def test_no_thread_is_left_over(play):
    before = threading.active_count()
    play(forgetful.Right(), "h-threads-4")
    assert threading.active_count() == before
    assert sys.getswitchinterval() > 1e-4
