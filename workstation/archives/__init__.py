"""Other machines' images: finding, retrieving, prefetching, sending."""
