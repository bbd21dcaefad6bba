"""The matching key: the form of a text in which duplicates are looked for. Published text is never touched by it."""

from unicodedata import normalize

KEY_VERSION = 1


def matching_key(text: str) -> str:
    """NFKC, lower case, all white space removed, NFKC again (removing a space can bring a mark to its letter).

    Two documents that differ only in full- and half-width forms, case, line breaks or indentation have the same key.
    """
    return normalize("NFKC", "".join(normalize("NFKC", text).lower().split()))
