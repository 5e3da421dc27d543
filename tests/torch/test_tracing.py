"""torch.fx: what is traced with proxies has each call as one step, and computes the same."""

import pytest

torch = pytest.importorskip("torch")

from torch.fx import symbolic_trace  # noqa: E402

from roikit import torch as offered  # noqa: E402
from roikit.torch import MultiScaleRoIAlign, RoIAlign, roi_align  # noqa: E402

MAPS = torch.rand(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
BOXES = torch.tensor([[0, 1.0, 1, 5, 6], [0, 2.0, 0, 3, 7]])


def steps(graph):
    return [node.target for node in graph.graph.nodes if node.op == "call_function"]


def test_a_module_is_a_graph_of_one_step():
    module = RoIAlign(3, 1.0, 2)
    graph = symbolic_trace(module)
    assert steps(graph) == [roi_align]
    assert torch.equal(graph(MAPS, BOXES), module(MAPS, BOXES))


@pytest.mark.parametrize("name", ["roi_align", "roi_pool", "prroi_pool", "ps_roi_pool", "ps_roi_align"])
def test_a_function_that_is_called_anywhere_is_a_step(name):
    pool = getattr(offered, name)
    more = {"sampling_ratio": 2} if name.endswith("align") else {}
    size = 2 if name.startswith("ps") else 3

    def net(maps, boxes):
        return pool(maps * 2, [boxes], size, 1.0, **more).sum()

    graph = symbolic_trace(net)
    assert pool in steps(graph)
    assert torch.equal(graph(MAPS, BOXES[:, 1:]), net(MAPS, BOXES[:, 1:]))


def test_crop_and_resize_is_a_step():
    graph = symbolic_trace(lambda maps, boxes, images: offered.crop_and_resize(maps, boxes, images, (2, 2)))
    images = torch.zeros(2, dtype=torch.int64)
    corners = BOXES[:, 1:] / 8
    assert torch.equal(graph(MAPS, corners, images), offered.crop_and_resize(MAPS, corners, images, (2, 2)))


class Pyramid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Conv2d(4, 4, 3, padding=1)
        self.pool = MultiScaleRoIAlign(["0", "1"], 2, 2)

    def forward(self, maps, boxes):
        fine = self.body(maps)
        return self.pool({"0": fine, "1": torch.nn.functional.max_pool2d(fine, 2)}, [boxes], [(32, 32)])


def test_a_pyramid_is_traced_and_its_gradient_too():
    net = Pyramid()
    graph = symbolic_trace(net)
    assert len(steps(graph)) == 2
    assert torch.equal(graph(MAPS, BOXES[:, 1:]), net(MAPS, BOXES[:, 1:]))
    graph(MAPS, BOXES[:, 1:]).sum().backward()
    assert net.body.weight.grad.abs().sum() > 0


def test_features_are_extracted_behind_it():
    extraction = pytest.importorskip("torchvision.models.feature_extraction")

    class Head(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.pool = RoIAlign(2, 1.0, 2)
            self.end = torch.nn.Flatten()

        def forward(self, maps, boxes):
            return self.end(self.pool(maps, boxes))

    found = extraction.create_feature_extractor(Head(), {"pool.roi_align": "pooled", "end": "flat"})(MAPS, BOXES)
    assert torch.equal(found["pooled"], roi_align(MAPS, BOXES, 2, 1.0, 2))
    assert found["flat"].shape == (2, 16)


def test_a_scale_may_be_a_tensor_of_one_number():
    assert torch.equal(roi_align(MAPS, BOXES, 2, torch.tensor(0.5), 2), roi_align(MAPS, BOXES, 2, 0.5, 2))
    with pytest.raises(TypeError, match="spatial_scale must be a number"):
        roi_align(MAPS, BOXES, 2, torch.tensor([0.5]), 2)


def test_a_module_shows_what_is_not_as_usual():
    assert repr(RoIAlign(2, 1.0, 2, mode="max", layout="NHWC", dialect="mmcv")).endswith(
        "aligned=False, mode='max', layout='NHWC', dialect='mmcv')"
    )
    assert repr(MultiScaleRoIAlign(["0"], 2, 2, canonical_level=3, mode="max")).endswith(
        "sampling_ratio=2, canonical_level=3, mode='max')"
    )
    assert repr(offered.RoIPool(2, 1.0)) == "RoIPool(output_size=2, spatial_scale=1.0)"
    assert repr(offered.CropAndResize(2, layout="NHWC")).endswith("extrapolation_value=0.0, layout='NHWC')")
