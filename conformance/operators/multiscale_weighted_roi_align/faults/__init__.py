"""Faults of weighted RoIAlign on feature pyramids: those of poolers, of weighted RoIAlign, and of the weights of a level."""
