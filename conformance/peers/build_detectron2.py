"""Installs detectron2's layer ROIAlign and its pooler, and nothing else of detectron2, into the environment that runs this.

Run as ``python -m roikit.conformance.peers.build_detectron2 FOLDER`` where PyTorch, torchvision, setuptools and wheel are
installed. detectron2 is on no package index; a copy of its version 0.6 is, put there by others, without its C++ sources. Of
that archive, which must be the very one that was read, ``layers/roi_align.py``, ``modeling/poolers.py`` and what that reads are
taken as they are; what they need is torchvision, and for rotated boxes the C++ that is not there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

VERSION = "0.6"
_COPY = "pb1-detectron2"
_SHA256 = "5d2e9e51e523ec72f6a31cca04b0a515492e9514b773a3d134cedc0677170b29"

_TAKEN = ("layers/roi_align.py", "layers/wrappers.py", "modeling/poolers.py", "structures/boxes.py")
_FACES = {
    "__init__.py": f'__version__ = "{VERSION}"\n',
    "layers/__init__.py": "from .roi_align import ROIAlign, roi_align\n"
    "from .wrappers import cat, nonzero_tuple, shapes_to_tensor\n\n"
    "ROIAlignRotated = None  # of C++ that is not here\n",
    "modeling/__init__.py": "",
    "structures/__init__.py": "from .boxes import Boxes\n",
}
"""Texts of the packages that these files are in, and take each other from."""


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


def _install(source: Path) -> None:
    """Puts layer and pooler in place, with the metadata by which pip lists them."""
    site = Path(sysconfig.get_path("purelib"))
    package = site / "detectron2"
    for name, text in _FACES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    for name in _TAKEN:
        shutil.copy(source / "detectron2" / name, package / name)
    metadata = site / f"detectron2-{VERSION}.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: detectron2\nVersion: {VERSION}\n", encoding="utf-8"
    )
    (metadata / "INSTALLER").write_text("roikit\n", encoding="utf-8")


def main() -> None:
    """Fetches and installs."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    _install(_fetch(folder))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
