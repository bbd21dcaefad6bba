"""laws.demo.example: version 2 of the law API, in the shapes of its OpenAPI description (`lawapi-v2.yaml`)."""

import json
import re
from typing import Any
from xml.sax.saxutils import escape

from kobunko.demo.web import NOT_FOUND, XML, Answer, Host, Query, json_answer, text

Law = dict[str, Any]  # as /law_revisions gives it: law_info, and revisions from the newest to the oldest

# The real host has no robots.txt: its single-page application answers every unknown path with HTML and 200.
APPLICATION = Answer(
    '<!DOCTYPE html><html lang="ja"><head><meta charset="UTF-8"><title>法令検索</title></head>'
    '<body><noscript>JavaScriptを有効にしてください。</noscript><div id="app"></div></body></html>\n'.encode()
)


def host() -> Host:
    laws: list[Law] = json.loads(text("laws/laws.json"))

    def answer(path: str, query: Query) -> Answer:
        if not path.startswith("/api/"):
            return APPLICATION if path in {"/", "/robots.txt"} else NOT_FOUND
        if path == "/api/2/laws":
            return _list(laws, query)
        if found := re.fullmatch(r"/api/2/law_revisions/([^/]+)", path):
            return _revisions(laws, found[1])
        if found := re.fullmatch(r"/api/2/law_data/([^/]+)", path):
            return _data(laws, found[1], query)
        if found := re.fullmatch(r"/api/2/law_file/xml/([^/]+)", path):
            return _file(laws, found[1])
        return _error("404001", "指定のAPIは存在しません。", status=404)

    return answer


def _error(code: str, message: str, status: int = 400) -> Answer:
    return json_answer({"code": code, "message": message}, status)


def _list(laws: list[Law], query: Query) -> Answer:
    """One row a law, with the revision that is in force."""
    try:
        limit, offset = int(query.get("limit", "100")), int(query.get("offset", "0"))
    except ValueError:
        return _error("400002", "limit又はoffsetが誤っています。")
    if limit < 1 or offset < 0:
        return _error("400002", "limit又はoffsetが誤っています。")
    rows = laws[offset : offset + limit]
    return json_answer(
        {
            "total_count": len(laws),
            "count": len(rows),
            "next_offset": offset + limit if offset + limit < len(laws) else None,
            "laws": [
                {
                    "law_info": law["law_info"],
                    "revision_info": law["revisions"][0],
                    "current_revision_info": law["revisions"][0],
                }
                for law in rows
            ],
        }
    )


def _find(laws: list[Law], name: str) -> tuple[Law, dict[str, Any]] | None:
    """A law and one of its revisions by revision id, or its current one by law id or law number."""
    for law in laws:
        for revision in law["revisions"]:
            if name in {revision["law_revision_id"], law["law_info"]["law_id"], law["law_info"]["law_num"]}:
                return law, revision
    return None


def _revisions(laws: list[Law], name: str) -> Answer:
    found = _find(laws, name)
    return json_answer(found[0]) if found else _error("404002", "指定のパラメータで取得できる法令は存在しません。")


def _data(laws: list[Law], name: str, query: Query) -> Answer:
    found = _find(laws, name)
    if not found:
        return _error("404001", "指定のパラメータで取得できる法令は存在しません。")
    if query.get("response_format") != "xml":
        return _error("400003", "response_formatが誤っています（このサーバはxmlのみに対応しています。）。")
    law, revision = found
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n<law_data_response><attached_files_info/>',
        _element("law_info", law["law_info"]),
        _element("revision_info", revision),
        f"<law_full_text>{_xml(revision).split('?>', 1)[1].strip()}</law_full_text></law_data_response>\n",
    ]
    return Answer("".join(parts).encode(), XML)


def _file(laws: list[Law], name: str) -> Answer:
    found = _find(laws, name)
    return Answer(_xml(found[1]).encode(), XML) if found else _error("404004", "指定の法令は存在しません。")


def _xml(revision: dict[str, Any]) -> str:
    return text(f"laws/{revision['law_revision_id']}.xml")


def _element(name: str, values: dict[str, Any]) -> str:
    """The fields of a JSON object as the API writes them in XML: null is an empty element."""
    fields = "".join(
        f"<{key}/>"
        if value is None
        else f"<{key}>{escape(str(value).lower() if isinstance(value, bool) else str(value))}</{key}>"
        for key, value in values.items()
    )
    return f"<{name}>{fields}</{name}>"
