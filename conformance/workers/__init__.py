"""Implementations in processes of their own."""
