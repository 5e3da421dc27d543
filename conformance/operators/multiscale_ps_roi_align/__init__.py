"""PSRoIAlign on feature pyramids: all that is known of it."""
