"""asv benchmarks. They are not installed."""
