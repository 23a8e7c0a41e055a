"""What the pipeline received, kept for ever as it came, on disk or in an object store."""
