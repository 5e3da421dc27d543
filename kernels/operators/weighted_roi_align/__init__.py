"""Weighted RoIAlign: its calls, its gradients, its kernels."""
