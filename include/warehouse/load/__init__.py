"""From landed files to versions in history: staging, transformation, publication."""
