"""What is timed on a GPU: our kernels alone."""
