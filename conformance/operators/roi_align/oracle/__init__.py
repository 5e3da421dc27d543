"""What a call of RoIAlign must return."""
