"""A case as a script that needs no roikit."""
