"""Installs the CUDA texts of mmcv's kernels, and nothing else of it, where this runs.

Run as ``python -m roikit.conformance.peers.build_mmcv_ptx FOLDER``. The texts are those of the source distribution, as they are;
`adapters.mmcv_ptx` has NVRTC compile them.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

from .build_mmcv import VERSION, fetch, write_metadata

_TEXTS = Path("mmcv", "ops", "csrc", "common", "cuda")


def main() -> None:
    """Fetches and installs."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    source, site = fetch(folder), Path(sysconfig.get_path("purelib"))
    (site / _TEXTS).mkdir(parents=True, exist_ok=True)
    (site / "mmcv" / "__init__.py").write_text(f'__version__ = "{VERSION}"\n', encoding="utf-8")
    for pattern in ("common_cuda_helper.hpp", "*_cuda_kernel.cuh"):
        for path in (source / _TEXTS).glob(pattern):
            shutil.copy(path, site / _TEXTS / path.name)
    write_metadata(site)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
