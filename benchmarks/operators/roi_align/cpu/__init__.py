"""What is timed on a CPU, a file for each operation."""
