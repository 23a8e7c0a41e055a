"""Dry runs of a replay: what loading again from the landing zone would change, counted and taken back."""
