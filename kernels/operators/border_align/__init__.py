"""BorderAlign: its calls, its gradients, its kernels."""
