"""e-Gov law API v1: which laws changed on a day. Source: houreiapi.txt (version 1 of the API, XML only).

The wrapper is `<DataRoot><Result><Code>`: 0 is good; 1 is an error, and also "nothing found", which HTTP 404 tells
apart; 2 asks for a narrower question. The firewall answers in HTML.
"""

from dataclasses import dataclass
from typing import Any

from lxml import etree

from kobunko.errors import Reject


@dataclass(frozen=True, slots=True)
class Update:
    law_id: str
    law_num: str
    amended_by: str


def updates_url(api: str, day: str) -> str:
    """`day` is an ISO date, not before 2020-11-24 and not in the future."""
    return f"{api}/updatelawlists/{day.replace('-', '')}"


def parse_updates(body: bytes, status: int) -> list[Update]:
    """Laws that were updated on a day; none where the API says that there are none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root: Any = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        code = "waf-rejected" if b"Request Rejected" in body else "unexpected-format"
        raise Reject(code, str(error)) from None
    result = root.findtext("Result/Code")
    if root.tag != "DataRoot" or result is None:
        raise Reject("unexpected-format", f"<{root.tag}> where <DataRoot> was expected")
    if result != "0":
        if status == 404:
            return []
        raise Reject("api-error", f"code {result}: {root.findtext('Result/Message') or ''}")
    found = [_update(node) for node in root.iter("LawNameListInfo")]
    if not all(item.law_id for item in found):
        raise Reject("unknown-layout", "an entry without LawId")
    return list({item.law_id: item for item in found}.values())


def _update(node: Any) -> Update:
    return Update(*(node.findtext(name) or "" for name in ("LawId", "LawNo", "AmendNo")))
