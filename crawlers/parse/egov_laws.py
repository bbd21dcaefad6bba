"""e-Gov law API v2: the list of laws, and law XML. Source: lawapi-v2.yaml (OpenAPI 2.1)."""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from lxml import etree

from kobunko.errors import Reject
from kobunko.ids import sha256_hex

_REVISION = re.compile(r"^[0-9A-Za-z]+_\d{8}_[0-9A-Za-z]+$")
_LAW_ID = re.compile(r"^[1-5]\d{2}[0-9A-Z]{12}$|^321CONSTITUTION$")
_ROOTS = ("Law", "law_data_response", "DataRoot")
_LISTS = ("laws_response", "law_revisions_response")
_FORMS = tuple(
    map(re.compile, ("/api/2/law_file/xml/", "/api/2/law_data/", "/api/2/law_file/json/", "/api/1/lawdata/"))
)


@dataclass(frozen=True, slots=True)
class Law:
    """One revision of a law, as the list or the XML itself describes it."""

    law_id: str
    revision_id: str
    title: str
    promulgated: str | None
    facts: dict[str, Any]  # law_info and revision_info, what is null left out


@dataclass(frozen=True, slots=True)
class LawList:
    laws: list[Law]
    next_offset: int | None


def list_url(base: str, offset: int, limit: int) -> str:
    query = {"limit": limit, "offset": offset, "order": "+law_info.law_id", "response_format": "json"}
    return f"{base}/laws?{urlencode(query)}"


def law_url(base: str, revision_id: str) -> str:
    return f"{base}/law_file/xml/{quote(revision_id)}"


def revisions_url(base: str, law_id: str) -> str:
    return f"{base}/law_revisions/{quote(law_id)}?response_format=json"


def attachment_url(base: str, revision_id: str, src: str) -> str:
    return f"{base}/attachment/{quote(revision_id)}?{urlencode({'src': src})}"


def parse_revisions(body: bytes) -> list[Law]:
    """Every revision of one law, the newest first: also those that are not in force yet or no longer."""
    answer = _answer(body)
    try:
        info, revisions = answer["law_info"], answer["revisions"]
    except KeyError:
        raise Reject("api-error", f"{answer.get('code', '?')}: {answer.get('message', body[:200])!s}") from None
    if not revisions:
        raise Reject("no-revisions", str(info.get("law_id")))
    return [_law(info, revision) for revision in revisions]


def attachments_of(body: bytes) -> list[str]:
    """`src` of the figures and forms that a law's XML refers to, in order, each once."""
    found = dict.fromkeys(re.findall(rb"<(?:Fig|AppdxFig)\b[^>]*?\bsrc=\"([^\"]+)\"", body))
    return [src.decode("utf-8", errors="replace") for src in found]


def is_missing_attachment(body: bytes) -> bool:
    """Whether the API says that it has no such file: HTTP 400 with a code of its own."""
    try:
        return str(json.loads(body).get("code", "")).startswith("404")
    except (ValueError, AttributeError):
        return False


def parse_list(body: bytes, url: str) -> LawList:
    """Laws of one page of `/laws`.

    Raises `Reject` for an error in JSON or HTML, and where the counts say that something was not read:
    `total_count` must be reached when there is no `next_offset`.
    """
    answer = _answer(body)
    try:
        entries, total, count = answer["laws"], int(answer["total_count"]), int(answer["count"])
    except (KeyError, TypeError, ValueError):
        raise Reject("api-error", f"{answer.get('code', '?')}: {answer.get('message', body[:200])!s}") from None
    offset = int(parse_qs(urlsplit(url).query).get("offset", ["0"])[0])
    next_offset = answer.get("next_offset")
    read = offset + len(entries)
    if len(entries) != count or (not next_offset and read != total) or (next_offset and int(next_offset) != read):
        raise Reject("incomplete-list", f"read {read} of {total}, count {count}, next_offset {next_offset}")
    laws = {law.revision_id: law for entry in entries for law in _revisions(entry)}
    return LawList(list(laws.values()), int(next_offset) if next_offset else None)


def _answer(body: bytes) -> dict[str, Any]:
    """A list in JSON, which the crawl asks for, or in XML, which somebody's archive may hold."""
    if body.lstrip()[:1] != b"<":
        return _json(body)
    root = _root(body)
    if root.tag not in _LISTS:
        raise Reject(*_not_what_was_asked(body))
    answer: dict[str, Any] = _plain(root)
    return answer


def _json(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        raise Reject(*_not_what_was_asked(body)) from None
    if not isinstance(answer, dict):
        raise Reject("api-error", "the answer is no JSON object")
    return answer


def _root(body: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        raise Reject(*_not_what_was_asked(body)) from None


def _plain(node: Any) -> Any:
    """An element as it stands in JSON."""
    if node.tag in ("laws", "revisions"):
        return [_plain(child) for child in node]
    return {child.tag: _plain(child) for child in node} if len(node) else (node.text or "").strip() or None


def _not_what_was_asked(body: bytes) -> tuple[str, str]:
    if b"Request Rejected" in body:
        return "waf-rejected", "the site's firewall refused the request"
    return "unexpected-format", body[:80].decode("utf-8", errors="replace")


def _revisions(entry: dict[str, Any]) -> list[Law]:
    info = entry["law_info"]
    found = [entry.get("revision_info"), entry.get("current_revision_info")]
    return [_law(info, revision) for revision in found if revision and revision.get("law_revision_id")]


def _law(info: dict[str, Any], revision: dict[str, Any]) -> Law:
    facts = {name: value for name, value in {**info, **revision}.items() if value not in (None, "")}
    title = str(revision.get("law_title") or info.get("law_num") or info["law_id"])
    return Law(info["law_id"], revision["law_revision_id"], title, info.get("promulgation_date"), facts)


def check_law_xml(body: bytes) -> None:
    """Raises `Reject` unless the answer is law XML in one of its wrappers: errors come as JSON, XML or HTML."""
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True)
    try:
        parser.feed(body[:65536])
        root: Any = next(iter(parser.read_events()))[1]
    except (etree.XMLSyntaxError, StopIteration):
        code, detail = _not_what_was_asked(body)
        if body.lstrip()[:1] == b"{":
            answer = _json(body)
            code, detail = "api-error", f"{answer.get('code', '?')}: {answer.get('message', '')}"
        raise Reject(code, detail) from None
    if root.tag not in _ROOTS:
        code = "unexpected-format" if str(root.tag).lower() == "html" else "api-error"
        raise Reject(code, body[:200].decode("utf-8", errors="replace"))
    if (code := root.findtext("Result/Code") or "0") != "0":  # of API v1
        raise Reject("api-error", f"code {code}: {root.findtext('Result/Message') or ''}")


def law_of(body: bytes, url: str) -> Law:
    """What the XML or JSON of a law and its URL say of it, for a file that no list led to. Where they do not name the
    revision, the bytes are the version."""
    facts = _facts_of_json(body) if is_json(body) else _facts_of_xml(body)
    revision_id = str(facts.get("law_revision_id") or revision_of(url)) or sha256_hex(body)
    law_id = str(facts.get("law_id") or "") or next(
        filter(_LAW_ID.match, (revision_id.split("_")[0], name_of(url))), ""
    )
    if not law_id:
        raise Reject("no-law-id", url)
    title = str(facts.get("law_title") or facts.get("law_num") or law_id)
    return Law(law_id, revision_id, title, facts.get("promulgation_date"), facts)


def _facts_of_xml(body: bytes) -> dict[str, Any]:
    check_law_xml(body)
    root = _root(body)
    facts = {"law_num": root.findtext(".//LawNum"), "law_title": root.findtext(".//LawTitle")}
    facts |= {"law_id": root.findtext("ApplData/LawId")}  # of API v1
    facts |= {node.tag: node.text for group in ("law_info", "revision_info") for node in root.iterfind(f"{group}/*")}
    return {name: text for name, text in facts.items() if text}


def _facts_of_json(body: bytes) -> dict[str, Any]:
    answer = _json(body)
    tree = answer.get("law_full_text", answer)
    if not (isinstance(tree, str) or (isinstance(tree, dict) and "tag" in tree)):
        raise Reject("api-error", f"{answer.get('code', '?')}: {answer.get('message', 'no text of a law')}")
    facts = {**(answer.get("law_info") or {}), **(answer.get("revision_info") or {})}
    return {name: value for name, value in facts.items() if value not in (None, "")}


def is_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


def embedded_xml(body: bytes) -> bytes:
    """The XML that an answer in JSON may carry in base 64; empty where it does not."""
    text = _json(body).get("law_full_text") if is_json(body) else None
    if not isinstance(text, str):
        return b""
    try:
        xml = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Reject("unexpected-format", f"law_full_text: {error}") from None
    check_law_xml(xml)
    return xml


def revision_of(url: str) -> str:
    """Revision id at the end of a `/law_file/xml/…` or `/law_data/…` URL; empty where there is none."""
    return name_of(url) if _REVISION.match(name_of(url)) else ""


def name_of(url: str) -> str:
    """Id or number of a law, or id of a revision, at the end of a URL."""
    return unquote(urlsplit(url).path.rsplit("/", 1)[-1])


def law_url_rank(url: str) -> int:
    """How good the form is in which a URL of either API gives a whole law: the lower the better, 0 where it gives
    none. An answer with a part of a law (`elm`, without supplements) is none."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if "elm" in query or query.get("omit_amendment_suppl_provision") == ["true"]:
        return 0
    found = (form.search(parts.path) for form in _FORMS)
    rank = next((number for number, match in enumerate(found, start=1) if match), 0)
    return rank + 1 if rank == 2 and query.get("response_format") != ["xml"] else rank
