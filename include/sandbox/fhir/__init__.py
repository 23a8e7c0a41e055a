"""A stand-in for ImmPort's FHIR server: the studies of a world as FHIR resources, searched page by page."""
