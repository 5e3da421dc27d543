"""BorderAlign: what is known of it."""
