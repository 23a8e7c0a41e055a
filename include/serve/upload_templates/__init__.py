"""Packages of ImmPort's upload templates, filled with what the star has of a study as of a release."""
