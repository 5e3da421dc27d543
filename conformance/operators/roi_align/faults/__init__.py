"""What implementations of RoIAlign get wrong."""
