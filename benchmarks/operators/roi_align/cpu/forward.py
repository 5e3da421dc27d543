"""Who takes part in pooling on a CPU: roikit, and the libraries that are installed. Each makes all calls of a row, one per level.

Inputs are converted before the clock starts, outputs after it has stopped. ``threads`` is set for everybody: PyTorch's
``set_num_threads``, the intra-op threads of ONNX Runtime, OpenVINO's ``inference_num_threads``, OpenCV's ``setNumThreads``,
MNN's ``set_thread_number``, and ``ROIKIT_NUM_THREADS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import roi_align

from ....measuring.contestant import Contestant, Prepare, as_nchw, in_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..workloads import Level, Problem


def roikit(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Our kernels on the host, with the output given."""
    row = problem.row
    owned = []
    calls = []
    for level in problem.levels:
        feature, boxes, scale = in_layout(level.feature, layout, dtype), level.boxes, level.scale
        bins = (row.bins, row.bins)
        shape = (len(boxes), row.channels, *bins) if layout == "NCHW" else (len(boxes), *bins, row.channels)
        out = np.empty(shape, feature.dtype)
        owned.append(out)
        calls.append(
            lambda feature=feature, boxes=boxes, scale=scale, out=out: [
                roi_align(feature, boxes, row.bins, scale, row.sampling_ratio, aligned=True, layout=layout, out=out)
            ]
        )
    return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)


def torchvision(problem: Problem, threads: int) -> Contestant:
    """The compiled CPU operator, on contiguous maps."""
    import torch
    from torchvision.extension import _has_ops
    from torchvision.ops import roi_align as operator

    if not _has_ops():
        raise ImportError("torchvision's compiled operators are missing")
    torch.set_num_threads(threads)
    row = problem.row

    def call(level: Level) -> Callable[[], list[Any]]:
        feature, boxes = torch.from_numpy(level.feature.copy()), torch.from_numpy(level.boxes)
        return lambda: [operator(feature, boxes, row.bins, level.scale, row.sampling_ratio, True)]

    return Contestant("torchvision", "NCHW", "float32", [call(level) for level in problem.levels])


def _model(problem: Problem, levels: Sequence[Level]) -> tuple[bytes, dict[str, np.ndarray]]:
    """Returns an ONNX model of the calls of these levels, of opset 16 and with their shapes, and its inputs."""
    from onnx import TensorProto, helper

    row = problem.row
    nodes, inputs, outputs, arrays = [], [], [], {}
    for index, level in enumerate(levels):
        given = {
            f"maps{index}": level.feature,
            f"boxes{index}": np.ascontiguousarray(level.boxes[:, 1:]),
            f"images{index}": level.boxes[:, 0].astype(np.int64),
        }
        attributes = {"output_height": row.bins, "output_width": row.bins, "sampling_ratio": row.sampling_ratio}
        nodes.append(
            helper.make_node(
                "RoiAlign",
                list(given),
                [f"pooled{index}"],
                spatial_scale=level.scale,
                coordinate_transformation_mode="half_pixel",
                **attributes,
            )
        )
        kinds = (TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT64)
        inputs += [
            helper.make_tensor_value_info(name, kind, array.shape)
            for (name, array), kind in zip(given.items(), kinds, strict=True)
        ]
        shape = (len(level.boxes), row.channels, row.bins, row.bins)
        outputs.append(helper.make_tensor_value_info(f"pooled{index}", TensorProto.FLOAT, shape))
        arrays |= given
    graph = helper.make_graph(nodes, "rois", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    return model.SerializeToString(), arrays


def onnxruntime(problem: Problem, threads: int) -> Contestant:
    """The CPU execution provider. All levels are in one session: of several, each would keep its own threads busy waiting."""
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    model, inputs = _model(problem, problem.levels)
    session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return Contestant("onnxruntime", "NCHW", "float32", [lambda: session.run(None, inputs)])


def openvino(problem: Problem, threads: int) -> Contestant:
    """The CPU plugin, ROIAlign-9 in float32."""
    import openvino as ov
    from openvino import opset9
    from openvino.properties import hint, inference_num_threads

    row, core = problem.row, ov.Core()

    def call(level: Level) -> Callable[[], list[Any]]:
        inputs = [level.feature, np.ascontiguousarray(level.boxes[:, 1:]), level.boxes[:, 0].astype(np.int32)]
        kinds = (ov.Type.f32, ov.Type.f32, ov.Type.i32)
        given = [opset9.parameter(array.shape, kind) for array, kind in zip(inputs, kinds, strict=True)]
        mode = "half_pixel_for_nn"
        node = opset9.roi_align(*given, row.bins, row.bins, row.sampling_ratio, level.scale, "avg", mode)
        settings = {hint.inference_precision: ov.Type.f32, inference_num_threads: threads}
        request = core.compile_model(ov.Model([node], given), "CPU", settings).create_infer_request()
        return lambda: [request.infer(inputs, share_inputs=True, share_outputs=True)[0]]

    return Contestant("openvino", "NCHW", "float32", [call(level) for level in problem.levels], np.array)


def opencv(problem: Problem, threads: int) -> Contestant:
    """The dnn module of OpenCV 5. Setting an input copies it, and is part of the call."""
    import cv2

    if int(cv2.__version__.split(".")[0]) < 5:
        raise ImportError(f"OpenCV {cv2.__version__} has no RoiAlign")
    cv2.setNumThreads(threads)

    def call(level: Level) -> Callable[[], list[Any]]:
        model, inputs = _model(problem, [level])
        net = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8), engine=cv2.dnn.ENGINE_NEW)

        def forward() -> list[Any]:
            for name, array in inputs.items():
                net.setInput(array, name)
            return [net.forward()]

        return forward

    return Contestant("opencv", "NCHW", "float32", [call(level) for level in problem.levels])


def mnn(problem: Problem, threads: int) -> Contestant:
    """MNN's expression API, on maps in its own layout (NC4HW4); the output is converted back, within the call."""
    from MNN import expr

    expr.set_thread_number(threads)
    row = problem.row

    def call(level: Level) -> Callable[[], list[Any]]:
        shape = list(level.feature.shape)
        feature = expr.convert(expr.const(level.feature, shape, expr.NCHW), expr.NC4HW4)
        feature.read()
        boxes = expr.const(level.boxes, list(level.boxes.shape), expr.NCHW)
        ratio, mode = row.sampling_ratio or -1, expr.Pooling_Mode.AVEPOOL

        def forward() -> list[Any]:
            pooled = expr.roi_align(feature, boxes, row.bins, row.bins, level.scale, ratio, True, mode)
            return [expr.convert(pooled, expr.NCHW).read()]

        return forward

    return Contestant("mnn", "NC4HW4", "float32", [call(level) for level in problem.levels], np.array)


PEERS: dict[str, tuple[Prepare, tuple[str, ...]]] = {
    "torchvision": (torchvision, ("torch", "torchvision")),
    "onnxruntime": (onnxruntime, ("onnxruntime", "onnx")),
    "openvino": (openvino, ("openvino",)),
    "opencv": (opencv, ("cv2", "onnx")),
    "mnn": (mnn, ("MNN",)),
}
"""How each peer is prepared, and the modules that it needs."""
