"""Which dialect an implementation follows, read off what it returns."""
