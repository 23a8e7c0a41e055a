"""The star as FHIR resources, read-only: what a FHIR client may request, and what it is answered.

Nothing here knows of HTTP servers or logins: a request is its parameters and a connection, an answer is JSON.
"""
