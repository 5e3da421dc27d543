"""PSRoIAlign on a feature pyramid: its calls, its gradients, its kernels."""
