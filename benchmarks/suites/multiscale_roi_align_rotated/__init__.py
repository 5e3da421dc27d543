"""asv's suites of rotated RoIAlign on a feature pyramid."""
