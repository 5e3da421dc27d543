"""Exact arithmetic. Knows no RoI."""
