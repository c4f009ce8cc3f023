"""Bytes to arrays and back: nothing here knows what the arrays mean."""
