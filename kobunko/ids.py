"""Deterministic names: the same input gives the same id on any machine."""

import base64
import functools
import hashlib
from typing import Any

import rfc8785
from w3lib.url import canonicalize_url


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value: the only form in which JSON is hashed."""
    return rfc8785.dumps(value)


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def json_sha256(value: Any) -> str:
    return sha256_hex(canonical_json(value))


def short_hash(value: Any, length: int = 26) -> str:
    """Lower-case base32 of the SHA-256 of a JSON value; 26 characters are 130 bits."""
    digest = hashlib.sha256(canonical_json(value)).digest()
    return base64.b32encode(digest).decode().lower().rstrip("=")[:length]


def doc_id(source: str, source_key: str, version: str) -> str:
    """Id of one version of one work: `<source>-<26 base32 characters>`."""
    return f"{source}-{short_hash(['doc', source, source_key, version])}"


def source_of(document_id: str) -> str:
    return document_id.rpartition("-")[0]


def work_id(source: str, source_key: str) -> str:
    """Id that all versions of one work share."""
    return f"{source}-{short_hash(['work', source, source_key])}"


@functools.lru_cache(maxsize=1 << 14)  # a crawl asks for the same few again and again
def url_key(url: str) -> str:
    """The form under which a URL is looked up and queued: sorted query, no fragment, normal escapes."""
    return canonicalize_url(url)


def input_sha256(parts: list[tuple[str, str]]) -> str:
    """Hash of what a document is made from: `(role, sha256)` of each part, in order."""
    return json_sha256([list(part) for part in parts])
