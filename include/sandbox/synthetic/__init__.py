"""Studies made from a seed, always the same."""
