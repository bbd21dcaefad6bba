"""Measurements of quality, one module each."""
