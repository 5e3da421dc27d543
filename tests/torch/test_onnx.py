"""torch.onnx.export: a node where ONNX can say the call, of which ONNX Runtime is asked, and a refusal elsewhere."""

import io
from importlib.util import find_spec

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from roikit.torch import MultiScaleRoIAlign, RoIAlign, RoIPool  # noqa: E402

MAPS = torch.rand(2, 3, 8, 9, generator=torch.Generator().manual_seed(1))
BOXES = torch.tensor([[0, 1.0, 1, 12, 13], [1, 4.0, 0, 7, 15], [0, -3.0, -3, 2, 2]])
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.parametrize("dynamo", [False, True])]


@pytest.fixture(autouse=True)
def _exporter(dynamo):
    if dynamo and find_spec("onnxscript") is None:
        pytest.skip("this exporter needs onnxscript")


def exported(module, arguments, dynamo):
    """A module as a model, and what ONNX Runtime makes of it."""
    if dynamo:
        text = torch.onnx.export(module, arguments, dynamo=True, opset_version=18, verbose=False).model_proto
        text = text.SerializeToString()
    else:
        stream = io.BytesIO()
        torch.onnx.export(module, arguments, stream, dynamo=False, opset_version=16)
        text = stream.getvalue()
    session = onnxruntime.InferenceSession(text, providers=["CPUExecutionProvider"])
    given = zip((each.name for each in session.get_inputs()), arguments, strict=True)
    (output,) = session.run(None, {name: tensor.numpy() for name, tensor in given})
    return [node.op_type for node in onnx.load_from_string(text).graph.node], torch.from_numpy(output)


@pytest.mark.parametrize(
    "options",
    [
        {"aligned": True},
        {"aligned": False},
        {"mode": "max", "dialect": "onnx-16"},
        {"dialect": "onnx-16-output-half-pixel", "mode": "max"},
        {"layout": "NHWC", "aligned": True},
    ],
)
@pytest.mark.parametrize("ratio", [-1, 2])
def test_what_onnx_can_say_is_a_node_that_gives_the_same(options, ratio, dynamo):
    module = RoIAlign((3, 2), 0.5, ratio, **options)
    maps = MAPS.permute(0, 2, 3, 1).contiguous() if "layout" in options else MAPS
    nodes, output = exported(module, (maps, BOXES), dynamo)
    assert nodes.count("RoiAlign") == 1
    torch.testing.assert_close(output, module(maps, BOXES), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (RoIAlign(2, 1.0, 2, mode="max"), "in mode 'max' its dialects are"),
        (RoIAlign(2, 1.0, 2, dialect="mindspore"), "and this one is another"),
        (RoIAlign(2, (1.0, 0.5), 2), "one spatial scale"),
        (RoIPool(2, 1.0), "it has no operator that does this"),
    ],
)
def test_what_it_cannot_say_is_refused(module, why, dynamo):
    if dynamo:
        with pytest.raises(torch.onnx.errors.OnnxExporterError):
            exported(module, (MAPS, BOXES), dynamo)
    else:
        with pytest.raises(NotImplementedError, match=f"ONNX cannot say this call: .*{why}"):
            exported(module, (MAPS, BOXES), dynamo)


def test_a_pyramid_is_refused(dynamo):
    if dynamo:
        pytest.skip("whose message is of PyTorch")
    module = MultiScaleRoIAlign(["0", "1"], 2, 2)
    with pytest.raises(NotImplementedError, match="pools from one map"):
        exported(module, ({"0": MAPS, "1": MAPS[..., :4, :5]}, [BOXES[:2, 1:], BOXES[:1, 1:]], [(16, 18)] * 2), dynamo)
