"""Data that a radiologist or a site may edit: protocols, presets, vocabulary, templates."""
