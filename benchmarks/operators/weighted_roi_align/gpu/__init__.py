"""Who takes part on a GPU."""
