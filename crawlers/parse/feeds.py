"""RSS, Atom and sitemaps: lists of addresses that a site makes for machines."""

from typing import Any
from urllib.parse import urljoin

from lxml import etree

from kobunko.crawlers.parse.html import Link, words
from kobunko.errors import Reject

ROOTS = ("rss", "RDF", "feed", "urlset", "sitemapindex")


def is_feed(body: bytes) -> bool:
    """Whether an answer is one of these lists, by its root element."""
    head = body[:2048].lstrip()
    if not head.startswith((b"<?xml", b"<rss", b"<rdf", b"<feed", b"<urlset", b"<sitemapindex")):
        return False
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True)
    try:
        parser.feed(body[:65536])
        root: Any = next(iter(parser.read_events()))[1]
    except (etree.XMLSyntaxError, StopIteration):
        return False
    name = etree.QName(root).localname
    return name in ROOTS and (name != "RDF" or b"purl.org/rss" in head)  # RDF may be anything


def parse_feed(body: bytes, url: str) -> list[Link]:
    """Addresses of a feed with their titles, each once; raises `Reject` for one that is broken or empty."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root: Any = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Reject("unexpected-format", str(error)) from None
    entries = list(root.iter("{*}item", "{*}entry", "{*}url", "{*}sitemap"))
    found = [_link(node, url) for node in entries]
    links = {link.url: link for link in reversed(found) if link.url.startswith(("http://", "https://"))}
    if not links:
        raise Reject("no-links", f"a <{etree.QName(root).localname}> without an address")
    return list(reversed(links.values()))


def _link(node: Any, base: str) -> Link:
    address = node.findtext("{*}loc") or node.findtext("{*}link") or ""
    for link in node.iterfind("{*}link[@href]"):  # Atom: the page, not what belongs to it
        if link.get("rel", "alternate") == "alternate":
            address = link.get("href")
    return Link(urljoin(base, address.strip()) if address.strip() else "", words(node.findtext("{*}title") or ""))
