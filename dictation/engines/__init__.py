"""Recognisers, each in its own process: `process` is our end, `host` runs at the other."""
