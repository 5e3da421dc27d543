"""The public signatures, as mypy and pyright read them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALLS = Path(__file__).parent / "typed_calls.py"


@pytest.fixture
def packages(tmp_path):
    """The packages as they lie once they are installed, which type checkers do not find in an editable installation."""
    package = tmp_path / "packages/roikit"
    package.mkdir(parents=True)
    for file in (ROOT / "kernels/roikit").iterdir():
        (package / file.name).symlink_to(file)
    for name, folder in {"kernels": "kernels", "torch": "kernels/torch"}.items():
        (package / name).symlink_to(ROOT / folder)
    return package.parent


def mypy(packages, tmp_path):
    options = ["--strict", "--follow-imports=silent", "--python-version=3.11", f"--cache-dir={tmp_path / 'cache'}"]
    environment = {"MYPYPATH": str(packages)}
    command = [sys.executable, "-m", "mypy", *options, CALLS]
    return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)


def pyright(packages, tmp_path):
    settings = {
        "include": [CALLS.name],
        "extraPaths": [str(packages)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "reportUnnecessaryTypeIgnoreComment": True,
    }
    shutil.copy(CALLS, tmp_path)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = ["pyright", "--project", tmp_path, "--pythonpath", sys.executable]
    return subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("checker", [mypy, pyright], ids=lambda checker: checker.__name__)
def test_right_calls_have_precise_types_and_wrong_ones_are_found(checker, packages, tmp_path):
    done = checker(packages, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("checker", [mypy, pyright], ids=lambda checker: checker.__name__)
def test_a_checker_reads_this_project(checker, packages, tmp_path):
    """Neither passes because it found no types, nor for those of a package that is installed."""
    (packages / "roikit/kernels").unlink()
    (packages / "roikit/kernels").mkdir()
    (packages / "roikit/kernels/__init__.py").touch()
    done = checker(packages, tmp_path)
    assert (done.returncode, "roi_align" in done.stdout) == (1, True), done.stdout + done.stderr
