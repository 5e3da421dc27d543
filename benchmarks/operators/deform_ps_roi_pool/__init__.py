"""Deformable PSRoIPool: what its kernels take of a GPU. Nothing is timed yet."""
