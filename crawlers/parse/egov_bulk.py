"""e-Gov's bulk file: a ZIP with one folder for each law, named like its revision."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from kobunko.errors import Reject
from kobunko.unpack import Member, members

_FOLDER = re.compile(r"^[0-9A-Za-z]+_\d{8}_[0-9A-Za-z]+$")


@dataclass(frozen=True, slots=True)
class BulkLaw:
    """One folder: the XML first, then the files under `pict/`."""

    revision_id: str
    files: list[Member]


def bulk_url(site: str) -> str:
    return f"{site}/bulkdownload?file_section=1&only_xml_flag=true"


def parse_bulk(body: bytes) -> Iterator[BulkLaw]:
    """Laws of the bulk file in its order; raises `Reject` where the answer is no such ZIP or holds no law."""
    if not body.startswith(b"PK"):
        code = "waf-rejected" if b"Request Rejected" in body else "not-a-zip"
        raise Reject(code, body[:80].decode("utf-8", errors="replace"))
    current, count = BulkLaw("", []), 0
    for member in members(body):
        folder = next((part for part in PurePosixPath(member.name).parts[:-1] if _FOLDER.match(part)), "")
        if folder != current.revision_id:
            if current.files:
                yield _in_order(current)
            current = BulkLaw(folder, [])
            count += bool(folder)
        if folder:  # beside the folders lies the list of all laws
            current.files.append(member)
    if current.files:
        yield _in_order(current)
    if not count:
        raise Reject("no-laws", "the ZIP has no folder that is named like a revision")


def _in_order(law: BulkLaw) -> BulkLaw:
    files = sorted(law.files, key=lambda member: (not member.name.endswith(".xml"), member.name))
    return BulkLaw(law.revision_id, files)
