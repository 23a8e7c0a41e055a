"""The runs of sources whose declaration says all: discovery and extract, for every one of them alike."""
