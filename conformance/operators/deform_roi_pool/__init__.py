"""Deformable RoI pooling: what is known of it."""
