"""Deformable PSRoIPool: its calls, its gradients, its kernels."""
