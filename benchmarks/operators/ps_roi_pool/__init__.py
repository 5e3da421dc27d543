"""What is measured of PSRoIPool, and what it is held against."""
