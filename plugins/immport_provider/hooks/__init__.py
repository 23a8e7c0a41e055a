"""Hooks: the only place that knows how ImmPort is spoken to."""
