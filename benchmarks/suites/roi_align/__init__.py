"""asv's suites of RoIAlign."""
