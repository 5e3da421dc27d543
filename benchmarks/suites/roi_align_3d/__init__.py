"""asv's suites of RoIAlign of volumes."""
