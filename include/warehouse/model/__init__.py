"""The star, declared: one entry for each dimension, fact and bridge."""
