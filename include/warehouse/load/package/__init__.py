"""Staging a study that came as a Tab package."""
