"""IMPC's Solr core of images and the metadata of its releases, as the sandbox serves them."""
