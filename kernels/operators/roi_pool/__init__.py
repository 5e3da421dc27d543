"""RoIPool: forward and the gradient for the maps."""
