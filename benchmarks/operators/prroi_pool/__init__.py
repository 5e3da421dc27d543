"""PrRoIPool, for those who time it."""
