"""`roikit explain`: the article's numbers, the oracle's values under every dialect, RoIPool, mistakes, pictures."""

import re
import subprocess
import sys
from fractions import Fraction
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from roikit.conformance.commands.cli import app
from roikit.conformance.explanation import Walk as Call
from roikit.conformance.operators.roi_align.explanation import RoiAlignExplanation as Explanation
from roikit.conformance.operators.roi_align.oracle.output import roi_align
from roikit.conformance.operators.roi_pool.explanation import RoiPoolWindows as RoiPool
from roikit.kernels.dialects.roi_align import DIALECTS

ARTICLE = ("--roi", "0.8,0,2.4,4.5", "--output-size", "2")


def explain(*arguments):
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def lines(*arguments):
    """What is printed, a single space between words."""
    run = explain(*arguments)
    assert (run.exit_code, run.exception, run.stderr) == (0, None, "")
    return [" ".join(line.split()) for line in run.stdout.splitlines()]


def test_the_articles_example():
    text = lines(*ARTICLE)
    assert "torchvision y 0 … 4.5 4.5 2.25 0 … 2.25 3 = ceil(2.25)" in text
    assert "torchvision x 0.8 … 2.4 1.6 0.8 0.8 … 1.6 1 = ceil(0.8)" in text
    assert [line[: line.index(")") + 1] for line in text if "inside" in line] == [
        "(1.2, 0.375)",
        "(1.2, 1.125)",
        "(1.2, 1.875)",
    ]
    rows = [line for line in text if line[:2] in ("0 ", "1 ")]
    assert rows[:2] == ["0 12.45 13.25 0 21 22", "1 34.95 35.75 1 51 52"]
    assert "RA-8 average: 12.45" in text


def test_every_rule_on_the_way_is_named():
    text = " ".join(lines(*ARTICLE))
    assert set(re.findall(r"RA-\d+", text)) == {f"RA-{rule}" for rule in range(1, 9)}
    assert "RA-9" in " ".join(lines(*ARTICLE, "--mode", "max"))


def test_the_article_against_half_a_pixel():
    text = lines(*ARTICLE, "--against", "torchvision-aligned")
    assert "RA-1 offset none half" in text
    assert "RA-2 min_size one none" in text
    assert not any("outside zero" in line for line in text)
    assert "0 12.45 13.25 0 7.3667 8.1667 0 -5.0833 -5.0833 0 21 22" in text
    assert "1 34.95 35.75 1 29.45 30.25 1 -5.5 -5.5 1 51 52" in text
    assert [line for line in text if line.startswith("Bin")] == [
        "Bin (0, 0), torchvision",
        "Bin (0, 0), torchvision-aligned",
    ]


def test_a_choice_that_the_mode_does_not_look_at_is_marked():
    choice = "max{} sample corner"
    assert "RA-9 " + choice.format(" (not in this mode)") in lines(*ARTICLE, "--against", "onnx-10")
    assert "RA-9 " + choice.format("") in lines(*ARTICLE, "--against", "onnx-10", "--mode", "max")
    assert "they agree" in lines(*ARTICLE, "--against", "detectron2-legacy")


ONE_POINT = ("--roi", "0.8,2.2,1.8,3.2", "--output-size", 1, "--sampling-ratio", 1)


def test_the_weights_of_one_point():
    text = lines(*ONE_POINT)
    assert "(1.3, 2.7) inside F[2,1] · 0.21 F[2,2] · 0.09 F[3,1] · 0.49 F[3,2] · 0.21 28.3" in text
    assert text[text.index("RA-8 weights of the pixels, divided by 1") + 2 :][:2] == ["2 0.21 0.09", "3 0.49 0.21"]


def test_a_maximum_has_candidates_instead_of_weights():
    assert "RA-9 maximum (sample): 28.3" in lines(*ONE_POINT, "--mode", "max")
    text = lines(*ONE_POINT, "--mode", "max", "--dialect", "onnx-10")
    assert "RA-9 maximum (corner): 15.19" in text  # 0.49 · 31
    assert not any("weights" in line for line in text)
    assert "RA-9 maximum (sample and -10000): 28.3" in lines(*ONE_POINT, "--mode", "max", "--dialect", "mmcv-legacy")


def test_a_sample_outside_reads_nothing_and_one_on_the_rim_is_moved():
    text = lines("--roi", "-3,-0.5,1,0.5", "--output-size", "1,2", "--sampling-ratio", 1, "--map-size", "2x3")
    assert "(-2, 0) outside 0" in text
    text = lines("--roi", "-2,-1.5,1,0.5", "--output-size", 1, "--sampling-ratio", 1)
    assert any(line.startswith("(-0.5, -0.5) moved to (0, 0) F[0,0] · 1 ") for line in text)


def test_empty_and_capped_grids():
    text = lines("--roi", "3,3,1,1", "--dialect", "torchvision-aligned")
    assert "none" in text
    assert "RA-8 average: 0" in text
    assert "RA-8 average: nan" in lines("--roi", "1,1,1,1", "--dialect", "openvino-half-pixel")
    text = lines("--roi", "0,0,4,8", "--output-size", 1, "--map-size", "2x4", "--dialect", "torchvision-python")
    assert any("8 = ceil(8), 2 taken" in line for line in text)


@st.composite
def calls(draw):
    numbers = st.fractions(-8, 14, max_denominator=8)
    sizes, ratios = st.integers(1, 6), st.tuples(*[st.integers(0, 3)] * 2)
    height, width = draw(sizes), draw(sizes)
    pixels = draw(st.lists(st.integers(-20, 20), min_size=height * width, max_size=height * width))
    scale = st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 3)])
    return Call(
        feature=np.array(pixels).reshape(height, width),
        box=draw(st.tuples(numbers, numbers, numbers, numbers)),
        output_size=draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        spatial_scale=(draw(scale), draw(scale)),
        sampling_ratio=draw(ratios),
        mode=draw(st.sampled_from(["avg", "max"])),
    )


@given(calls(), st.sampled_from(list(DIALECTS)))
@settings(max_examples=150, deadline=None)
def test_equals_the_oracle(call, name):
    feature, box, *rest, _ = call
    explanation, expected = Explanation(call, name), roi_align(feature[None, None], [[0, *box]], *rest, DIALECTS[name])
    assert list(explanation.values.values()) == expected.values.flatten().tolist()
    for p, q in np.ndindex(call.output_size):
        for point in explanation.points(p, q):
            assert sum(weight for _, weight in point.corners) == bool(point.corners)
        if call.mode == "avg" and isinstance(explanation.value(p, q), Fraction):
            taps = explanation.taps(p, q)
            assert sum(weight * int(feature[at]) for at, weight in taps.items()) == explanation.value(p, q)


def pool(feature, box, size, scale=1):
    one = Fraction(scale)
    return RoiPool(Call(np.asarray(feature), tuple(map(Fraction, box)), size, (one, one), (0, 0), "avg"))


@pytest.mark.parametrize(
    ("number", "pixel"), [("2.5", 3), ("-2.5", -3), ("2.4999", 2), ("-0.5", -1), ("-0.4999", 0), ("0.5", 1), ("3", 3)]
)
def test_roi_pool_rounds_half_away_from_zero(number, pixel):
    assert pool(np.zeros((9, 9)), (number, 0, 9, 9), (1, 1)).x.start == pixel


def test_roi_pool_by_hand():
    rounded = pool(np.arange(16).reshape(4, 4), (0, 0, 2, 2), (2, 2))  # 3 × 3 pixels: the middle ones are in both bins
    assert rounded.x.bins == rounded.y.bins == [range(2), range(1, 3)]
    assert list(rounded.values.values()) == [5, 6, 9, 10]
    assert pool(-np.ones((4, 4)), (2, 2, 9, 9), (2, 2)).values == {
        (0, 0): -1,
        (0, 1): 0,
        (1, 0): 0,
        (1, 1): 0,
    }  # without a pixel: 0
    assert pool(np.arange(16).reshape(4, 4), (3, 3, 1, 1), (1, 1)).values == {(0, 0): 15}  # inverted: one pixel


@given(calls())
@settings(max_examples=40, deadline=None)
def test_roi_pool_equals_onnx_runtimes(call):
    helper = pytest.importorskip("onnx").helper
    runtime = pytest.importorskip("onnxruntime")
    node = helper.make_node("MaxRoiPool", ["x", "rois"], ["y"], pooled_shape=call.output_size, spatial_scale=0.5)
    tensors = [helper.make_tensor_value_info(name, 1, None) for name in ("x", "rois", "y")]
    model = helper.make_model(
        helper.make_graph([node], "", tensors[:2], tensors[2:]),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    box = [Fraction(round(number * 8), 8) for number in call.box]
    feeds = {"x": call.feature[None, None].astype("f4"), "rois": np.array([[0, *map(float, box)]], "f4")}
    assert session.run(None, feeds)[0].flatten().tolist() == [
        *pool(call.feature, box, call.output_size, "1/2").values.values()
    ]


@pytest.mark.parametrize("shape", [(6, 6), (2, 6, 6), (3, 2, 6, 6)])
def test_a_map_from_a_file(tmp_path, shape):
    array = np.zeros(shape, "f4")
    array[(0, 1)[-max(len(shape) - 2, 0) :] if len(shape) > 2 else ...] = np.add.outer(10 * np.arange(6), np.arange(6))
    np.save(tmp_path / "map.npy", array)
    channel = ("--channel", "1") if len(shape) > 2 else ()
    assert lines(*ARTICLE)[2:] == lines(*ARTICLE, "--map", tmp_path / "map.npy", *channel)[2:]


def test_numbers_may_be_fractions_and_pairs():
    whole = lines("--roi", "1,2,3,6", "--output-size", "2,1", "--sampling-ratio", "3,2")
    scaled = lines("--roi", "3,4,9,12", "--output-size", "2,1", "--sampling-ratio", "3,2", "--spatial-scale", "1/2,1/3")
    assert whole[2:] == scaled[2:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--roi", "0,0,1"), "--roi takes 4 numbers with commas between, not '0,0,1'"),
        (("--roi", "0,0,1,nan"), "--roi takes 4 numbers"),
        (("--roi", "0,0,1,1e999"), "--roi takes 4 numbers"),
        (("--roi", "0,0,1,1/0"), "--roi takes 4 numbers"),
        (("--roi", "a\nb"), r"not 'a\nb'"),
        ((*ARTICLE, "--output-size", "0"), "--output-size takes whole numbers from 1 to 100000, not '0'"),
        ((*ARTICLE, "--output-size", "1.5"), "--output-size takes whole numbers"),
        ((*ARTICLE, "--sampling-ratio=-1"), "--sampling-ratio takes whole numbers from 0"),
        ((*ARTICLE, "--spatial-scale", "1,0"), "--spatial-scale is positive, not '1,0'"),
        ((*ARTICLE, "--bin", "1,2"), "--bin takes whole numbers from 0 to 1, not '1,2'"),
        ((*ARTICLE, "--bin", "1"), "--bin takes 2 numbers"),
        ((*ARTICLE, "--map-size", "4097x5"), "--map-size takes whole numbers from 1 to 4096"),
        ((*ARTICLE, "--dialect", "torchvison"), "no dialect is called 'torchvison': did you mean torchvision"),
        ((*ARTICLE, "--against", ""), "no dialect is called ''"),
        ((*ARTICLE, "--map", "nowhere.npy"), "--map 'nowhere.npy' cannot be read as .npy"),
        ((*ARTICLE, "--map", "."), "--map '.' cannot be read as .npy"),
        ((*ARTICLE, "--sampling-ratio", "200"), "160000 samples under torchvision are too many: at most 100000"),
        (("--roi", "0,0,1e90,1", "--output-size", "1"), "samples under torchvision are too many"),
        ((*ARTICLE, "--output-size", "400"), "samples under torchvision are too many"),
        ((*ARTICLE, "--picture", "x.pdf"), "--picture takes a name that ends in .png or .svg, not 'x.pdf'"),
        ((*ARTICLE, "--picture", "nowhere/x.png"), "No such file or directory: 'nowhere/x.png'"),
    ],
)
def test_a_users_mistake_is_told_in_one_line(arguments, message):
    run = explain(*arguments)
    assert run.exit_code == 2
    assert isinstance(run.exception, SystemExit)
    assert message in run.stderr
    assert run.stderr.startswith("roikit: ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), "is float64 (3,), not numbers"),
        (np.zeros((2, 2), complex), "is complex128 (2, 2), not numbers"),
        (np.array([[object()]]), "cannot be read as .npy"),
        (np.zeros((0, 5)), "cannot be read|from 1 to 4096 pixels"),
        (np.zeros((1, 4097), "u1"), "a side must have from 1 to 4096 pixels"),
        (np.array([[0.0, np.nan]]), "has a pixel that is not finite"),
        (np.zeros((1, 2, 2)), "--channel 1: --map .* has 1, counted from 0"),
    ],
)
def test_a_file_that_is_no_map(tmp_path, array, message):
    np.save(tmp_path / "map.npy", array)
    run = explain(*ARTICLE, "--map", tmp_path / "map.npy", *(("--channel", 1) if "channel" in message else ()))
    assert (run.exit_code, run.stderr.count("\n")) == (2, 1)
    assert re.search(message if "|" in message or "*" in message else re.escape(message), run.stderr)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x05\x00{'a':", b"\xff" * 99])
def test_a_broken_file(tmp_path, content):
    (tmp_path / "map.npy").write_bytes(content)
    run = explain(*ARTICLE, "--map", tmp_path / "map.npy")
    assert (run.exit_code, run.stderr.count("\n")) == (2, 1)
    assert "cannot be read as .npy" in run.stderr


@given(st.sampled_from(["roi", "output-size", "map-size", "spatial-scale", "sampling-ratio", "bin"]), st.text())
@settings(max_examples=60, deadline=None)
def test_any_text_is_answered(option, text):
    run = explain(*ARTICLE, f"--{option}={text}")
    assert run.exit_code in (0, 2)
    assert run.exception is None or isinstance(run.exception, SystemExit)


HARD = {
    "article": ARTICLE,
    "against": (*ARTICLE, "--against", "torchvision-aligned"),
    "maximum": (*ARTICLE, "--mode", "max", "--dialect", "onnx-10", "--against", "openvino-asymmetric"),
    "outside": ("--roi", "-90,-90,-80,-80"),
    "empty": ("--roi", "3,3,1,1", "--dialect", "torchvision-aligned"),
    "nan": ("--roi", "1,1,1,1", "--dialect", "openvino-half-pixel", "--against", "torchvision"),
    "without a maximum": ("--roi", "3,3,1,1", "--mode", "max", "--dialect", "tvm-aligned", "--against", "mmcv"),
    "far": ("--roi", "1e90,-1e90,2e90,1e80", "--sampling-ratio", "1"),
    "one pixel": ("--roi", "0,0,1,1", "--map-size", "1x1"),
    "many values": ("--roi", "3.3,2.2,17.7,13.9", "--map-size", "16x20", "--output-size", "7", "--bin", "3,2"),
    "large": ("--roi", "-100,30,120,250", "--map-size", "200x336", "--sampling-ratio", "2"),
    "many bins": ("--roi", "0,0,60,60", "--map-size", "60x60", "--output-size", "60"),
}


@pytest.mark.one_in(3)
@pytest.mark.parametrize("arguments", HARD.values(), ids=HARD)
def test_pictures_of_all_kinds(tmp_path, arguments):
    run = explain(*arguments, "--picture", tmp_path / "it.png")
    assert (run.exit_code, run.exception, run.stderr) == (0, None, "")
    head = (tmp_path / "it.png").read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    width, height = np.frombuffer(head[16:], ">u4")
    rows = 2 if "--against" in arguments else 1
    assert 2000 < width < 3000
    assert 600 * rows < height < 1200 * rows


def test_an_svg_picture_is_the_same_twice(tmp_path):
    for name in ("one.svg", "two.SVG"):
        assert explain(*ARTICLE, "--picture", tmp_path / name).exit_code == 0
    assert ET.parse(tmp_path / "one.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.SVG").read_bytes()


def test_without_matplotlib_a_picture_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "roikit.conformance.explaining.picture", raising=False)
    assert explain(*ARTICLE).exit_code == 0
    run = explain(*ARTICLE, "--picture", tmp_path / "it.png")
    assert (run.exit_code, run.stdout) == (2, "")
    assert run.stderr == "roikit: --picture needs matplotlib: pip install 'matplotlib>=3.8'\n"


def test_the_command_line_starts_without_heavy_imports():
    code = "import sys, roikit.conformance.commands.cli; print(sorted({'numpy', 'matplotlib', 'rich.table'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_another_operator_is_explained_by_its_own_rules():
    text = lines(*ARTICLE, "--op", "ps_roi_align", "--dialect", "mxnet", "--against", "torchvision")
    assert "mxnet y 0 … 4.5 4.5 2.25 0 … 2.25 3 = ceil(2.25)" in text
    assert "PA-2 offset none half" in text
    assert "PA-4 average: 12.45" in text, "each bin reads a channel that is like all others"
    assert not any("RA-" in line for line in text)


def test_a_pooler_is_explained_on_the_map_that_there_is(tmp_path):
    text = lines(
        *ARTICLE, "--op", "multiscale_ps_roi_align", "--dialect", "gluoncv", "--against", "torchvision",
        "--picture", tmp_path / "it.svg",
    )  # fmt: skip
    assert "gluoncv y 0 … 4.5 4.5 2.25 0 … 2.25 3 = ceil(2.25)" in text
    assert "MP-6 offset none half" in text
    assert "MP-6 average: 12.45" in text
    assert {number for line in text for number in re.findall(r"[A-Z]{2}-\d+", line)} <= {"MP-2", "MP-3", "MP-5", "MP-6"}
    assert ET.parse(tmp_path / "it.svg").getroot().tag.endswith("svg")


def test_weighed_pixels_are_explained_as_pixels_on_the_map_that_there_is(tmp_path):
    text = lines(
        *ARTICLE, "--op", "multiscale_weighted_roi_align", "--dialect", "maskrcnn-benchmark", "--against", "roikit-openvino",
        "--picture", tmp_path / "it.svg",
    )  # fmt: skip
    assert "MW-6 offset none half" in text
    assert {number for line in text for number in re.findall(r"[A-Z]{2}-\d+", line)} <= {"MW-3", "MW-5", "MW-6"}
    assert any(line.startswith("MW-6 ") for line in text)
    assert ET.parse(tmp_path / "it.svg").getroot().tag.endswith("svg")


def test_an_operator_without_steps_is_refused():
    run = explain(*ARTICLE, "--op", "roi_pool")
    assert run.exit_code == 2
    assert "no operator that is explained is called 'roi_pool': there are roi_align, ps_roi_align" in run.stderr


def test_what_an_implementation_of_another_operator_returns():
    text = lines(*ARTICLE, "--op", "ps_roi_align", "--dialect", "mxnet", "--run", "roikit")
    at = next(n for n, line in enumerate(text) if line.startswith("roikit 0."))
    assert [line.split()[0] for line in text[at + 2 : at + 4]] == ["0", "1"]
    assert float(text[at + 2].split()[1]) == pytest.approx(12.45)
