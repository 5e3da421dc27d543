"""RoIAlign of volumes: which kernels are compiled for every GPU."""
