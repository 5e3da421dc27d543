"""What a record says of where it was made: machine, driver, clocks, versions, commit. Everything is read, nothing set."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = (
    "roikit",
    "numpy",
    "torch",
    "torchvision",
    "onnxruntime",
    "onnx",
    "openvino",
    "opencv-python-headless",
    "MNN",
    "ml_dtypes",
    "cuda-core",
    "nvidia-cuda-nvrtc",
    "cupy-cuda12x",
    "cupy-cuda13x",
)
_SMI_FIELDS = (
    "name",
    "driver_version",
    "pstate",
    "clocks.sm",
    "clocks.mem",
    "clocks.max.sm",
    "clocks.max.mem",
    "temperature.gpu",
    "power.draw",
    "power.limit",
    "clocks_throttle_reasons.active",
)


def output_of(*command: str, seconds: float = 20) -> str | None:
    """What a command prints, or None if it is missing, fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, cwd=ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def commit() -> dict[str, Any]:
    """The commit of the checkout, the last that touched the kernels, and whether tracked files differ from it.

    Each is None where git cannot say: that is unknown, and not clean.
    """
    status = output_of("git", "status", "--porcelain", "--untracked-files=no")
    return {
        "commit": output_of("git", "rev-parse", "HEAD"),
        "kernels_commit": output_of("git", "log", "-1", "--format=%H", "--", "kernels"),
        "dirty": None if status is None else bool(status),
    }


def source(stated: str | None = None) -> dict[str, Any]:
    """Which source was measured; ``stated`` is taken for the commit where git knows none.

    ``installed_as_checkout`` says whether the kernels that are imported are, byte for byte, those of the checkout.
    """
    found = commit()
    if found["commit"] is None:
        found["commit"] = stated
    return {**found, "installed_as_checkout": _same_kernels()}


def _same_kernels() -> bool:
    import roikit.kernels

    installed, checkout = Path(roikit.kernels.__file__).parent, ROOT / "kernels"
    files = (
        path.relative_to(checkout) for path in checkout.rglob("*") if path.suffix in (".py", ".cu", ".cuh", ".hpp")
    )
    names = {name for name in files if name.parts[0] != "torch"}  # which is installed beside the kernels
    return all(
        (installed / name).exists() and (installed / name).read_bytes() == (checkout / name).read_bytes()
        for name in names
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Bystanders:
    """How busy other processes keep the cores: ``with Bystanders() as others: …``, then ``others.share``.

    ``share`` is of all cores, from 0 to 1; None where there is no /proc/stat.
    """

    share: float | None = None

    def __enter__(self) -> Self:
        self._before = self._seconds()
        return self

    def __exit__(self, *_: object) -> None:
        after = self._seconds()
        if self._before and after:
            elapsed, busy, own = (late - early for late, early in zip(after, self._before, strict=True))
            self.share = min(max((busy - own) / (elapsed * (os.cpu_count() or 1)), 0.0), 1.0)

    @staticmethod
    def _seconds() -> tuple[float, float, float] | None:
        """The time, the busy time of all cores, and that of this process and its children."""
        try:
            line = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
        except OSError:
            return None
        user, nice, system, _, _, interrupts, soft, stolen = map(int, line.split()[1:9])
        busy = user + nice + system + interrupts + soft + stolen
        return time.monotonic(), busy / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4])


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def parse_smi(text: str) -> list[dict[str, str]]:
    """What ``nvidia-smi --query-gpu=… --format=csv,noheader`` says of each GPU."""
    rows = ([cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip())
    return [dict(zip(_SMI_FIELDS, row, strict=True)) for row in rows if len(row) == len(_SMI_FIELDS)]


def gpu_state() -> list[dict[str, str]]:
    """Names, driver, clocks, temperature and power of the GPUs as they are now; empty without nvidia-smi."""
    text = output_of("nvidia-smi", f"--query-gpu={','.join(_SMI_FIELDS)}", "--format=csv,noheader")
    return parse_smi(text) if text else []


def describe() -> dict[str, Any]:
    """The machine, without its name or any path of it."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cpu": _cpu_model(),
        "cores": cores(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "gpus": gpu_state(),
        "compiler": _compiler_version(),
        "byte_order": sys.byteorder,
    }


def _compiler_version() -> str | None:
    from roikit.kernels.execution import host

    try:
        text = output_of(*host.compiler(), "--version")
    except host.CompilerNotFoundError:
        return None
    return text.splitlines()[0] if text else None
