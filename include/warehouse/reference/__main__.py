"""`python -m include.warehouse.reference`: write the reference pages, or check that they are current."""

from include.warehouse.reference.pages import main

main()
