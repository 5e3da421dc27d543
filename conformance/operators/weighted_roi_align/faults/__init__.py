"""Faults of weighted RoIAlign: RoIAlign's, and those of weights and of what bins are divided by."""
