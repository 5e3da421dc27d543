"""Weighted RoIAlign: all that the harness knows of it."""
