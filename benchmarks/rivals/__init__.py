"""Other tools that load the same rows: run in an environment of their own, compared row by row."""
