"""Registration of two verified volumes, in a process of its own: see `registrar` for the way there and back."""
