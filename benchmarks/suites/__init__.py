"""asv's suites."""
