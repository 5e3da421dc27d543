"""ONNX Runtime on a CPU: MaxRoiPool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....measuring.contestant import Contestant, Library
from ..operations import Operation

if TYPE_CHECKING:
    import numpy as np

    from ....measuring.problem import Problem


def model_of(problem: Problem) -> tuple[bytes, dict[str, np.ndarray]]:
    """An ONNX model of the calls of all levels, with their shapes, and its inputs."""
    from onnx import TensorProto, helper

    bins, channels = problem.row.bins, problem.row.channels
    nodes, inputs, outputs, arrays = [], [], [], {}
    for index, level in enumerate(problem.levels):
        given = {f"maps{index}": level.feature, f"boxes{index}": level.boxes}
        attributes = {"pooled_shape": [bins, bins], "spatial_scale": level.scale}
        nodes.append(helper.make_node("MaxRoiPool", list(given), [f"pooled{index}"], **attributes))
        inputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, one.shape) for name, one in given.items()]
        shape = (len(level.boxes), channels, bins, bins)
        outputs.append(helper.make_tensor_value_info(f"pooled{index}", TensorProto.FLOAT, shape))
        arrays |= given
    graph = helper.make_graph(nodes, "rois", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    return model.SerializeToString(), arrays


def forward(problem: Problem, threads: int) -> Contestant:
    """The CPU execution provider. All levels are in one session: of several, each would keep its own threads busy waiting."""
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    model, inputs = model_of(problem)
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    calls = [lambda: session.run(None, inputs)]
    return Contestant("onnxruntime", "NCHW", "float32", calls, dialect="onnxruntime")


ONNXRUNTIME = Library(("onnxruntime", "onnx"), {Operation.FORWARD: forward})
