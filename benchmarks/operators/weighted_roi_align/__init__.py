"""Weighted RoIAlign, for those who time it."""
