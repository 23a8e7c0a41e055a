"""A stand-in for ImmPort's Shared Data API, run as a process of its own and never imported by the rest."""
