"""Cytometry: headers of FCS files, and the markers that panels and gating definitions name.

Headers are read by `fcs_header`. `header_markers` and `gating` read markers as ImmPort publishes it, with the
names of a `vocabulary`; `marker_lines` does so for files of JSON lines. Nothing here knows of the warehouse.
"""
