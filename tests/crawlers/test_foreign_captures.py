"""Archives that others' tools made of the real addresses (`captures/make.py`) give the documents that they hold."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from kobunko.seed import BUILT_IN

HERE = Path(__file__).parent / "captures"
sys.path.insert(0, str(HERE))
import government  # noqa: E402

CAPTURES = sorted(path.name for path in HERE.iterdir() if ".warc" in path.name or path.suffix == ".wacz")


@pytest.fixture
def real_sources(home: Any) -> Any:
    """The seeds that the project ships, for the hosts of the captures."""
    for source in government.EXPECTED:
        shutil.copy(BUILT_IN / f"{source}.toml", home.seeds)
    return home


def found_in(home: Any) -> dict[str, dict[Any, list[str]]]:
    found: dict[str, dict[Any, list[str]]] = {}
    for document in home.documents():
        key = (document.source_key, document.source_version) if document.source == "egov_laws" else document.source_key
        found.setdefault(document.source, {})[key] = [part.role for part in document.parts]
    return found


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_of_another_tool_gives_its_documents(real_sources: Any, name: str) -> None:
    summaries = real_sources.crawl(replay=[HERE / name])
    assert found_in(real_sources) == government.EXPECTED
    assert all(not summary["broken_assertions"] and summary["finished"] for summary in summaries.values())
    assert {item["reason"] for item in summaries["edinet"]["failures"]} == {"edinet-404: Not Found"}
    assert summaries["egov_laws"]["failures"] == summaries["courts"]["failures"] == []
    check_bytes(real_sources)
    files = [path.read_bytes() for path in real_sources.folder.rglob("*") if path.is_file()]
    bodies = [record.body + record.url.encode() for record in real_sources.records()]
    assert not [data for data in files + bodies if government.KEY.encode() in data]


def check_bytes(home: Any) -> None:
    """Every part is, byte for byte, what the server sent."""
    records = {record.record_id: record for record in home.records()}
    parts = [part for document in home.documents() for part in document.parts]
    for part in parts:
        if part.url.startswith("jar:"):  # the XML that came in base 64
            assert records[part.capture_id].body.decode() == government.law_xml(government.THIRD)
        else:
            asked = f"{part.url}{'&' if '?' in part.url else '?'}Subscription-Key={government.KEY}"
            _, media_type, body = government.answer(asked)
            assert (records[part.capture_id].body, part.media_type) == (body, media_type)
    assert len(parts) == 14
