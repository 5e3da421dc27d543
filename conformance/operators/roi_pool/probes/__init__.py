"""How a dialect of RoIPool is read off an implementation."""
