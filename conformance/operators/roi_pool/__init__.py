"""RoIPool: all that is known of it."""
