"""ONNX Runtime on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....measuring.contestant import Contestant, Library
from ..operations import Operation
from .onnx_model import model_of

if TYPE_CHECKING:
    from ....measuring.problem import Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The CPU execution provider. All levels are in one session: of several, each would keep its own threads busy waiting."""
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    model, inputs = model_of(problem, problem.levels)
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return Contestant("onnxruntime", "NCHW", "float32", [lambda: session.run(None, inputs)])


ONNXRUNTIME = Library(("onnxruntime", "onnx"), {Operation.FORWARD: forward})
