"""The routes of the stand-in, and its control."""
