"""What each source offers, declared: one entry per endpoint, everything else is derived from it."""
