"""Deformable RoI pooling, for those who time it."""
