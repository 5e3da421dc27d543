"""PrRoIPool: what is known of it."""
