"""Deformable RoI pooling: its calls, its gradients, its kernels."""
