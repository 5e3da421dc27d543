"""A folder for each operator."""
