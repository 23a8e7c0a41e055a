"""ImmPort Shared Data's endpoints, declared: one entry each."""
