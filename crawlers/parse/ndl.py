"""NDL Search by OAI-PMH and SRU: records in dcndl. Source: 外部提供インタフェース仕様書 1.3.

OAI-PMH: 200 records come on a page; the next one is asked for by its token. `from` is mandatory, and `from` to `until`
may span a year at most, so a harvest goes in slices. SRU: a search shows 500 records and no more.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from lxml import etree

from kobunko.errors import Reject

PUBLIC_DOMAIN = "保護期間満了"
MOST_FOUND = 500  # records of a search: those after them cannot be reached
_BOOK = re.compile(r"/books/(R\d+-I[^#/?]+)")
_PID = re.compile(r"(?:dl\.ndl\.go\.jp/(?:[a-z]+/)*|info:ndljp/)pid/(\d+)")
_RIGHTS = ("rights", "accessRights")


@dataclass(frozen=True, slots=True)
class Record:
    identifier: str
    datestamp: str
    title: str
    pid: str  # of the digital collections; empty where the item is not digitised
    rights: list[str]
    body: bytes  # the record as XML, empty for a deleted one

    @property
    def is_deleted(self) -> bool:
        return not self.body

    @property
    def is_public_domain(self) -> bool:
        """Only where the library says that protection has expired: to be on the internet is not to be free."""
        return any(PUBLIC_DOMAIN in text for text in self.rights)


@dataclass(frozen=True, slots=True)
class Page:
    records: list[Record]
    token: str  # of the next page; empty on the last


def list_url(api: str, first: str, last: str, set_name: str = "") -> str:
    query = {"verb": "ListRecords", "metadataPrefix": "dcndl", "from": first, "until": last}
    return f"{api}?{urlencode(query | ({'set': set_name} if set_name else {}))}"


def next_url(api: str, token: str) -> str:
    return f"{api}?{urlencode({'verb': 'ListRecords', 'resumptionToken': token})}"


def manifest_url(site: str, pid: str) -> str:
    return f"{site}/api/iiif/{pid}/manifest.json"


def search_url(api: str, query: str, first: int, last: int) -> str:
    """SRU: everything that a CQL query finds among what was published in these years, both included."""
    cql = f'({query}) AND from="{first}" AND until="{last}"'
    asked = {"operation": "searchRetrieve", "query": cql, "recordSchema": "dcndl", "recordPacking": "xml"}
    return f"{api.rsplit('/', 1)[0]}/sru?{urlencode(asked | {'maximumRecords': MOST_FOUND})}"


def parse_search(body: bytes) -> list[Record] | None:
    """Records of an answer of SRU; None where there are more than it shows. An error comes as a diagnostic with status
    200; one of them means that nothing was found."""
    root = _root(body, "searchRetrieveResponse")
    for said in root.iterfind("{*}diagnostics/{*}diagnostic"):
        message = _text(said)
        if "Record does not exist" in message:
            return []
        raise Reject("sru-diagnostic", message)
    total = root.findtext("{*}numberOfRecords") or ""
    if not total.isdigit():
        raise Reject("unknown-layout", "neither numberOfRecords nor a diagnostic")
    if int(total) > MOST_FOUND:
        return None
    found = [_found(node) for node in root.iterfind("{*}records/{*}record/{*}recordData")]
    if len(found) != int(total):
        raise Reject("incomplete-list", f"{len(found)} records of {total}")
    return found


def _found(data: Any) -> Record:
    """One record; in the packing that is the default, it is XML inside a text."""
    content: Any = next(iter(data), None)
    try:
        content = etree.fromstring((data.text or "").encode(), _parser()) if content is None else content
    except etree.XMLSyntaxError as error:
        raise Reject("unexpected-format", f"recordData: {error}") from None
    names: Any = content.xpath(".//@*[local-name()='about']")
    book = next((found for name in names if (found := _BOOK.search(str(name)))), None)
    if book is None:
        raise Reject("unknown-layout", "a record without the address of its book")
    return _described(book[1], "", content)


def parse_page(body: bytes) -> Page:
    """Records of a page; none where the repository says `noRecordsMatch`; raises `Reject` for every other error."""
    root = _root(body, "OAI-PMH")
    for said in root.iterfind("{*}error"):
        if said.get("code") == "noRecordsMatch":
            return Page([], "")
        raise Reject(f"oai-{said.get('code')}", said.text or "")
    if root.find("{*}ListRecords") is None:
        raise Reject("unknown-layout", "neither ListRecords nor an error")
    records = [_record(node) for node in root.iterfind("{*}ListRecords/{*}record")]
    token = (root.findtext("{*}ListRecords/{*}resumptionToken") or "").strip()
    return Page(records, token)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def _root(body: bytes, name: str) -> Any:
    try:
        root: Any = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError as error:
        raise Reject("unexpected-format", str(error)) from None
    if etree.QName(root).localname != name:
        raise Reject("unexpected-format", f"<{root.tag}> where <{name}> was expected")
    return root


def _record(node: Any) -> Record:
    header = node.find("{*}header")
    identifier = header.findtext("{*}identifier") if header is not None else None
    if not identifier:
        raise Reject("unknown-layout", "a record without identifier")
    datestamp = header.findtext("{*}datestamp") or ""
    if header.get("status") == "deleted":
        return Record(identifier, datestamp, "", "", [], b"")
    return _described(identifier, datestamp, node)


def _described(identifier: str, datestamp: str, node: Any) -> Record:
    xml = etree.tostring(node, encoding="utf-8", xml_declaration=True, with_tail=False)
    rights = [text for name in _RIGHTS for item in node.iterfind(f".//{{*}}{name}") if (text := _text(item))]
    title = next((text for item in node.iterfind(".//{*}title") if (text := _text(item))), identifier)
    pid = _PID.search(xml.decode())
    return Record(identifier, datestamp, title, pid[1] if pid else "", rights, xml)


def _text(node: Any) -> str:
    return " ".join(" ".join(node.itertext()).split())
