"""Other machines' images in the window: searching archives, fetching, setting archives up."""
