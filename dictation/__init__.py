"""Microphone to written form: recognisers in their own process, formatter. Never Qt."""
