"""Cases drawn by chance."""
