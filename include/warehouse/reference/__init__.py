"""The written reference, made from the declarations: dictionary, sources, lineage, diagrams."""
