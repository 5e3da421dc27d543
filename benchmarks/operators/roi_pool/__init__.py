"""What is measured of RoIPool, and what it is held against."""
