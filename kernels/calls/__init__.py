"""What a call asks for."""
