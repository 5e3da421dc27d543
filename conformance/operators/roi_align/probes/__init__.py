"""How a dialect of RoIAlign is read off an implementation."""
