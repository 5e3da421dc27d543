"""Faults of PSRoIAlign on feature pyramids: those of poolers, and of which channel a bin reads."""
