"""The RIS: orders in, signed reports out, each read back before it counts as confirmed."""
