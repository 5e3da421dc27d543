"""Why cases fail: the smallest known fault under which the exact oracle gives what an implementation returned."""
