"""What is measured of PSRoIAlign, and what it is held against."""
