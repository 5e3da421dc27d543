"""PSRoIAlign: RoIAlign's samples of PSRoIPool's channels."""
