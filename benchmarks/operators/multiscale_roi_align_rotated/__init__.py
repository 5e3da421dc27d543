"""Rotated RoIAlign on a feature pyramid, for those who time it."""
