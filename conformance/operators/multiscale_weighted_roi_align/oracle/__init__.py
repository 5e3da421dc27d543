"""The exact reference of weighted RoIAlign on feature pyramids."""
