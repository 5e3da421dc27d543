"""asv's suites of PrRoIPool."""
