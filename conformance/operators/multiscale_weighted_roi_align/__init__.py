"""Weighted RoIAlign on feature pyramids: all that is known of it."""
