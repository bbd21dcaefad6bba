"""Bytes → text and structure: one small reader per format, and one entry, `kobunko.extract.route.extract`."""
