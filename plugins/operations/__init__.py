"""The operations pages: what runs did, what is here, what is on hold, and what to do about it.

A page is one entry of `registry`; routes, navigation, tabs and CSV files follow from it.
"""
