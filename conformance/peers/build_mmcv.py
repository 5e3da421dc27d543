"""Builds mmcv's RoIAlign, upright and rotated, and nothing else of it, where this runs: a minute instead of half an hour.

Run as ``python -m roikit.conformance.peers.build_mmcv FOLDER`` where PyTorch, setuptools, wheel and ninja are installed, with a
C++ compiler. ``roi_align.cpp``, ``roi_align_rotated.cpp`` and what is in ``cpu/`` of the same names are compiled, and Python's
files of ``mmcv/ops`` are installed, as they are in the source distribution; what is written here binds the ones to the others, in
the place of mmcv's 75 other sources. Of rotation-invariant RoIAlign, which has no kernel for a CPU, there is Python's file alone,
since mmrotate asks whether a layer is one of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

VERSION = "2.2.0"
_EXTENSION = "mmcv_roi_align"

_BINDING = """
#include <torch/extension.h>
using at::Tensor;
void roi_align_forward(Tensor input, Tensor rois, Tensor output, Tensor argmax_y, Tensor argmax_x, int aligned_height,
                       int aligned_width, float spatial_scale, int sampling_ratio, int pool_mode, bool aligned);
void roi_align_backward(Tensor grad_output, Tensor rois, Tensor argmax_y, Tensor argmax_x, Tensor grad_input,
                        int aligned_height, int aligned_width, float spatial_scale, int sampling_ratio, int pool_mode,
                        bool aligned);
void roi_align_rotated_forward(Tensor input, Tensor rois, Tensor output, int pooled_height, int pooled_width,
                               float spatial_scale, int sampling_ratio, bool aligned, bool clockwise);
void roi_align_rotated_backward(Tensor grad_output, Tensor rois, Tensor grad_input, int pooled_height, int pooled_width,
                                float spatial_scale, int sampling_ratio, bool aligned, bool clockwise);
PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) {
  module.def("roi_align_forward", &roi_align_forward, py::arg("input"), py::arg("rois"), py::arg("output"),
             py::arg("argmax_y"), py::arg("argmax_x"), py::arg("aligned_height"), py::arg("aligned_width"),
             py::arg("spatial_scale"), py::arg("sampling_ratio"), py::arg("pool_mode"), py::arg("aligned"));
  module.def("roi_align_backward", &roi_align_backward, py::arg("grad_output"), py::arg("rois"), py::arg("argmax_y"),
             py::arg("argmax_x"), py::arg("grad_input"), py::arg("aligned_height"), py::arg("aligned_width"),
             py::arg("spatial_scale"), py::arg("sampling_ratio"), py::arg("pool_mode"), py::arg("aligned"));
  module.def("roi_align_rotated_forward", &roi_align_rotated_forward, py::arg("input"), py::arg("rois"), py::arg("output"),
             py::arg("pooled_height"), py::arg("pooled_width"), py::arg("spatial_scale"), py::arg("sampling_ratio"),
             py::arg("aligned"), py::arg("clockwise"));
  module.def("roi_align_rotated_backward", &roi_align_rotated_backward, py::arg("grad_output"), py::arg("rois"),
             py::arg("grad_input"), py::arg("pooled_height"), py::arg("pooled_width"), py::arg("spatial_scale"),
             py::arg("sampling_ratio"), py::arg("aligned"), py::arg("clockwise"));
}
"""

_LOADER = f'''"""Finds the functions of operators in the extension that has no others."""


class ext_loader:
    @staticmethod
    def load_ext(name, functions):
        import {_EXTENSION}

        return {_EXTENSION}
'''

_COMPILED = ("roi_align", "roi_align_rotated")
_FILES = (*_COMPILED, "riroi_align_rotated")
_OPS = """from .riroi_align_rotated import RiRoIAlignRotated
from .roi_align import RoIAlign, roi_align
from .roi_align_rotated import RoIAlignRotated, roi_align_rotated
"""


def fetch(folder: Path) -> Path:
    """The unpacked source distribution."""
    unpacked = folder / f"mmcv-{VERSION}"
    archive = folder / f"mmcv-{VERSION}.tar.gz"
    if not archive.exists():
        pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off"]
        options = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", str(folder)]
        subprocess.run([*pip, *options, f"mmcv=={VERSION}"], check=True)
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return unpacked


def _compile(sources: Path, folder: Path) -> Path:
    """Compiles the operators and returns the extension."""
    from torch.utils.cpp_extension import load

    work = folder / "objects"
    shutil.rmtree(work, ignore_errors=True)  # with it whatever lock an attempt that was cut off has left there
    work.mkdir()
    # Under names that differ, as those of their objects must.
    names = ["binding.cpp"]
    for name in _COMPILED:
        for folder_of, to in (
            (sources / "pytorch", f"{name}.cpp"),
            (sources / "pytorch" / "cpu", f"{name}_on_cpu.cpp"),
        ):
            shutil.copy(folder_of / f"{name}.cpp", work / to)
            names.append(to)
    (work / "binding.cpp").write_text(_BINDING, encoding="utf-8")
    module = load(
        _EXTENSION,
        [str(work / name) for name in names],
        extra_include_paths=[str(sources / "common"), str(sources / "pytorch")],
        build_directory=str(work),
        verbose=True,
    )
    return Path(module.__file__)


def _install(source: Path, extension: Path) -> None:
    """Puts extension and package in place."""
    site = Path(sysconfig.get_path("platlib"))
    shutil.copy(extension, site / extension.name)
    package = site / "mmcv"
    for folder in ("ops", "utils"):
        (package / folder).mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text(f'__version__ = "{VERSION}"\n', encoding="utf-8")
    (package / "utils" / "__init__.py").write_text(_LOADER, encoding="utf-8")
    (package / "ops" / "__init__.py").write_text(_OPS, encoding="utf-8")
    for name in _FILES:
        shutil.copy(source / "mmcv" / "ops" / f"{name}.py", package / "ops" / f"{name}.py")
    write_metadata(site)


def write_metadata(site: Path) -> None:
    """Writes the metadata by which pip lists what was installed."""
    metadata = site / f"mmcv-{VERSION}.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mmcv\nVersion: {VERSION}\n", encoding="utf-8")
    (metadata / "INSTALLER").write_text("roikit\n", encoding="utf-8")


def main() -> None:
    """Fetches, compiles and installs."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CXX") or next((c for c in ("c++", "g++", "clang++") if shutil.which(c)), "c++")
    os.environ["CXX"] = compiler
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where ninja is
    source = fetch(folder)
    _install(source, _compile(source / "mmcv" / "ops" / "csrc", folder))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
