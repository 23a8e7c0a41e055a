"""Who may read and write what."""
