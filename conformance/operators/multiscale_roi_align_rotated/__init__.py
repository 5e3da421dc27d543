"""Poolers of feature pyramids for rotated boxes: rotated RoIAlign of each box, on the map of the level that its size asks for."""
