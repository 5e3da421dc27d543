"""What is measured of PSRoIAlign on a feature pyramid, and what it is held against."""
