"""asv's suites of weighted RoIAlign."""
