"""The RIS holds something else than we signed: both are kept, and a reader chooses."""
