"""The images of the mouse phenotyping consortium IMPC: a Solr core, its fields, pages and releases."""
