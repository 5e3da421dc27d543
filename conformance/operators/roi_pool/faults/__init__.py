"""What implementations of RoIPool get wrong."""
