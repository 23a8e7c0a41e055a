"""The tables of operations and of quality, by what they are about."""
