"""Poolers of feature pyramids: RoIAlign of each box, on the map of the level that its size asks for."""
