"""asv's suites of deformable PSRoIPool."""
