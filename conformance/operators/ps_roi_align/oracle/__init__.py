"""The exact reference of PSRoIAlign."""
