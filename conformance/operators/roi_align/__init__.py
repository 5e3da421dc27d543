"""All that is known of RoIAlign."""
