"""Rotation-invariant RoIAlign, for those who time it."""
