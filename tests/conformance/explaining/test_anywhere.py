"""`roikit explain` of operators whose bins may lie anywhere: the oracle's values, what each rule says, mistakes, pictures."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from roikit.conformance import operators
from roikit.conformance.commands.cli import app
from roikit.conformance.explaining.request import Request, explained, read_call, settled
from roikit.conformance.explanation import Account
from roikit.conformance.operation import Operation

ACCOUNTS = {
    "roi_align_rotated": {"roi": "2.5,2.25,4,2.5,pi/6"},
    "deform_roi_pool": {"roi": "1,0.5,5,4"},
    "border_align": {"roi": "0.75,0.5,4.5,6.75"},
    "crop_and_resize": {"roi": "0.125,-0.25,1.25,0.75", "output_size": "3,2", "extrapolation_value": "-2"},
    "prroi_pool": {"roi": "0.75,-1.5,4.5,3.25", "output_size": "2,1"},
    "deform_ps_roi_pool": {"roi": "1.5,0,4,3", "sampling_ratio": "2", "parts": "1,2"},
    "riroi_align_rotated": {"roi": "2.5,2.25,4,2.5,0.75", "num_orientations": "3", "channel": 1},
    "roi_align_3d": {"roi": "1,0.5,-2,5,4,3.5", "output_size": "2,1,2"},
    "multiscale_roi_align_rotated": {"roi": "2.5,2.25,4,2.5,pi/6"},
}
CALLS = [(operator, dialect) for operator in ACCOUNTS for dialect in operators.get(operator).dialects]


def account(operator, dialect="", **asked):
    request = settled(Request(operator=operator, dialect=dialect, **{**ACCOUNTS[operator], **asked}))
    found = explained(read_call(request), request.dialect, operator)
    assert isinstance(found, Account)
    return found


def explain(*arguments):
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def options(operator):
    """Those of the command, of what is asked of an operator above."""
    names = {"num_orientations": "orientations"}
    given = ((names.get(name, name).replace("_", "-"), value) for name, value in ACCOUNTS[operator].items())
    return ["--op", operator, *(part for name, value in given for part in (f"--{name}={value}",))]


def arguments_of(found):
    """The call, as a case has it."""
    rows = {
        name: {"shape": [1, *a.shape], "rows": a.reshape(-1, a.shape[-1]).tolist()}
        for name, a in (("input", found.maps()),)
    }
    rows |= {
        name: {"shape": [*a.shape], "rows": a.reshape(-1, a.shape[-1]).tolist()} for name, a in found.arrays().items()
    }
    boxes = [[0, *map(float, found.call.box)]]
    return json.loads(json.dumps({**found.call._asdict(), **found.call.more, **rows, "boxes": boxes}, default=plain))


def plain(number):
    """What is no number of a file, as one."""
    return number.tolist() if isinstance(number, np.ndarray) else float(number)


@pytest.mark.parametrize(("operator", "dialect"), CALLS)
def test_bins_have_the_values_of_the_oracle(operator, dialect):
    found = account(operator, dialect)
    rules = operators.get(operator).dialects[dialect]
    due = operators.get(operator).oracle.values(arguments_of(found), Operation.FORWARD, rules)[0, found.channel]
    assert [*found.values] == [*np.ndindex(due.shape)]
    # gamma is a tenth here, and the float64 that is nearest to it there; cosines are known within 2⁻¹¹⁰
    assert [*map(float, found.values.values())] == pytest.approx(
        due.astype(float).ravel().tolist(), rel=1e-12, abs=1e-12
    )


@pytest.mark.parametrize("operator", ACCOUNTS)
def test_weights_of_pixels_make_the_value(operator):
    found = account(operator)
    for at, value in found.values.items():
        taps = found.taps(at)
        assert all(taps.values())
        outside = sum(mark.value for mark in found.marks(at) if not mark.corners) / found.divisor(at)
        if found.winner(at) is None or operator == "crop_and_resize":
            assert sum(weight * found.pixel(pixel) for pixel, weight in taps.items()) + outside == value
        else:
            assert max(mark.value for mark in found.marks(at)) == value


@pytest.mark.parametrize("operator", ACCOUNTS)
def test_a_sample_lies_in_its_bin(operator):
    """As the picture has both: the outlines of bins are the same geometry as their samples."""
    found = account(operator)
    for at in found.bins:
        plane = found.planes(at)[0]
        x, y = np.array(plane.chosen, float).T if plane.chosen else (np.array([]), np.array([]))
        for mark in found.marks(at) if len(x) > 2 else ():
            sides = [
                (x[n - 3] - x[n]) * (float(mark.at[1]) - y[n]) - (y[n - 3] - y[n]) * (float(mark.at[0]) - x[n])
                for n in range(4)
            ]
            assert min(sides) >= -1e-9 or max(sides) <= 1e-9


RULES = {
    "roi_align_rotated": "RR-1 RR-2 RR-3 RR-4 RR-5 RR-6 RR-7 RR-8 RR-9 RR-10",
    "deform_roi_pool": "DP-1 DP-2 DP-3 DP-4 DP-5 DP-6",
    "border_align": "BA-1 BA-2 BA-3 BA-4 BA-5 BA-6",
    "crop_and_resize": "CR-1 CR-2 CR-3 CR-4 CR-6",
    "prroi_pool": "PR-1 PR-2 PR-3 PR-5 PR-6",
    "deform_ps_roi_pool": "DQ-1 DQ-2 DQ-3 DQ-4 DQ-5 DQ-6 DQ-7",
    "riroi_align_rotated": "RR-1 RR-2 RR-3 RR-4 RR-5 RR-6 RR-7 RR-8 RR-9 RI-2 RI-3 RI-4",
    "roi_align_3d": "RV-1 RV-2 RV-3 RV-4 RV-5 RV-6 RV-7 RV-8",
    "multiscale_roi_align_rotated": "MR-6",
}


def test_of_equal_points_the_first_wins():
    """Far outside all are 0."""
    text = lines("--op", "border_align", "--roi=-9,-9,19,19", "--pool-size", 2, "--bin", 3)
    assert "BA-6 comes from the first that has it point 0 at (19, 19)" in text


@pytest.mark.parametrize("operator", ACCOUNTS)
def test_every_rule_on_the_way_is_named(operator):
    run = explain(*options(operator))
    assert (run.exit_code, run.stderr) == (0, "")
    assert set(re.findall(r"[A-Z]{2}-\d+", run.stdout)) == set(RULES[operator].split())


def lines(*arguments):
    run = explain(*arguments)
    assert (run.exit_code, run.exception, run.stderr) == (0, None, "")
    return [" ".join(line.split()) for line in run.stdout.splitlines()]


def test_a_box_turned_by_a_quarter_by_hand():
    """Counter-clockwise its right side points up: its first bin lies at the bottom left, and goes down to the top."""
    text = lines("--op", "roi_align_rotated", "--roi", "3,3,4,2,pi/2", "--output-size", "1,2", "--sampling-ratio", 1)
    assert "RR-2 centre, in feature pixels (2.5, 2.5)" in text
    assert "RR-3 angle 1.5708 rad = 90°, counter-clockwise" in text
    assert "RR-4 cosine, sine 0, 1, a multiple of a quarter turn" in text
    assert "RR-6 samples per bin, down × across 1 × 1" in text
    assert "0 37.5 17.5" in text, "the map is 10 y + x: at (2.5, 3.5), and then at (2.5, 1.5)"


def test_offsets_by_hand():
    text = lines("--op", "deform_roi_pool", "--roi", "1.5,1.5,5.5,3.5", "--output-size", "1,2", "--sampling-ratio", 1,
                 "--offset", "0,0;-1/2,1", "--gamma", "1/4", "--bin", "0,1")  # fmt: skip
    assert "DP-4 its offset d_x = -0.5, d_y = 1" in text
    assert "DP-4 moves it by gamma · w · d_x, gamma · h · d_y (-0.5, 0.5)" in text
    assert "0 22 28.5" in text[text.index("DP-6 average, mmcv") :], "at (2, 2), and at (4, 2) + (-0.5, 0.5)"


def test_sides_by_hand():
    text = lines("--op", "border_align", "--roi", "1,1,4,3", "--pool-size", 3, "--bin", 3)
    assert "BA-3 right side from (4, 3) to (4, 1)" in text
    assert "BA-6 comes from the first that has it point 0 at (4, 3)" in text
    assert "0 14 31 34 34" in text
    assert any(line.startswith("(4, 3) inside") and line.endswith("34 maximum") for line in text)


def test_a_crop_by_hand():
    text = lines("--op", "crop_and_resize", "--roi", "0,0,1.2,1", "--output-size", 3, "--extrapolation-value", 7)
    assert "CR-2 points down 3, 0 … 6 in steps of 3" in text
    assert "2 7 7 7" in text, "beyond the last row"
    assert "1 30 32.5 35" in text
    near = lines("--op", "crop_and_resize", "--roi", "0,0,1,1", "--output-size", 3, "--mode", "nearest", "--bin", "1,1")
    assert "(2.5, 2.5) moved to (3, 3) F[3,3] · 1 33" in near


def test_an_integral_by_hand():
    """Of a pixel from middle to middle: a quarter of each corner's tent."""
    text = lines("--op", "prroi_pool", "--roi", "1,2,2,3", "--output-size", 1)
    assert "PR-5 integrals of the rows' tents row 2: 0.5, 3: 0.5" in text
    assert "2 0.25 0.25" in text
    assert "PR-6 mean: 26.5" in text


def test_whole_pixels_and_samples_that_count_by_hand():
    text = lines("--op", "deform_ps_roi_pool", "--roi", "0.5,0,2,1.4", "--output-size", "1,2", "--sampling-ratio", 2,
                 "--offset", "none")  # fmt: skip
    assert "DQ-2 its first and last pixel (1, 0) … (2, 1)" in text
    assert "DQ-3 corners, in feature pixels (0.5, -0.5) … (2.5, 1.5)" in text
    assert "DQ-7 samples inside, which are counted 4" in text


def test_orientations_are_mixed_by_hand():
    """Half of a whole orientation: half of a map, and half of that after it, which has 100 more."""
    text = lines("--op", "riroi_align_rotated", "--roi", "2,2,2,2,pi/8", "--orientations", 8)
    assert "RI-2 index, the angle in orientations of 8 0.5" in text
    assert "RI-4 map that orientation 0 is pooled of 0.5 · F[0] + 0.5 · F[1]" in text


def test_a_volume_by_hand():
    text = lines("--op", "roi_align_3d", "--roi", "1,1,0,3,3,4", "--output-size", "2,1,1", "--sampling-ratio", 1)
    assert "RV-4 z: bin 0 0 … 2, of size 2" in text
    assert "RV-8 average, roikit, p = 0 RV-8 average, roikit, p = 1" in text
    assert "0 122 0 322" in text, "100 z + 10 y + x, at (2, 2, 1) and (2, 2, 3)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--op", "roi_align_rotated", "--roi", "1,1,2,2"), "5 numbers with commas between: cx, cy, w, h, angle, not '1,1,2,2'"),
        (("--op", "roi_align_rotated", "--roi", "1,1,2,2,pi/0"), "a part of pi such as pi/6, not 'pi/0'"),
        (("--op", "roi_align_rotated", "--roi", "1,1,2,2,0", "--spatial-scale", "1,2"), "--spatial-scale is one number"),
        (("--op", "prroi_pool", "--roi", "0,0,1,1", "--sampling-ratio", "2"), "PrRoIPool takes no --sampling-ratio: leave"),
        (("--op", "border_align", "--roi", "0,0,1,1", "--output-size", "3"), "BorderAlign takes no --output-size"),
        (("--op", "border_align", "--roi", "0,0,1,1", "--mode", "avg"), "BorderAlign has no --mode avg: there is max"),
        (("--op", "border_align", "--roi", "0,0,1,1", "--bin", "4"), "--bin takes whole numbers from 0 to 3, not '4'"),
        (("--roi", "0,0,1,1", "--gamma", "1"), "RoIAlign takes no --gamma"),
        (("--op", "deform_roi_pool", "--roi", "0,0,1,1", "--parts", "2"), "takes no --parts"),
        (("--op", "deform_roi_pool", "--roi", "0,0,1,1", "--offset", "1"), "--offset takes 2 numbers with commas between, d_x"),
        (("--op", "deform_ps_roi_pool", "--roi", "0,0,1,1"), "--sampling-ratio is at least 1 here"),
        (("--op", "roi_align_3d", "--roi", "0,0,0,1,1,1", "--bin", "0,0"), "--bin takes 3 numbers"),
        (("--op", "roi_align_3d", "--roi", "0,0,0,1,1,1", "--sampling-ratio", "99"), "samples under roikit are too many"),
        (("--op", "roi_align_3d", "--roi", "0,0,0,1,1,1", "--map-size", "6x6"), "--map-size takes 1 or 3 numbers"),
        (("--op", "riroi_align_rotated", "--roi", "0,0,1,1,0", "--orientations", "0"), "--orientations takes whole numbers"),
    ],
)  # fmt: skip
def test_a_users_mistake_is_told_in_one_line(arguments, message):
    run = explain(*arguments)
    assert (run.exit_code, run.stderr.count("\n")) == (2, 1)
    assert message in run.stderr


def test_orientations_of_a_file_are_those_of_its_feature(tmp_path):
    maps = np.arange(4 * 36).reshape(4, 6, 6)
    np.save(tmp_path / "map.npy", maps)
    asked = {"map": str(tmp_path / "map.npy"), "num_orientations": "2", "channel": 3, "roi": "2,2,2,2,0"}
    found = account("riroi_align_rotated", **asked)
    assert np.array_equal(found.call.feature, maps[2:])
    assert found.values[0, 0] == maps[3, 1, 1] + 3.5  # in the middle of four pixels
    run = explain(
        "--op", "riroi_align_rotated", "--roi", "2,2,2,2,0", "--orientations", "3", "--map", tmp_path / "map.npy"
    )
    assert "has 4 channels, no multiple of that" in run.stderr


@pytest.mark.one_in(3)
@pytest.mark.parametrize("operator", ACCOUNTS)
def test_an_implementation_returns_what_is_explained_and_a_picture_is_drawn(operator, tmp_path):
    dialects = [*operators.get(operator).dialects]
    run = explain(*options(operator), "--dialect", "mmcv" if operator == "prroi_pool" else "roikit", "--against", dialects[-1],
                  "--picture", tmp_path / "it.png", "--run", "roikit", "--output", tmp_path / "it.json")  # fmt: skip
    assert (run.exit_code, run.stderr) == (0, "")
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")
    walkthrough = json.loads((tmp_path / "it.json").read_text())["walkthrough"]
    (output,) = walkthrough["outputs"]
    due = account(operator, walkthrough["request"]["dialect"]).values
    assert np.array(output["output"]).ravel().tolist() == pytest.approx([float(v) for v in due.values()], rel=1e-6)


HARD = {
    "outside": ("--op", "roi_align_rotated", "--roi", "90,90,4,4,1"),
    "without samples": ("--op", "roi_align_rotated", "--roi", "2,2,0,0,1"),
    "far": ("--op", "roi_align_rotated", "--roi", "1e60,-1e60,1e50,1,1", "--sampling-ratio", "1"),
    "all sides outside": ("--op", "border_align", "--roi", "-9,-9,19,19"),
    "a point outside": ("--op", "crop_and_resize", "--roi", "2,2,3,3"),
    "no area": ("--op", "prroi_pool", "--roi", "2,2,2,3"),
    "a volume of a voxel": ("--op", "roi_align_3d", "--roi", "9,9,9,8,8,8", "--map-size", "1"),
    "nothing counted": ("--op", "deform_ps_roi_pool", "--roi", "90,90,95,95", "--sampling-ratio", "1"),
}


@pytest.mark.one_in(4)
@pytest.mark.parametrize("arguments", HARD.values(), ids=HARD)
def test_pictures_of_what_is_hard(arguments, tmp_path):
    run = explain(*arguments, "--picture", tmp_path / "it.png")
    assert (run.exit_code, run.exception, run.stderr) == (0, None, "")
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")
