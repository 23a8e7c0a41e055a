"""Gene lists as ImmPort's public bucket has them: made from a seed, or files of a folder."""
