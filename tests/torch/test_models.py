"""In place of torchvision's operators in one of its detection models, with random weights, in training and in evaluation."""

import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from torchvision.models.detection import MaskRCNN  # noqa: E402
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone  # noqa: E402
from torchvision.ops import MultiScaleRoIAlign as Theirs  # noqa: E402

from roikit.torch import MultiScaleRoIAlign as Ours  # noqa: E402

SIZE = 64
HOW = {"featmap_names": ["0", "1", "2", "3"], "sampling_ratio": 2, "canonical_scale": 16}  # RoIs of all levels
POOLERS = {"box_roi_pool": 7, "mask_roi_pool": 14}
UNIT = 2.0**-53  # the model is run in float64
LOUDER = (
    2.0**16
)  # what is added is this much larger than what it stands for, to stand out from the model's own rounding
PROBES = 2


def gamma(roundings):
    return roundings * UNIT / (1 - roundings * UNIT)


COORDINATE = (
    gamma(10) * SIZE
)  # error of a sample's coordinate, pixels: no more than 10 roundings of numbers within the map


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    backbone = resnet_fpn_backbone(
        backbone_name="resnet18", weights=None, norm_layer=torch.nn.BatchNorm2d, trainable_layers=5
    )
    return MaskRCNN(
        backbone, num_classes=3, min_size=SIZE, max_size=SIZE, box_batch_size_per_image=16, box_score_thresh=0.0,
        rpn_post_nms_top_n_train=100, rpn_post_nms_top_n_test=20, box_detections_per_img=5,
    ).double()  # fmt: skip


def with_poolers(model, pooler):
    """Returns a copy of the model that pools with ``pooler(output_size)``."""
    model = copy.deepcopy(model)
    for name, size in POOLERS.items():
        setattr(model.roi_heads, name, pooler(size))
    return model


def images():
    return list(torch.rand(2, 3, SIZE, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(3)))


def step(model):
    """Returns the losses and the gradients of all parameters of a training step, by name."""
    torch.manual_seed(1)  # RoIs are drawn
    boxes = torch.tensor([[10, 12, 30, 50], [5, 5, 12, 11], [2, 30, 60, 60.0]], dtype=torch.float64)
    masks = torch.zeros(3, SIZE, SIZE, dtype=torch.uint8)
    masks[:, 10:45, 4:55] = 1
    targets = [{"boxes": boxes[i:], "labels": torch.tensor([1, 2, 1])[i:], "masks": masks[i:]} for i in range(2)]
    model.train().zero_grad()
    losses = model(images(), targets)
    sum(losses.values()).backward()
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return {name: loss.detach() for name, loss in losses.items()} | gradients


class Probe(torch.nn.Module):
    """torchvision's pooler, with what rounding may do to output and gradient added, in random directions, LOUDER.

    An element of the output is the mean of 4 samples, each the sum of 4 products. A sample that is a pixel off is off by at most
    twice the largest pixel M along each axis. So an element errs by at most 4 M times the error of a coordinate, and by the
    roundings of some 24 operations on numbers up to M. The gradient of a pixel is a sum, over bins, of gradients times weights of
    which the same holds, with the sum of the gradients' sizes for M.
    """

    def __init__(self, output_size, generator, elements):
        super().__init__()
        self.pooler, self.generator, self.elements = Theirs(output_size=output_size, **HOW), generator, elements

    def noise(self, like, error):
        self.elements.append(like.numel())
        return LOUDER * error * (2 * torch.randint(2, like.shape, generator=self.generator) - 1)

    def forward(self, x, boxes, shapes):
        arriving = []

        def disturbed(gradient):
            total = arriving[0].abs().sum((0, 2, 3)).max()
            terms = 16 * arriving[0].numel() // arriving[0].shape[1]
            return gradient + self.noise(gradient, (4 * COORDINATE + gamma(24 + terms)) * total)

        x = {name: x[name] * 1 for name in HOW["featmap_names"]}
        for tensor in x.values():
            tensor.register_hook(disturbed)
        pooled = self.pooler(x, boxes, shapes)
        pooled.register_hook(arriving.append)
        largest = max(tensor.abs().max() for tensor in x.values()).detach()
        return pooled + self.noise(pooled.detach(), (4 * COORDINATE + gamma(24)) * largest)


def sensitivities(model, exact):
    """Returns how far each result of a step may be from that of exact pooling, in the Euclidean norm.

    What rounding adds, n numbers of at most e_i, moves a result to first order by a linear map of them. In random directions
    the mean square of the move is the sum of the squares of the columns, each times e_i; and no choice of signs and sizes moves
    it by more than sqrt(n) times its root (Cauchy-Schwarz). The mean square is estimated from a few drawings.
    """
    squares = dict.fromkeys(exact, 0.0)
    for seed in range(PROBES):
        elements, generator = [], torch.Generator().manual_seed(seed)
        results = step(with_poolers(model, lambda size, how=(generator, elements): Probe(size, *how)))
        for name, result in results.items():
            squares[name] += float((result - exact[name]).norm() / LOUDER) ** 2 / PROBES
    return {name: (sum(elements) * square) ** 0.5 for name, square in squares.items()}


def test_losses_and_gradients_of_a_training_step_are_torchvisions(model):
    theirs = step(with_poolers(model, lambda size: Theirs(output_size=size, **HOW)))
    ours = step(with_poolers(model, lambda size: Ours(output_size=size, **HOW)))
    others = step(with_poolers(model, lambda size: Ours(output_size=size, **HOW, aligned=True)))
    bounds = sensitivities(model, theirs)
    assert ours.keys() == theirs.keys()
    for name, bound in bounds.items():
        # Both are within the bound of exact pooling. What does not depend on pooling is the same to the last bits.
        least = gamma(10**4) * float(theirs[name].norm())
        assert (ours[name] - theirs[name]).norm() <= 2 * bound + least, name
    # A bound says something if half a pixel is far beyond it.
    for name in ("loss_classifier", "loss_mask", "backbone.body.conv1.weight", "roi_heads.box_head.fc6.weight"):
        assert (others[name] - theirs[name]).norm() > 100 * (2 * bounds[name] + gamma(10**4)), name


def test_detections_are_torchvisions(model):
    results = []
    for kind in (Theirs, Ours):
        with torch.no_grad():
            results.append(with_poolers(model, lambda size, kind=kind: kind(output_size=size, **HOW)).eval()(images()))
    for theirs, ours in zip(*results, strict=True):
        assert len(theirs["boxes"]) > 0
        assert torch.equal(ours["labels"], theirs["labels"])
        for name in ("boxes", "scores", "masks"):
            assert torch.allclose(ours[name], theirs[name], rtol=1e-9, atol=1e-9), name


@pytest.mark.parametrize("names", [["a", "b", "c"], ["b"], ["a", "a2"], ["a", "c"]])
def test_scales_and_levels_are_found_as_torchvision_finds_them(names):
    generator = torch.Generator().manual_seed(2)
    sizes = {"a": (16, 20), "a2": (16, 20), "b": (8, 10), "c": (4, 5)}
    maps = {name: torch.randn(2, 3, *size, generator=generator, dtype=torch.float64) for name, size in sizes.items()}
    corners = torch.rand(2, 20, 2, generator=generator, dtype=torch.float64) * 40
    extents = torch.rand(2, 20, 2, generator=generator, dtype=torch.float64) * 22 + 1  # sizes of the first two levels
    boxes, shapes = list(torch.cat([corners, corners + extents], 2)), [(60, 77), (64, 80)]
    how = {"canonical_scale": 12, "canonical_level": 3}
    ours, theirs = Ours(names, (3, 2), 2, **how), Theirs(names, (3, 2), 2, **how)
    assert repr(ours) == repr(theirs).removesuffix(")") + ", canonical_scale=12, canonical_level=3)"
    assert torch.allclose(ours(maps, boxes, shapes), theirs(maps, boxes, shapes), rtol=0, atol=1e-12)


def test_missing_maps_and_images_are_refused():
    pooler, maps = Ours(["b"], 2, 2), {"a": torch.zeros(1, 1, 4, 4)}
    with pytest.raises(ValueError, match="x has no map called b, but a"):
        pooler(maps, [torch.zeros(1, 4)], [(16, 16)])
    with pytest.raises(ValueError, match="image_shapes must not be empty"):
        Ours(["a"], 2, 2)(maps, [torch.zeros(1, 4)], [])
