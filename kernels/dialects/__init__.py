"""The vocabulary: decision points, and named choices. Data only."""
