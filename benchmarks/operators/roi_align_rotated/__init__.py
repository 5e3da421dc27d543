"""Rotated RoIAlign, for those who time it."""
