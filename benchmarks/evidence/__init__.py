"""Everything that is worth knowing of a GPU on the day that one is at hand, in one folder."""
