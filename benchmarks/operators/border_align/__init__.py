"""BorderAlign, for those who time it."""
