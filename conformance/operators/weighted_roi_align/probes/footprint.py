"""The exact footprint of a bin of a probe under a dialect: RoIAlign's, of pixels that are weighed already."""

from __future__ import annotations

from ...roi_align.probes.footprint import footprint

__all__ = ["footprint"]
