"""One module a page: what it is, and what it reads. The queries are in `queries`, the HTML in `templates`."""
