"""PSRoIAlign: its calls, its gradients, its kernels."""
