"""Sources beside ImmPort: the tables that are made of each."""
