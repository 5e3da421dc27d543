"""Who takes part on a CPU."""
