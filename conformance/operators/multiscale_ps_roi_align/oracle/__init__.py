"""The exact reference of PSRoIAlign on feature pyramids."""
