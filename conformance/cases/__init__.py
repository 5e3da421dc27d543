"""What a golden case is, and which are meant."""
