"""RoIAlign of volumes."""
