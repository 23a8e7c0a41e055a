"""The operators of the DAGs that send data to ImmPort."""
