"""The host executor: compiler discovery, compile cache, and that a kernel does not depend on how it is launched."""

import os
import shlex
import subprocess
import sys

import numpy as np
import pytest

from roikit.kernels import CompilationError
from roikit.kernels.dialects.roi_align import DIALECTS
from roikit.kernels.execution import host
from roikit.kernels.execution.launch import Launch
from roikit.kernels.execution.source import specialise
from roikit.kernels.operators.roi_align.forward import specialised
from roikit.kernels.operators.roi_align.problem import RoiAlignProblem, asked_for

PROGRAM = """
import numpy as np
from roikit.kernels import roi_align
print(roi_align(np.ones((1, 1, 4, 4), np.float32), np.array([[0, 0, 0, 2, 2]], np.float32), 1).item())
"""


def run(environment, program=PROGRAM):

    merged = {k: v for k, v in os.environ.items() if k != "CXX"} | environment
    return subprocess.run([sys.executable, "-c", program], env=merged, capture_output=True, text=True, check=False)


def test_no_compiler_is_one_clear_error(tmp_path):
    result = run({"PATH": str(tmp_path), "ROIKIT_CACHE_DIR": str(tmp_path)})
    assert "CompilerNotFoundError: running on the CPU needs a C++ compiler" in result.stderr
    assert "pip install ziglang" in result.stderr


def test_a_wrong_cxx_is_named(tmp_path):
    result = run({"CXX": "no-such-compiler", "ROIKIT_CACHE_DIR": str(tmp_path)})
    assert "CompilerNotFoundError: CXX is set to 'no-such-compiler'" in result.stderr


def test_a_kernel_is_compiled_once_and_found_again_without_a_compiler_run(tmp_path):
    assert run({"ROIKIT_CACHE_DIR": str(tmp_path)}).stdout == "1.0\n"
    compiled = list((tmp_path / "host").iterdir())
    assert [path.suffix for path in compiled] == [".so"]
    before = compiled[0].stat().st_mtime_ns
    assert run({"ROIKIT_CACHE_DIR": str(tmp_path)}).stdout == "1.0\n"
    assert compiled[0].stat().st_mtime_ns == before


def test_processes_that_come_together_compile_once(tmp_path):
    wrapper = tmp_path / "c++"
    log = tmp_path / "log"
    count = f"echo >> {shlex.quote(str(log))}; sleep 1"
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *--version*) ;; *) {count};; esac\nexec {shlex.join(host.compiler())} "$@"\n'
    )
    wrapper.chmod(0o755)
    environment = os.environ | {"ROIKIT_CACHE_DIR": str(tmp_path), "CXX": str(wrapper)}
    command = [sys.executable, "-c", PROGRAM]
    runs = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [run.communicate(timeout=120)[0] for run in runs] == ["1.0\n"] * 4
    assert len(log.read_text().splitlines()) == 1


def test_a_cache_that_cannot_be_written_to_is_said_and_done_without(tmp_path):
    (tmp_path / "file").touch()
    result = run({"ROIKIT_CACHE_DIR": str(tmp_path / "file")})
    assert result.stdout == "1.0\n"
    assert "RuntimeWarning: kernels are compiled anew in every process" in result.stderr


def test_a_compiler_without_openmp_gives_serial_kernels_and_says_so(tmp_path):
    wrapper = tmp_path / "c++"
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *-fopenmp*) exit 1;; esac\nexec {shlex.join(host.compiler())} "$@"\n')
    wrapper.chmod(0o755)
    result = run({"CXX": str(wrapper), "ROIKIT_CACHE_DIR": str(tmp_path)})
    assert result.stdout == "1.0\n"
    assert "has no OpenMP, so kernels run on one thread" in result.stderr


def test_what_the_compiler_says_reaches_the_user(monkeypatch, tmp_path):
    monkeypatch.setattr(host, "cache_directory", lambda: tmp_path)
    source = specialise("roi_align/forward.cu", "roi_align_forward", "float32", (("MODE", "nonsense"),))
    with pytest.raises(CompilationError, match="nonsense"):
        host.compile_source(source)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [lambda data: data[:5000], lambda data: b"", lambda data: data[:-1] + b"x"])
def test_a_damaged_file_in_the_cache_is_compiled_again(tmp_path, damage):
    assert run({"ROIKIT_CACHE_DIR": str(tmp_path)}).stdout == "1.0\n"
    (compiled,) = (tmp_path / "host").iterdir()
    whole = compiled.read_bytes()
    compiled.write_bytes(damage(whole))
    assert run({"ROIKIT_CACHE_DIR": str(tmp_path)}).stdout == "1.0\n"
    assert len(compiled.read_bytes()) == len(whole)


FORKED = """
import multiprocessing as mp, sys
import numpy as np
from roikit.kernels import roi_align
x, boxes = np.ones((1, 1, 4, 4), np.float32), np.array([[0, 0, 0, 2, 2]] * 8, np.float32)
roi_align(x, boxes, 1)
child = mp.get_context("fork").Process(target=lambda: sys.exit(int(roi_align(x, boxes, 1).sum())))
child.start(); child.join(20); print(child.exitcode)
"""


def test_a_forked_process_can_go_on_with_threads_gone():
    assert run({"ROIKIT_NUM_THREADS": "2"}, FORKED).stdout == "8\n"


def test_a_compiler_is_run_in_utf_8_whatever_the_locale(tmp_path):
    environment = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", "ROIKIT_CACHE_DIR": str(tmp_path)}
    assert run(environment).stdout == "1.0\n"


def test_more_threads_than_there_could_be_are_not_asked_for(monkeypatch):
    monkeypatch.setenv("ROIKIT_NUM_THREADS", str(2**32))
    assert host.thread_count() == 1024


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_threads_is_refused(monkeypatch, value):
    monkeypatch.setenv("ROIKIT_NUM_THREADS", value)
    with pytest.raises(ValueError, match="ROIKIT_NUM_THREADS is"):
        host.thread_count()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_block_size_grid_and_channel_tiles_do_not_change_a_bit(mode, layout):
    """Blocks of several threads run as real threads with a real barrier, as on a GPU."""
    rng = np.random.default_rng(1)
    shape = (2, 21, 9, 10) if layout == "NCHW" else (2, 9, 10, 21)
    feature = rng.standard_normal(shape).astype(np.float32)
    corners = rng.uniform(-3, 8, (5, 2))
    boxes = np.column_stack([rng.integers(0, 2, 5), corners, corners + rng.uniform(0, 9, (5, 2))]).astype(np.float32)

    def pooled(vector, channels, grid, tile, block, rois=1, bin_rows=3, line_length=64, samples=2**30, gather=64):
        source = specialised(
            "float32", mode, layout, DIALECTS["torchvision"], vector=vector, channels=channels, gather=gather
        )
        capacity, memory = 200, 65536
        asked = asked_for(feature.dtype, (feature.shape,), 5, (3, 2), ((1.0, 0.5),), (0, 2), mode, layout, None, False)
        problem = RoiAlignProblem.of(asked)
        fields = {
            "capacity_y": capacity, "capacity_x": capacity, "rois_per_block": rois, "bin_rows": bin_rows,
            "line_length": line_length, "samples_per_part": samples, "channels_per_block": -(-21 // grid[1]),
            "channels_per_tile": tile, "memory_per_block": memory,
        }  # fmt: skip
        launch = Launch.of(source, grid, block, memory, {**problem.fields, **fields})
        out = np.full((5, 21, 3, 2) if layout == "NCHW" else (5, 3, 2, 21), np.nan, np.float32)
        status = np.full(1, 2**62)
        host.run(launch, (boxes.ctypes.data, 0, out.ctypes.data, 0, status.ctypes.data, feature.ctypes.data))
        assert status[0] == 2**62
        return out

    reference = pooled(16, 4, (5, 1, 1), 21, (1, 1))
    assert np.isfinite(reference).all()
    for launch in [
        {"vector": 4, "channels": 4, "grid": (5, 1, 1), "tile": 21, "block": (1, 1)},
        {"vector": 4, "channels": 4, "grid": (5, 1, 1), "tile": 21, "block": (1, 1), "gather": 0},
        {"vector": 4, "channels": 1, "grid": (2, 3, 1), "tile": 7, "block": (1, 1), "rois": 3},
        {"vector": 4, "channels": 1, "grid": (1, 1, 1), "tile": 8, "block": (3, 2), "rois": 5, "bin_rows": 1},
        {"vector": 8, "channels": 4, "grid": (5, 2, 1), "tile": 11, "block": (2, 4), "gather": 0},
        {"vector": 1, "channels": 1, "grid": (3, 5, 1), "tile": 5, "block": (7, 1), "bin_rows": 2},
        {"vector": 1, "channels": 1, "grid": (5, 1, 3), "tile": 21, "block": (16, 2), "samples": 8},
        {"vector": 1, "channels": 1, "grid": (5, 1, 3), "tile": 21, "block": (16, 2), "samples": 8, "gather": 0},
    ]:
        assert np.array_equal(reference, pooled(**launch)), launch
