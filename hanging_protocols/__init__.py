"""Which protocol, which priors, which series in which viewport: pure functions on dataclasses."""
