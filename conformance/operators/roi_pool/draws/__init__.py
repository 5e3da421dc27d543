"""Calls to be judged by: planned ones, and those of chance."""
