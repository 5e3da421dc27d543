"""Calls of RoIAlign, planned and by chance."""
