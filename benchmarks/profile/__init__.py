"""What a GPU has to do for a row, counted from PTX that runs on a CPU, and how long that should take."""
