"""PSRoIPool: its calls, its gradient, its kernels."""
