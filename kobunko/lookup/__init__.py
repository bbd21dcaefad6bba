"""Provenance lookup: from any name of a document to the whole chain back to its bytes and its licence."""

from kobunko.lookup.chain import chain
from kobunko.lookup.find import Match, find

__all__ = ["Match", "chain", "find"]
