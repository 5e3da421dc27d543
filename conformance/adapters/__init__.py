"""Adapters: one small module per library whose RoIAlign can be judged, none of which changes what its library does."""
