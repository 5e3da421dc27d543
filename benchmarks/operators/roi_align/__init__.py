"""What is measured of RoIAlign, and what it is held against."""
