"""Deformable PSRoIPool, for those who time it."""
