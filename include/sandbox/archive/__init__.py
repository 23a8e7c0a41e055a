"""Real Tab packages of a folder, served as ImmPort would."""
