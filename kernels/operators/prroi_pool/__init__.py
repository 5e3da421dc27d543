"""PrRoIPool: its calls, its gradients, its kernels."""
