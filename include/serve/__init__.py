"""Copies of the star for those who do not query Postgres."""
