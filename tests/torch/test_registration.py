"""What PyTorch does with operators: tests of its own, torch.compile, torch.export, tracing."""

import pytest

torch = pytest.importorskip("torch")

from torch.fx.experimental.proxy_tensor import make_fx  # noqa: E402
from torch.library import opcheck  # noqa: E402

from roikit.kernels import Dialect  # noqa: E402
from roikit.torch import MultiScaleRoIAlign, RoIAlign, multiscale_roi_align, roi_align  # noqa: E402

OPS = torch.ops.roikit
HOW = ([2, 2], False, "avg", "NCHW", None, "torchvision", None, None, None)
B = torch.tensor([[0, 1.2, 0.7, 8.1, 6.4], [1, 3.3, 2.1, 4.7, 7.2]])
PYRAMID = [torch.randn(2, 3, 16 >> i, 16 >> i, generator=torch.Generator().manual_seed(i)) for i in range(2)]
GRAD = torch.randn(2, 3, 2, 2, generator=torch.Generator().manual_seed(9))


def wanting(tensors):
    return [tensor.clone().requires_grad_() for tensor in tensors]


@pytest.fixture(autouse=True)
def _nothing_compiled():
    torch.compiler.reset()


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of opcheck itself
@pytest.mark.parametrize("levels", [1, 2])
def test_the_operators_are_what_pytorch_expects(levels):
    maps, scales = PYRAMID[:levels], [0.5, 0.5, 0.25, 0.25][: 2 * levels]
    shapes = [size for x in maps for size in x.shape]
    (boxes, grad) = wanting([B, GRAD])
    opcheck(OPS.roi_align.default, (wanting(maps), boxes, [2, 2], scales, *HOW))
    opcheck(OPS.roi_align_backward.default, (grad, boxes, shapes, [], scales, *HOW))
    opcheck(OPS.roi_align_backward_boxes.default, (GRAD, maps, B, scales, *HOW))


@pytest.mark.parametrize(
    "pool",
    [
        lambda maps, boxes: roi_align(maps[0], boxes, (3, 2), 0.5, 2),
        lambda maps, boxes: roi_align(maps[0], boxes, (3, 2), 0.5, mode="max", dialect="mmcv"),
        lambda maps, boxes: roi_align(maps[0], [boxes[:1, 1:], boxes[1:, 1:]], 2, 0.5),
        lambda maps, boxes: multiscale_roi_align(maps, boxes, 2, (0.5, 0.25), 2, canonical_size=5.0, canonical_level=2),
        lambda maps, boxes: MultiScaleRoIAlign(["a", "b"], 2, 2, canonical_scale=5, canonical_level=2)(
            dict(zip("ab", maps, strict=True)), [boxes[:1, 1:], boxes[1:, 1:]], [(32, 32), (30, 31)]
        ),
    ],
)
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_a_compiled_function_is_one_graph_and_agrees(pool, memory_format):
    maps = [x.to(memory_format=memory_format) for x in PYRAMID]

    def step(maps, boxes):
        return pool([2 * x for x in maps], boxes).square()

    results = []
    for function in (step, torch.compile(step, fullgraph=True, backend="aot_eager")):
        tensors = wanting([*maps, B])
        output = function(tensors[:2], tensors[2])
        gradients = torch.autograd.grad(output.sum(), tensors, allow_unused=True)
        results.append([output, *[g for g in gradients if g is not None]])
    assert len(results[0]) == len(results[1])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_other_numbers_of_rois_do_not_compile_again():
    graphs = []
    compiled = torch.compile(
        lambda x, boxes: roi_align(x, boxes, 2), fullgraph=True, dynamic=True,
        backend=lambda graph, _: graphs.append(graph) or graph,
    )  # fmt: skip
    for rois in (11, 12, 13):  # none of the sizes, which PyTorch would take for the same number
        boxes = B[:1].repeat(rois, 1)
        assert torch.equal(compiled(PYRAMID[0], boxes), roi_align(PYRAMID[0], boxes, 2))
    assert len(graphs) == 1


def test_autocast_is_compiled():
    def pool(x, boxes):
        with torch.autocast("cpu"):
            return roi_align(x, boxes, 2)

    x, boxes = PYRAMID[0].half(), B.half()
    compiled = torch.compile(pool, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(x, boxes), pool(x, boxes))


def test_a_dialect_of_ones_own_reaches_an_operator_by_its_choices():
    dialect = Dialect(end="plus_one", max_start=float("-inf"))
    traced = make_fx(lambda x, boxes: roi_align(x, boxes, 2, dialect=dialect))(PYRAMID[0], B)
    assert '"end": "plus_one"' in traced.code
    assert torch.equal(traced(PYRAMID[0], B), roi_align(PYRAMID[0], B, 2, dialect=dialect))


def test_tracing_and_export_see_the_operator():
    traced = make_fx(lambda x, boxes: roi_align(x, boxes, 2))(PYRAMID[0], B)
    assert "torch.ops.roikit.roi_align.default" in traced.code
    module = RoIAlign(2, 0.5, 2)
    exported = torch.export.export(module, (PYRAMID[0], B))
    assert any(node.target is OPS.roi_align.default for node in exported.graph.nodes)
    assert torch.equal(exported.module()(PYRAMID[0], B), module(PYRAMID[0], B))


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace:FutureWarning", "ignore::torch.jit.TracerWarning")  # of shapes
def test_the_old_tracer_sees_the_operator():
    traced = torch.jit.trace(RoIAlign(2, 0.5, 2), (PYRAMID[0], B))
    assert torch.equal(traced(-PYRAMID[0], B), roi_align(-PYRAMID[0], B, 2, 0.5, 2))


def test_tensors_without_memory_have_shapes():
    out = multiscale_roi_align([x.to("meta") for x in PYRAMID], B.to("meta"), (3, 2), (0.5, 0.25))
    assert out.device.type == "meta"
    assert out.shape == (2, 3, 3, 2)


@pytest.mark.parametrize("transform", [lambda f: torch.func.grad(lambda x: f(x).sum()), torch.vmap])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_transforms_of_functions_are_refused_rather_than_wrong(transform, layout):
    x = torch.zeros(2, 2, 3, 4, 4) if transform is torch.vmap else PYRAMID[0]
    with pytest.raises(RuntimeError, match=r"functorch|vmap|storage"):
        transform(lambda x: roi_align(x, B, 2, layout=layout))(x)
