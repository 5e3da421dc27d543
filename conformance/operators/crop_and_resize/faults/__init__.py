"""What implementations of crop_and_resize get wrong."""
