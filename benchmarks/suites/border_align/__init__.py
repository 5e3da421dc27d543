"""asv's suites of BorderAlign."""
