"""Golden cases of real sizes through the launches of a GPU: all conform, and no line of the kernels is left out."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from roikit.kernels.execution import host
from tests.kernels.guards import compiled_by

ROOT = Path(__file__).parents[3]
FIRST = "#define ROIKIT_FEATURE_T"  # after what a CUDA text needs to run on a CPU

NOT_RUN = {
    "return Placed::too_far;": "adaptive RoIs that reach beyond 2^20 pixels: cases of what is refused",
    "roi.y.taken = roi.x.taken = 0;": "boxes of no level: cases of multiscale_roi_align",
    "roi.y.grid = roi.x.grid = (acc_t)1;": "the same",
    "return moving(*axis, bins, p, rank);": "more samples of a bin than a CPU keeps, in gradients for boxes",
    "const int rank = run_at(runs, i).rank;": "the same",
    "EACH_PART(i) result.part[i] = a.part[i] / b;": "divisors that are no powers of two, with which little is exact",
}
"""Lines that none of these runs is for, and what they are for: small cases are."""

HALF_RUN = {
    "if (roi.result_is_nan) return filled<N>(quiet_nan());": "a CPU's lanes return so: a GPU has filled such a RoI before",
}
"""Lines of which only the question is run, and what the answer is for. GCC counts them or not, by how a CPU returns vectors."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counted")
    command = [sys.executable, "-m", "tests.kernels.staging.as_on_a_gpu", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_every_case_conforms(ran):
    assert ran[1] == ""


def test_every_line_of_the_kernels_is_run(ran):
    version = subprocess.run([*host.compiler(), "--version"], capture_output=True, text=True, check=True).stdout
    if "Free Software Foundation" not in version or not shutil.which("gcov"):
        pytest.skip("lines are counted by GCC and gcov")
    counts = lines_of(ran[0])
    assert len(counts) > 500
    assert counts.keys() >= HALF_RUN.keys()
    assert sorted(({line for line, count in counts.items() if count == 0} ^ NOT_RUN.keys()) - HALF_RUN.keys()) == []


def lines_of(folder):
    """How often each line of the kernels was run, by its text."""
    counts = {}
    for notes in sorted(folder.glob("*.gcno")):
        text = folder.joinpath(f"{notes.name.removesuffix('--.gcno')}.txt").read_text(encoding="utf-8").splitlines()
        begin = next(number for number, line in enumerate(text, 1) if line.startswith(FIRST))
        of_a_cpu = [by == "CPU" for by in compiled_by("\n".join(text))]  # which these launches, of a GPU, are not for
        command = ["gcov", "--json-format", "--stdout", notes.name]
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
        for file in json.loads(found)["files"]:
            for line in file["lines"] if file["file"] == "<stdin>" else ():
                number = line["line_number"]
                if begin < number <= len(text) and not of_a_cpu[number - 1]:
                    code = text[number - 1].strip()
                    counts[code] = counts.get(code, 0) + line["count"]
    return counts
