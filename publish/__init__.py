"""Releases: rows, shards, card, verification, and the places that they are published to."""
