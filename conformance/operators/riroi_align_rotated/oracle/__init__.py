"""The exact answers: those of rotated RoIAlign, mixed over orientations."""
