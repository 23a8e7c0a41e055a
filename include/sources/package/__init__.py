"""Tab packages: their tables, and the recipes that make the rows of endpoints from them."""
