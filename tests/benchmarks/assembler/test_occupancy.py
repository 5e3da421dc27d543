"""Predicted occupancy, against numbers that NVIDIA's occupancy calculator is known to give."""

import pytest

from benchmarks.assembler.nvrtc import ARCHITECTURES
from benchmarks.assembler.occupancy import LIMITS, Occupancy, predict


@pytest.mark.parametrize(
    ("architecture", "threads", "registers", "shared", "blocks"),
    [
        ("sm_90", 256, 32, 0, 8),  # as many warps as there are
        ("sm_90", 256, 80, 0, 3),  # 65536 registers ÷ (80 · 256) = 3.2
        ("sm_90", 256, 64, 0, 4),
        ("sm_90", 256, 65, 0, 3),  # given out in units of 8 for a thread: 72, and 65536 ÷ (72 · 256) = 3.6
        ("sm_90", 32, 16, 0, 32),  # as many blocks as there may be
        ("sm_90", 128, 32, 48 * 1024, 4),  # (228 − 4) KiB ÷ 49 KiB
        ("sm_75", 128, 32, 32 * 1024, 2),
        ("sm_75", 1024, 64, 0, 1),
        ("sm_86", 1024, 64, 0, 1),
        ("sm_86", 32, 32, 0, 16),
        ("sm_90", 1024, 80, 0, 0),  # does not fit at all
    ],
)
def test_blocks(architecture, threads, registers, shared, blocks):
    expected = Occupancy(blocks, blocks * -(-threads // 32))
    assert predict(architecture, threads=threads, registers=registers, shared_bytes=shared) == expected


def test_every_architecture_has_limits():
    assert set(LIMITS) == set(ARCHITECTURES)
