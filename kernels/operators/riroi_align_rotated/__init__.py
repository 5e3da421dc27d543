"""Rotation-invariant RoIAlign: its calls, its gradients, its kernels."""
