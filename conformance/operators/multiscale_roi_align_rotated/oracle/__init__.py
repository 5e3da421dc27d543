"""The exact reference of poolers of rotated boxes: which level each box is on, and rotated RoIAlign's answers put together."""
