"""Operators whose bins consist of whole pixels: what their oracles and their faults have in common."""
