"""asv's suites of PSRoIAlign on a feature pyramid."""
