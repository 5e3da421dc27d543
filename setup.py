"""What `pyproject.toml` cannot say: every folder of a wing is a package, and all of them lie below `roikit`."""

from setuptools import find_packages, setup

WINGS = {"roikit.kernels": "kernels", "roikit.conformance": "conformance", "roikit.reports": "reports"}

packages = ["roikit.torch"]  # which lies in kernels/, and is a package beside it
for wing, folder in WINGS.items():
    packages += [wing, *(f"{wing}.{name}" for name in find_packages(folder, exclude=["torch"]))]

setup(packages=packages)
