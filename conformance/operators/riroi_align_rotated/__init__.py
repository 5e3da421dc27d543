"""Rotation-invariant RoIAlign: what is known of it."""
