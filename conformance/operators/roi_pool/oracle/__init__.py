"""The exact answers."""
