"""asv's suites of rotated RoIAlign."""
