"""RoIAlign: forward, gradients, pyramids."""
