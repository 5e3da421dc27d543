"""crop_and_resize: its calls, its gradients, its kernels."""
