"""Faults of poolers: RoIAlign's, and those of which level a box is on, what is read there, and where results go."""
