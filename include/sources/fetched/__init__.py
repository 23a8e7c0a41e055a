"""Sources that are requested endpoint by endpoint for each scope: their declaration, and what they offer."""
