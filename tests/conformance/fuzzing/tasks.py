"""What the fuzzer is asked for in tests: calls of a function, small ones, in float32, as torchvision."""

from roikit.conformance.fuzzing.batch import Task
from roikit.conformance.workers.process import Target


def task(function="players:transcribed", seed=1, number=0, **changes):
    target = Target(function, f"callable:numpy:{function}", ("torchvision",))
    given = {
        "dialects": ("torchvision",), "dtypes": ("float32",), "layouts": ("NCHW",), "modes": ("avg",),
        "operations": ("forward",), "boxes": (), "kinks": False, "invalid": False, "seconds": 60.0, "once": True,
        "size": "small",
    }  # fmt: skip
    return Task(target, seed, number, "roi_align", **given | changes)
