"""ONNX models as bytes: what the ``onnx`` package reads in them is what it would have written."""

import numpy as np
import pytest

from roikit.conformance.adapters import _onnx_wire as wire
from roikit.conformance.adapters._onnx_model import CropAndResizeModel, MaxRoiPoolModel, RoiAlignModel

onnx = pytest.importorskip("onnx")
helper = onnx.helper

MAPS = ("N", "C", "H", "W")


def written(node, inputs, output, *opsets):
    """The same model, by the package."""
    graph = helper.make_graph(
        [node],
        node.op_type,
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info(*output)],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid(*each) for each in opsets], ir_version=8, producer_name="roikit"
    )


def read(data):
    model = onnx.ModelProto.FromString(data)
    assert model.SerializeToString() == data  # nothing is left over, or in another order
    return model


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(("opset", "coordinates"), [(10, None), (16, "half_pixel"), (22, "output_half_pixel")])
@pytest.mark.parametrize(("maps", "rois"), [(MAPS, "K"), ((1, 256, 200, 33_000), 0)])
def test_roi_align(dtype, opset, coordinates, maps, rois):
    kind = getattr(onnx.TensorProto, {"float32": "FLOAT", "float64": "DOUBLE"}.get(dtype, dtype.upper()))
    numpy_type = np.dtype(pytest.importorskip("ml_dtypes").bfloat16 if dtype == "bfloat16" else dtype)
    model = read(RoiAlignModel(opset, coordinates, "max", (7, 300), 0.1, 2, numpy_type, maps, rois).build())
    more = {"coordinate_transformation_mode": coordinates} if coordinates else {}
    node = helper.make_node(
        "RoiAlign",
        ["X", "rois", "batch_indices"],
        ["Y"],
        mode="max",
        output_height=7,
        output_width=300,
        sampling_ratio=2,
        spatial_scale=0.1,
        **more,
    )
    inputs = (("X", kind, maps), ("rois", kind, (rois, 4)), ("batch_indices", onnx.TensorProto.INT64, (rois,)))
    assert model == written(node, inputs, ("Y", kind, (rois, maps[1], 7, 300)), ("", opset))
    onnx.checker.check_model(model)


def test_max_roi_pool():
    model = read(MaxRoiPoolModel(21, (6, 128), 0.0625, np.dtype(np.float16)).build())
    node = helper.make_node("MaxRoiPool", ["X", "rois"], ["Y"], pooled_shape=(6, 128), spatial_scale=0.0625)
    kind = onnx.TensorProto.FLOAT16
    inputs = (("X", kind, MAPS), ("rois", kind, ("K", 5)))
    assert model == written(node, inputs, ("Y", kind, ("K", "C", 6, 128)), ("", 21))
    onnx.checker.check_model(model)


@pytest.mark.parametrize("value", [0.0, -1.5])
def test_crop_and_resize(value):
    model = read(CropAndResizeModel("nearest", value).build())
    names = ["X", "rois", "batch_indices", "crop_size"]
    node = helper.make_node(
        "CropAndResize", names, ["Y"], domain="com.microsoft", mode="nearest", extrapolation_value=value
    )
    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT, onnx.TensorProto.INT32, onnx.TensorProto.INT32)
    inputs = zip(names, kinds, (MAPS, ("K", 4), ("K",), (2,)), strict=True)
    output = ("Y", onnx.TensorProto.FLOAT, ("K", "C", "P_h", "P_w"))
    assert model == written(node, inputs, output, ("", 21), ("com.microsoft", 1))


def test_numbers_below_zero_and_large_ones_are_written_as_64_bits():
    model = read(wire.model("F", {"a": -1, "b": 2**40}, [("X", wire.FLOAT, (-1,))], ("Y", wire.FLOAT, ()), {"": 1}))
    assert [attribute.i for attribute in model.graph.node[0].attribute] == [-1, 2**40]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_value == -1


@pytest.mark.parametrize("dtype", ["int8", ">f4", "complex64"])
def test_what_onnx_has_no_number_for_is_refused(dtype):
    with pytest.raises(ValueError, match="no data type"):
        wire.kind_of(np.dtype(dtype))
