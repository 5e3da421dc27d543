"""Faults of poolers of rotated boxes: those of poolers and of rotated RoIAlign, and of how large a rotated box is taken to be."""
