"""Weighted RoIAlign on a feature pyramid: what is timed of it."""
