"""ImmPort's FHIR server: its resources, how a search is read page by page, and what is made of them."""
