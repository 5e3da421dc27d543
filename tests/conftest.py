import os

# Two test processes share the machine's cores; kernels of a few microseconds gain nothing from threads of their own.
os.environ.setdefault("ROIKIT_NUM_THREADS", "2")
# Nor are they to spin while they wait for each other.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
