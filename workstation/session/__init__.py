"""The state of one reading seat: the open case, what hangs where, the report on the desk."""
