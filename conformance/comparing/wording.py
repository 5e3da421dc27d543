"""How a difference is told, on the console and in a site alike."""

from __future__ import annotations


def side(implementation: str, dialect: str) -> str:
    """An implementation, if one was named, and its dialect, which often has its name."""
    return dialect if implementation in ("", dialect) else f"{implementation} ({dialect})"


def pooling(name: str, bins: int, ratio: int) -> str:
    """How a head of a detector pools."""
    return f"{name}, {bins} × {bins} bins" + (f", {ratio} × {ratio} samples a bin" if ratio else "")


def share(part: float) -> str:
    """A part of all."""
    return "< 0.1%" if 0 < part < 1e-3 else f"{part:.1%}"
