"""Hooks of reference files that somebody other than ImmPort publishes."""
