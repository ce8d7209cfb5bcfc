"""The list of earlier studies."""
