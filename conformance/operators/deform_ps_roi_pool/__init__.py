"""Deformable PSRoIPool: what is known of it."""
