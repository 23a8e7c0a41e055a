"""Reported terms mapped to vocabularies: proposed by evidence, decided by people."""
