"""Rotated RoIAlign: what is known of it."""
