"""The bytes of files: signed addresses without the key, whole files, and parts of them."""
