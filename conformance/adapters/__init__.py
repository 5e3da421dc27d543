"""Adapters: one small module per library whose operators can be judged, none of which changes what its library does."""
