"""What is timed on a CPU: our kernels alone, as no library has others."""
