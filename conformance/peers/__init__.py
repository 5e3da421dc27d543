"""Libraries that are judged, and the environments that they live in."""
