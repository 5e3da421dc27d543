"""The kernels built otherwise than for this very CPU by its usual compiler: for CPUs without wide vectors, and by Clang.

Each build runs a handful of exact golden cases, in a process of its own: every vector width has code of its own.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# What a build needs of the CPU, as Linux calls it.
V3 = {"avx2", "fma", "f16c", "bmi2"}
BUILDS = {
    "AVX2": (None, "-march=x86-64-v3", V3),
    "no AVX": (None, "-march=x86-64", set()),
    "Clang": ("clang++", "", set()),
    "Clang, AVX2": ("clang++", "-march=x86-64-v3", V3),
    "Clang, no AVX": ("clang++", "-march=x86-64", set()),
}

PROGRAM = """
import dataclasses
from roikit.conformance.adapters.roikit import RoikitHost
from roikit.conformance.arrays import in_memory
from roikit.conformance.call import LAYOUTS
from roikit.conformance.cases.case import up_to
from roikit.conformance.cases.golden import golden_cases
from roikit.conformance.verdicts.judge import judge_output

ours, done, wrong = RoikitHost(), 0, []
groups = {}
for case in up_to("small", golden_cases()):
    if case.operator == "roi_align" and case.operation == "forward" and case.kind == "value" and case.memory != "sparse":
        groups.setdefault((case.group, case.mode), []).append(case)
for cases in groups.values():
    for case in cases[:: max(1, len(cases) // 20)]:
        for dtype in ("float32", "float16"):
            expectation = case.expectation(DIALECT, dtype)
            exact = expectation and len(expectation.answers) == 1 and expectation.bound is None
            for layout in LAYOUTS if exact else ():
                call = case.call(DIALECT, dtype, layout)
                call = dataclasses.replace(call, input=in_memory(call.input, case.memory))
                judgement = judge_output(case, expectation, ours.roi_align(call), dtype, layout)
                done += 1
                if judgement.verdict.value != "conforms":
                    wrong.append((case.id, dtype, layout, judgement.reason))
print(done, wrong)
"""


def cpu_flags():
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if sys.platform == "linux" else []
    return set(next((line for line in lines if line.startswith("flags")), "").split())


@pytest.mark.one_in(2)
@pytest.mark.parametrize("build", BUILDS)
def test_exact_cases_with_another_build(build, tmp_path):
    compiler, flags, needed = BUILDS[build]
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("these builds are for x86-64")
    if missing := needed - cpu_flags():
        pytest.skip(f"this CPU has no {', '.join(sorted(missing))}")
    if compiler and shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    environment = {**os.environ, "ROIKIT_CXXFLAGS": flags, "ROIKIT_CACHE_DIR": str(tmp_path)}
    environment |= {"CXX": compiler} if compiler else {}
    program = PROGRAM.replace("DIALECT", "'torchvision-aligned'")
    command = [sys.executable, "-W", "ignore", "-c", program]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    done, wrong = result.stdout.split(maxsplit=1)
    assert wrong == "[]\n"
    assert int(done) >= 100


def test_flags_of_the_user_are_part_of_the_key_and_count(tmp_path):
    source = "import numpy as np; from roikit.kernels import roi_align; "
    source += "print(roi_align(np.ones((1, 1, 4, 4), np.float32), np.array([[0, 0, 0, 2, 2]], np.float32), 1).item())"
    for flags in ("", "-O1"):
        environment = {**os.environ, "ROIKIT_CXXFLAGS": flags, "ROIKIT_CACHE_DIR": str(tmp_path)}
        subprocess.run([sys.executable, "-c", source], env=environment, check=True)
    assert len(list((tmp_path / "host").iterdir())) == 2
    environment = {**os.environ, "ROIKIT_CXXFLAGS": "--no-such-option", "ROIKIT_CACHE_DIR": str(tmp_path)}
    failed = subprocess.run(
        [sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False
    )
    assert "CompilationError" in failed.stderr
