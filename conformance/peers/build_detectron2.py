"""Installs detectron2's layers ROIAlign and ROIAlignRotated and its pooler, and nothing else of it, where this runs.

Run as ``python -m roikit.conformance.peers.build_detectron2 FOLDER`` where PyTorch, torchvision, setuptools, wheel and ninja are
installed. detectron2 is on no package index; a copy of its version 0.6 is, put there by others, without its C++ sources. Of that
archive, which must be the very one that was read, the layer of upright boxes and the pooler are taken as they are; what they need
is torchvision. Rotated boxes need detectron2's own C++: it is compiled, and the layers of both kinds are taken, if
``DETECTRON2_SOURCE`` names a checkout of its repository, which needs a C++ compiler.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

VERSION = "0.6"
SOURCE = "DETECTRON2_SOURCE"
_COPY = "pb1-detectron2"
_SHA256 = "5d2e9e51e523ec72f6a31cca04b0a515492e9514b773a3d134cedc0677170b29"

_TAKEN = ("layers/roi_align.py", "layers/wrappers.py", "modeling/poolers.py", "structures/boxes.py")
_TAKEN_WITH_CPP = (
    *_TAKEN,
    "layers/roi_align_rotated.py",
    "layers/rotated_boxes.py",
    "structures/rotated_boxes.py",
    "utils/env.py",
    "utils/tracing.py",
)
_FACES = {
    "layers/__init__.py": "from .roi_align import ROIAlign, roi_align\n"
    "from .wrappers import cat, nonzero_tuple, shapes_to_tensor\n\n"
    "ROIAlignRotated = None  # of C++ that is not here\n",
    "modeling/__init__.py": "",
    "structures/__init__.py": "from .boxes import Boxes\n",
}
"""Texts of the packages that these files are in, and take each other from."""
_FACES_WITH_CPP = {
    "layers/__init__.py": "import torch\n\nfrom detectron2 import _C\n\n"
    "from .roi_align import ROIAlign, roi_align\n"
    "from .roi_align_rotated import ROIAlignRotated, roi_align_rotated\n"
    "from .wrappers import cat, nonzero_tuple, shapes_to_tensor\n",
    "modeling/__init__.py": "",
    "structures/__init__.py": "from .boxes import Boxes\nfrom .rotated_boxes import RotatedBoxes\n",
    "utils/__init__.py": "",
}


def _fetch(folder: Path) -> Path:
    """The unpacked copy. pip refuses any other archive before it runs anything of it."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{_COPY}=={VERSION} --hash=sha256:{_SHA256}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off"]
    options = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", str(folder)]
    subprocess.run([*pip, *options, "--requirement", str(wanted)], check=True)
    with tarfile.open(folder / f"{_COPY}-{VERSION}.tar.gz") as file:
        file.extractall(folder, filter="data")
    return folder / f"{_COPY}-{VERSION}"


def _compile(checkout: Path, folder: Path) -> Path:
    """Compiles all C++ of detectron2 that a CPU runs, as its ``setup.py`` does, and returns the extension."""
    from torch.utils.cpp_extension import load

    sources = checkout / "detectron2" / "layers" / "csrc"
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where ninja is
    work = folder / "objects"
    shutil.rmtree(work, ignore_errors=True)  # with it whatever lock an attempt that was cut off has left there
    work.mkdir()
    module = load(
        "_C",
        [str(path) for path in sorted((sources / "vision.cpp", *sources.glob("*/*.cpp")))],
        extra_cflags=["-O2", "-DNDEBUG"],
        extra_include_paths=[str(sources)],
        build_directory=str(work),
        verbose=True,
    )
    return Path(module.__file__)


def _version_of(checkout: Path) -> str:
    """The version that a checkout says it has, and its commit, if that can be told."""
    said = re.search(r'__version__ = "([\w.]+)"', (checkout / "detectron2" / "__init__.py").read_text(encoding="utf-8"))
    git = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "--short=8", "HEAD"], capture_output=True, text=True, check=False
    )
    return (said[1] if said else VERSION) + (f"+{git.stdout.strip()}" if git.returncode == 0 else "")


def _install(source: Path, version: str, extension: Path | None) -> None:
    """Puts layers and pooler in place, with the metadata by which pip lists them."""
    site = Path(sysconfig.get_path("platlib"))
    package = site / "detectron2"
    shutil.rmtree(package, ignore_errors=True)
    texts = {"__init__.py": f'__version__ = "{version}"\n', **(_FACES_WITH_CPP if extension else _FACES)}
    for name, text in texts.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    for name in _TAKEN_WITH_CPP if extension else _TAKEN:
        shutil.copy(source / "detectron2" / name, package / name)
    if extension:
        shutil.copy(extension, package / extension.name)
    for old in site.glob("detectron2-*.dist-info"):
        shutil.rmtree(old)
    metadata = site / f"detectron2-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: detectron2\nVersion: {version}\n", encoding="utf-8"
    )
    (metadata / "INSTALLER").write_text("roikit\n", encoding="utf-8")


def main() -> None:
    """Fetches or compiles, and installs."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    if checkout := os.environ.get(SOURCE):
        _install(Path(checkout), _version_of(Path(checkout)), _compile(Path(checkout), folder))
    else:
        _install(_fetch(folder), VERSION, None)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
