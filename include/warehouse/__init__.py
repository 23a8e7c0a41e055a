"""The warehouse: its model, declared once, and what is derived from it."""
