"""What is timed on a GPU, a file for each library."""
