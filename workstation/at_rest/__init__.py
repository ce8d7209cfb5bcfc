"""Encryption of what lies on this machine's disk: files, databases, and the key."""
