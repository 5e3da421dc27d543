"""What results of timed calls are held against."""
