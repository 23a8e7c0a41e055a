"""Hooks: the only code that sends requests to ImmPort."""
