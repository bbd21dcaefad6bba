"""Patent gazettes in JPO's bulk files: which XML in a ZIP or tar is a gazette, and what it is called.

Two forms are in use: `<jp-official-gazette>` (the older, with a DTD of its own) and ST.96 (`…Publication…` in a
namespace of WIPO). Neither is read further here; that is for the extraction to do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree

from kobunko.unpack import Member, members

_ROOTS = ("jp-official-gazette",)
_ST96 = ("PatentPublication", "ApplicationBody", "PatentGrantPublication", "PublicationData", "OfficialGazette")


@dataclass(frozen=True, slots=True)
class Gazette:
    """One publication: its number is its name in the world, e.g. `JP-2020001234-A`."""

    key: str
    title: str
    published: str | None
    xml: Member
    images: list[Member] = field(default_factory=list)


def gazettes(archive: Path) -> Iterator[Gazette]:
    """Gazettes of a bulk file with the images that lie beside them; other XML (lists, indexes) is passed over."""
    folder, xmls, images = "", list[Member](), list[Member]()
    for member in members(archive):
        path = PurePosixPath(member.name)
        if str(path.parent) != folder:
            yield from _in_folder(xmls, images)
            folder, xmls, images = str(path.parent), [], []
        suffix = path.suffix.lower()
        if suffix in (".xml", ".sgm"):
            xmls.append(member)
        elif suffix in (".tif", ".tiff", ".jpg", ".png", ".gif"):
            images.append(member)
    yield from _in_folder(xmls, images)


def _in_folder(xmls: list[Member], images: list[Member]) -> Iterator[Gazette]:
    found = [gazette for member in xmls if (gazette := read_gazette(member))]
    for gazette in found:
        mine = images if len(found) == 1 else []  # where several share a folder, nobody says whose they are
        yield Gazette(gazette.key, gazette.title, gazette.published, gazette.xml, mine)


def read_gazette(member: Member) -> Gazette | None:
    """None where the XML is no gazette, or names no publication number."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root: Any = etree.fromstring(member.body, parser)
    except etree.XMLSyntaxError:
        return None
    name = etree.QName(root).localname
    if name not in _ROOTS and name not in _ST96:
        return None
    number = _first(root, "publication-reference//{*}doc-number", "PublicationNumber", "doc-number")
    if not number:
        return None
    country = root.get("country") or _first(root, "country", "IPOfficeCode") or "JP"
    kind = root.get("kind-of-st16") or _first(root, "PatentDocumentKindCode", "kind-of-st16")
    day = _first(root, "publication-reference//{*}date", "PublicationDate")
    title = _first(root, "invention-title", "InventionTitle")
    key = "-".join(filter(None, (country, number, kind)))
    return Gazette(key, title or key, _iso(day), member)


def _first(root: Any, *paths: str) -> str:
    for path in paths:
        node = root.find(f".//{{*}}{path}")
        if node is not None and (text := " ".join("".join(node.itertext()).split())):
            return str(text)
    return ""


def _iso(day: str) -> str | None:
    digits = day.replace("-", "")
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 and digits.isdigit() else None
