"""What is timed on a CPU, a file for each library; threads and conversions as for RoIAlign: only the work is timed."""
