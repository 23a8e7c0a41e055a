"""ImmPort's gene lists: public files in several forms, and how each becomes rows."""
