"""The exact reference of weighted RoIAlign."""
