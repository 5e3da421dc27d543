"""Installs mmrotate's pooler of feature pyramids, and nothing else of it, into the environment that runs this.

Run as ``python -m roikit.conformance.peers.build_mmrotate FOLDER`` where mmcv's layers (`build_mmcv`) and mmengine are installed.
mmrotate's extractor derives from one of mmdet: of the packages of both, which must be the very ones that were read, these two
files are taken as they are. They are Python alone; what pools is mmcv's.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

VERSION = "1.0.0rc1"
_PACKAGES = {
    f"mmrotate=={VERSION}": "45339562354b2e4c689d58f05b1ad6008d5e146514bacb849e6fa798110d970d",
    "mmdet==3.3.0": "2e23e291281ac57e7dccf8678e957da45fbe560ce78a1f5ded6afeccd3730f17",
}
_ROOM = "models/roi_heads/roi_extractors"
_TAKEN = (f"mmrotate/{_ROOM}/rotate_single_level_roi_extractor.py", f"mmdet/{_ROOM}/base_roi_extractor.py")
_FACES = {
    "mmdet/__init__.py": '__version__ = "3.3.0"\n',
    "mmdet/utils/__init__.py": "from typing import Any\n\nConfigType = OptMultiConfig = Any\n",
    "mmrotate/__init__.py": "import mmcv\nfrom mmengine.utils import digit_version\n\n"
    f'__version__ = "{VERSION}"\nmmcv_version = digit_version(mmcv.__version__)\n',
    "mmrotate/registry.py": 'from mmengine.registry import Registry\n\nMODELS = Registry("model", scope="mmrotate")\n',
}
"""Texts of what these files take from their packages besides."""


def _fetch(folder: Path) -> None:
    """Unpacks both packages. pip refuses any others."""
    wanted = folder / "requirements.txt"
    lines = (f"{package} --hash=sha256:{digest}\n" for package, digest in _PACKAGES.items())
    wanted.write_text("".join(lines), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--progress-bar", "off"]
    options = ["--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    subprocess.run([*pip, *options, "--requirement", str(wanted)], check=True)
    for archive in folder.glob("*.whl"):
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)


def _install(source: Path) -> None:
    """Puts both files in place, and round them what makes them modules of their packages."""
    site = Path(sysconfig.get_path("purelib"))
    for name in _TAKEN:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, site / name)
        for folder in Path(name).parents[:-2]:
            (site / folder / "__init__.py").touch()
    for name, text in _FACES.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    metadata = site / f"mmrotate-{VERSION}.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mmrotate\nVersion: {VERSION}\n", encoding="utf-8")
    (metadata / "INSTALLER").write_text("roikit\n", encoding="utf-8")


def main() -> None:
    """Fetches and installs."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    _fetch(folder)
    _install(folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
