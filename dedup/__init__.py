"""Duplicates: a matching key and a MinHash signature per document, and clusters over all of them."""
