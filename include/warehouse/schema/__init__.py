"""The tables of the warehouse, and the one way to connect to it."""
