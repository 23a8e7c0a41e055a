"""ImmPort: Shared Data's endpoints, one entry each, and what it lists of studies and their files."""
