"""`python -m include.warehouse.terms COMMAND`: review the mappings of a warehouse."""

from include.warehouse.terms.commands import run

run()
