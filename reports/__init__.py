"""Reads result files. It never runs anything."""
