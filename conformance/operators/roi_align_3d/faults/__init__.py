"""Faults to be noticed."""
