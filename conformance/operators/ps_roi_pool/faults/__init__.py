"""What implementations of PSRoIPool get wrong."""
