"""asv's suites of rotation-invariant RoIAlign."""
