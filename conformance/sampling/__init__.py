"""The geometry that operators share."""
