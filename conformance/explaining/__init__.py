"""One RoI, step by step."""
