"""The views and functions that analysts query, beside the marts."""
