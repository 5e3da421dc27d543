"""asv's suites of PSRoIAlign."""
