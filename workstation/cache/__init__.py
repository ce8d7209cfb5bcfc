"""The studies on this machine: files under our own names, and an index that can be made again from them."""
