"""Faults of PSRoIAlign: RoIAlign's, and those of which channel a bin reads."""
