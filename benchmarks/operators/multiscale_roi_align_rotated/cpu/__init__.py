"""What is timed on a CPU, a file for each library. None but those that are built from source has it: one is composed."""
