"""asv's suites of crop_and_resize."""
