"""asv's suites of weighted RoIAlign on a feature pyramid."""
