"""crop_and_resize: what is timed of it, on what, and what results are held against."""
