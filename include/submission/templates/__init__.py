"""ImmPort's upload templates: declared by its JSON, read from text and workbooks, written."""
