"""Between a call and its launches: what operators share of laying out work, and of running it."""
