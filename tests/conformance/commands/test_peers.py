"""The implementations that can have an environment of their own, where they are installed: adapters, scripts, findings."""

import subprocess
import threading

import pytest

from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.implementation import registered
from roikit.conformance.operation import Operation
from roikit.conformance.peers import places
from roikit.conformance.peers.environments import environments
from roikit.conformance.running.request import Selection
from roikit.conformance.running.runner import Listener, describe, run
from roikit.conformance.scripts.reproduce import reproduce, scripts_of
from roikit.conformance.workers.process import Target

PEERS = [name for environment in environments().values() for name in environment.implementations]


def place(name):
    found = places.find(registered()[name])
    if found.state not in ("here", "in its environment"):
        pytest.skip(f"{found.note} not installed: {found.install}")
    return found


def judge(name, *ids):
    point, found = registered()[name], place(name)
    target = Target(name, f"adapter:{point.module}:{point.attr}", python=found.python, bare=found.bare)
    subjects, results = [], []
    listener = Listener(lambda subject, calls: subjects.append(subject), results.append, threading.Event())
    run(target, [case for case in golden_cases() if case.id in ids], Selection(dtypes=("float32",)), 30.0, listener)
    if subjects[0].state == "absent":  # from an environment that is outdated
        pytest.skip(subjects[0].reason)
    return subjects[0], {(r.case, r.dialect, r.layout): r.judgement for r in results}


@pytest.mark.parametrize("name", [name for name in PEERS if "roi_align" in scripts_of(name)])
def test_a_peer_is_described_as_its_scripts_take_it_and_pools(name):
    subject, judgements = judge(
        name, "place-two-by-two", "place-adaptive-one-and-a-half", "max-one-sample", "g-inside-one"
    )
    assert subject.state == "ran", subject.reason
    description, library = describe(subject), scripts_of(name)["roi_align"]
    assert set(library.dialects) == set(description.dialects)
    assert set(library.dtypes) == set(description.dtypes)
    assert library.modes == description.modes
    assert set(library.operations) == set(description.operations)
    assert judgements
    exact = name not in ("onnx-reference", "ncnn-version-0", "tensorflow")  # all of which is known
    wrong = {k: j for k, j in judgements.items() if j.verdict not in ("conforms", "unsupported")}
    assert not (exact and {k: j for k, j in wrong.items() if name != "mindspore" or k[0] != "g-inside-one"}), wrong


@pytest.mark.parametrize("name", [name for name in PEERS if "roi_pool" in scripts_of(name)])
def test_a_peer_pools_whole_pixels_and_goes_back(name):
    subject, judgements = judge(name, "rp-s-inside-small", "rp-average-clipped", "rp-gradient-mmcv-4x4")
    assert subject.state == "ran", subject.reason
    can, library = describe(subject).capability("roi_pool"), scripts_of(name)["roi_pool"]
    for what in ("dialects", "modes", "dtypes", "operations"):
        assert set(getattr(can, what)) == set(getattr(library, what))
    conform = {case for (case, _, _), judgement in judgements.items() if judgement.verdict == "conforms"}
    assert {judgement.verdict for judgement in judgements.values()} <= {"conforms", "unsupported"}
    assert len(conform) == 1 + ("avg" in library.modes) + (Operation.FEATURE_GRADIENT in library.operations)


@pytest.mark.parametrize(
    ("case", "name", "dialect", "said"),
    [
        ("gradient-sub-pixel-paddle", "paddle", "paddle", "values differ."),
        ("g-inside-one", "mindspore", "mindspore-end-mode-0", "values differ."),
        ("zero-width-adaptive", "tvm", "tvm-aligned", ""),
        ("border-low", "ncnn-version-0", "ncnn-version-1", "3 of 4 values differ."),
        ("zero-area-fixed", "mxnet", "mxnet-aligned", "Check failed"),
        ("max-empty", "mnn", "mnn-aligned", "4 of 4 values differ."),
        ("nan-with-weight-zero", "chainer", "chainer", "values differ."),
        ("border-low", "tensorflow", "torchvision-aligned", "3 of 4 values differ."),
        ("nan-outside-box", "openvino-v3", "openvino-asymmetric", "8 of 8 values differ."),
    ],
)
def test_a_finding_is_reproduced_with_the_library_and_numpy_alone(case, name, dialect, said):
    script = reproduce(case, name, dialect)
    done = subprocess.run([place(name).python, "-"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode != 0 or not said  # memory that nobody wrote may hold the right numbers
    assert said in done.stderr


@pytest.mark.parametrize("name", ["paddle", "mxnet", "chainer", "mindspore", "mnn", "tensorflow"])
def test_gradients_are_asked_for(name):
    _, judgements = judge(name, "g-whole-four", "p-adjoint-inside", "b-inside")
    assert judgements
    assert Operation.FEATURE_GRADIENT in scripts_of(name)["roi_align"].operations
    if name in ("paddle", "mxnet", "chainer"):
        assert {j.verdict for j in judgements.values()} == {"conforms"}
