"""Plain facts: frozen dataclasses and state tables. Imports the standard library only."""
