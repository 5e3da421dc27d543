"""asv's suites of RoIPool."""
