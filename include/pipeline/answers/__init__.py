"""The answer of one endpoint of a study: landed whole, or in parts that are verified."""
