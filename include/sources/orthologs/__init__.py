"""Tables of orthologs: which genes of mice and of people belong together, as somebody published it."""
