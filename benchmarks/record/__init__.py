"""One file of all measurements of a machine."""
