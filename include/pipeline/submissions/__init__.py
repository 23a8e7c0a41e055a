"""Packages on their way to ImmPort: what was checked, sent, answered and decided."""
