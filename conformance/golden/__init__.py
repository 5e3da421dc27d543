"""How golden cases are made."""
