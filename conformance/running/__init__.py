"""Cases times implementations."""
