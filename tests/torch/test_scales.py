"""The scales of the maps of a pyramid: found from their sizes where these say it, and otherwise asked for."""

import pytest

torch = pytest.importorskip("torch")

from roikit.torch import MultiScaleRoIAlign, multiscale_roi_align  # noqa: E402

NAMES = ["0", "1", "2", "3"]
STRIP = (13, 800)  # which a model pads to 32 × 800


def strip(sizes, layout="NCHW"):
    """Maps of an image whose values are 0, 1, 2 … row by row and channel by channel."""
    maps = [torch.arange(2.0 * height * width).reshape(1, 2, height, width) for height, width in sizes]
    return dict(zip(NAMES, maps if layout == "NCHW" else [x.permute(0, 2, 3, 1) for x in maps], strict=False))


PADDED = [(8, 200), (4, 100), (2, 50), (1, 25)]
BOX = [torch.tensor([[400, 2, 440, 12.0]])]
EXPECTED = [
    [[327.5, 332.5], [577.5, 582.5]],
    [[1927.5, 1932.5], [2177.5, 2182.5]],
]  # of 200 y + x and 1600 more; stride 4


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_padded_strip_is_asked_for_its_scales(layout):
    maps = strip(PADDED, layout)
    with pytest.raises(
        ValueError, match=r"x\['0'\] has 8 x 200 .* 13 x 800.* 0.5 along y, but 0.25 along x.*spatial_scales"
    ):
        MultiScaleRoIAlign(NAMES, 2, 2, layout=layout)(maps, BOX, [STRIP])
    pooler = MultiScaleRoIAlign(NAMES, 2, 2, spatial_scales=[1 / 4, 1 / 8, 1 / 16, 1 / 32], layout=layout)
    out = pooler(maps, BOX, [STRIP])
    assert (out if layout == "NCHW" else out.permute(0, 3, 1, 2)).tolist() == [EXPECTED]


def test_the_other_axis_is_looked_at_too():
    maps = {"0": torch.zeros(1, 1, 200, 8)}
    with pytest.raises(ValueError, match=r"0.25 along y, but 0.5 along x"):
        MultiScaleRoIAlign(["0"], 2, 2)(maps, BOX, [(800, 13)])
    with pytest.raises(ValueError, match=r"x\['1'\]"):
        MultiScaleRoIAlign(["0", "1"], 2, 2)(strip([(16, 200), (8, 50)]), BOX, [(64, 800)])
    # The largest height and the largest width are those of the batch, whichever image has them.
    out = MultiScaleRoIAlign(["0"], 2, 2)(strip([(8, 200)]), BOX, [(32, 100), (8, 800)])
    assert out.tolist() == [EXPECTED]


def test_scales_may_differ_along_the_axes():
    """Rows of a map are 2 pixels high, and columns 4 wide: y of 200 y + x is twice that of stride 4."""
    pairs = [(1 / 2, 1 / 4), (1 / 4, 1 / 8)]
    pooler = MultiScaleRoIAlign(["0", "1"], 2, 2, spatial_scales=pairs, first_level=2)
    assert pooler(strip(PADDED), BOX, [STRIP])[0, 0].tolist() == [[552.5, 557.5], [1052.5, 1057.5]]
    with pytest.raises(ValueError, match=r"the same along both axes.*first_level must be given"):
        multiscale_roi_align(list(strip(PADDED[:2]).values()), BOX, 2, pairs)


@pytest.mark.parametrize("scales", [[0.0, 0.0], [-0.25, -0.5], [float("inf"), 1.0], [float("nan"), 1.0], ["1", "2"]])
def test_no_first_level_is_made_of_what_is_no_scale(scales):
    arrays = [x.numpy() for x in strip(PADDED[:2]).values()]
    from roikit import kernels

    with pytest.raises(ValueError, match="first_level must be given"):
        kernels.multiscale_roi_align(arrays, [BOX[0].numpy()], 2, scales)


@pytest.mark.parametrize(
    ("sizes", "shapes", "message"),
    [
        ([(2, 50), (8, 200)], [(32, 800)], "x must have its finest map first, but the scales of 0, 1 grow"),
        ([(8, 200)], [(0, 0)], "image_shapes must be heights and widths of 1 or more"),
    ],
)
def test_what_says_no_scale_is_refused_by_name(sizes, shapes, message):
    with pytest.raises(ValueError, match=message):
        MultiScaleRoIAlign(["0", "1"], 2, 2)(strip(sizes), BOX, shapes)
