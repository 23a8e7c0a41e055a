"""Markers of cytometry in a warehouse: with which vocabulary they are read, and what was read."""
