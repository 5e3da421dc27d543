"""That the threads of a block do not race, of every operator: in a process of its own, under ThreadSanitizer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from roikit.kernels.execution import host

RACES = Path(__file__).with_name("races.py")


@pytest.mark.parametrize("operator", ["roi_align", "roi_pool"])
def test_threads_of_a_block_do_not_race(operator):
    """Under ThreadSanitizer; and a kernel without one of its barriers does."""
    library = subprocess.run(
        [*host.compiler(), "-print-file-name=libtsan.so"], capture_output=True, text=True, check=False
    )
    path = Path(library.stdout.strip())
    if not path.is_absolute():
        pytest.skip("the compiler has no ThreadSanitizer")
    environment = os.environ | {"LD_PRELOAD": str(path), "TSAN_OPTIONS": "exitcode=66 halt_on_error=1 report_bugs=1"}
    runs = {
        fault: subprocess.run(
            [sys.executable, RACES, operator, fault], env=environment, capture_output=True, text=True, check=False
        )
        for fault in ("none", "barrier")
    }
    if "unexpected memory mapping" in runs["none"].stderr:
        pytest.skip("ThreadSanitizer cannot run under this kernel's memory layout")
    assert runs["none"].returncode == 0, runs["none"].stderr[-3000:]
    assert runs["none"].stdout == "done\n"
    assert runs["barrier"].returncode == 66, runs["barrier"].stderr[-3000:]
    assert "WARNING: ThreadSanitizer: data race" in runs["barrier"].stderr
