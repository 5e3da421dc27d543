"""All that is known of RoIAlign of volumes."""
