"""asv's suites of PSRoIPool."""
