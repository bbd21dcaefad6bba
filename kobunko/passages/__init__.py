"""The way back from a passage: which released documents hold it, on which page, at which characters."""
