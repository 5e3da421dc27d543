"""RoIAlign of volumes, for those who time it."""
