"""What is counted beside ours on a GPU. No library that is installed from an index has kernels of it there."""
