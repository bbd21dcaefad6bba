"""Rights: what may be done with a document, and on which evidence."""
