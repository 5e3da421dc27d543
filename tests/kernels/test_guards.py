"""Guards of kernels' texts are understood."""

from importlib.resources import files

import pytest

from tests.kernels.guards import compiled_by


def of(*lines):
    return compiled_by("\n".join(lines))


def test_both_branches_of_a_guard():
    assert of("a", "#ifdef __CUDA_ARCH__", "b", "#else", "c", "#endif", "d") == ["", "GPU", "GPU", "CPU", "CPU", "", ""]
    assert of("#ifndef __CUDA_ARCH__", "b", "# else // of a CPU", "c", "#endif") == ["CPU", "CPU", "GPU", "GPU", ""]


def test_guards_in_others_and_others_in_guards():
    text = [
        "#if MODE == 1",
        "#ifdef __CUDA_ARCH__",
        "#if BINS",
        "a",
        "#elif ROWS",
        "b",
        "#else",
        "c",
        "#endif",
        "#endif",
        "d",
    ]
    text += ["#else", "e", "#endif"]
    assert [line for line, by in zip(text, of(*text), strict=True) if by == "GPU"] == [*text[1:9]]


def test_what_follows_one_more_condition():
    text = ["#if defined(__CUDA_ARCH__)", "a", "#elif X", "b", "#else", "c", "#endif"]
    assert of(*text) == ["GPU", "GPU", "CPU", "CPU", "CPU", "CPU", ""]


def test_a_condition_of_several_parts_leaves_its_rest_to_both():
    text = ["#if defined(__CUDA_ARCH__) && X", "a", "#else", "b", "#endif"]
    assert of(*text) == ["GPU", "GPU", "", "", ""]


@pytest.mark.parametrize("line", ["#if __CUDA_ARCH__ > 800", "#if X || defined(__CUDA_ARCH__)"])
def test_what_is_not_understood_is_no_guess(line):
    with pytest.raises(AssertionError, match="is not known"):
        of(line, "#endif")


def test_all_kernels_are_understood():
    texts = [
        path.read_text(encoding="utf-8")
        for folder in files("roikit.kernels").joinpath("cuda").iterdir()
        if folder.is_dir() and folder.name != "emulation"
        for path in folder.rglob("*.cu*")
    ]
    by = [each for text in texts for each in compiled_by(text)]
    assert len(texts) > 100
    assert {each: by.count(each) > 100 for each in ("GPU", "CPU", "")} == dict.fromkeys(("GPU", "CPU", ""), True)
