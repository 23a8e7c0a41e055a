"""The steps of a run: what to load, fetching it, recording how it went."""
