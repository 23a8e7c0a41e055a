"""GA4GH DRS: objects, bundles and signed addresses of a service, and files by way of it."""
