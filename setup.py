"""What `pyproject.toml` cannot say: which folders are packages, and how README reads where it stands alone."""

import re
import tomllib
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
WINGS = {"roikit.kernels": "kernels", "roikit.conformance": "conformance", "roikit.reports": "reports"}
BESIDE = ["roikit", "torch"]  # which lie in kernels/, and are packages beside it

packages = ["roikit", "roikit.torch"]
for wing, folder in WINGS.items():
    packages += [wing, *(f"{wing}.{name}" for name in find_packages(folder, exclude=BESIDE))]


def long_description() -> str:
    """README for a page of an index: what it links to within the project leads to the repository, once that is public.

    Until `project.urls` of `pyproject.toml` says where the source is, such a link is its text and the name of the file.
    """
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    source = (
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"].get("urls", {}).get("Source")
    )

    def elsewhere(link: re.Match[str]) -> str:
        said, file = link.groups()
        if source:
            return f"[{said}]({source}/blob/HEAD/{file})"
        return said if file in said else f"{said} (`{file}`)"

    return re.sub(r"\[([^\[\]]*)\]\((?!https?://|#)([^()\s]+)\)", elsewhere, text)


setup(packages=packages, long_description=long_description(), long_description_content_type="text/markdown")
