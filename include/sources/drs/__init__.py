"""GA4GH DRS 1.2 to 1.5: objects, bundles, URIs, and how a service answers; nothing of who serves or asks."""
