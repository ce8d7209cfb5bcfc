"""Hand microphones and foot pedals: bytes of USB HID reports -> which buttons are down."""
