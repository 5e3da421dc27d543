"""asv's suites of deformable RoI pooling."""
