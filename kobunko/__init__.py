"""Kobunko (公文庫): published government documents as text for AI, with rights evidence and provenance on every row."""

__version__ = "0.1.0"
