"""A cluster gives what one process gives, even if it loses a worker in the middle of it."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from roikit.conformance.fuzzing import run as fuzz_run
from roikit.conformance.fuzzing.batch import Task
from roikit.conformance.fuzzing.sessions import close_sessions
from roikit.conformance.workers.process import Target

distributed = pytest.importorskip("distributed")
HERE = Path(__file__).parents[1]
BATCHES = 4


def first():
    target = Target("roikit", "adapter:players:Good")
    everything = ("forward", "feature_gradient", "box_gradient")
    return Task(
        target, 7, 0, "roi_align", ("torchvision",), ("float32",), ("NCHW",), ("avg",), everything, (),
        kinks=True, invalid=False, seconds=20.0, once=True,
    )  # fmt: skip


def told(batches):
    return [(b.number, b.calls, b.rois, b.exact, b.unsupported, b.found) for b in batches]


@pytest.mark.one_in(3)
@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_is_lost_loses_no_batch_and_none_is_counted_twice(monkeypatch):
    from roikit.conformance.fuzzing.scale import Cluster

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")])))
    alone = told(fuzz_run.batches(fuzz_run.Alone(), first(), BATCHES, lambda: False))
    close_sessions()
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        hands = Cluster(cluster.scheduler_address)
        client = distributed.Client(cluster, set_as_default=False)
        pids = client.run(os.getpid)
        killed = threading.Event()

        def kill():
            """Kills a worker as soon as it has a batch."""
            while not killed.is_set():
                busy = [address for address, tasks in client.processing().items() if tasks]
                if busy:
                    time.sleep(0.5)  # in the middle of it
                    os.kill(pids[busy[0]], signal.SIGKILL)
                    killed.set()
                time.sleep(0.05)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            scaled = told(fuzz_run.batches(hands, first(), BATCHES, lambda: False))
        finally:
            killed_in_time = killed.is_set()
            killed.set()
            killer.join()
            hands.close()
            client.close()
    assert killed_in_time, "all batches had ended before a worker could be killed"
    assert scaled == alone
    assert [number for number, *_ in scaled] == list(range(BATCHES))
