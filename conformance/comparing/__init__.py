"""Two dialects of an operator beside each other: where they differ, by how much, and what would make them agree."""
