"""Saved lists of the worklist."""
