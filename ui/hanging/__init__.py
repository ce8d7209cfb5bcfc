"""Hanging protocols in the window: learned by example, edited, chosen."""
