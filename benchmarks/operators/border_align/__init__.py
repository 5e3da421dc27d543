"""BorderAlign: what its kernels take of a GPU."""
