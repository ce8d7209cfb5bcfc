"""Everything a reader can ask for, as one table with many readers."""
