"""The hook of the services that take data."""
