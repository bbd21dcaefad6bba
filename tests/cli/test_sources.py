"""Sources, plans, politeness and reviews on the command line, and bulk files of gazettes."""

import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from commandline import command, environment, run

from kobunko.catalogue import Catalogue
from kobunko.crawlers.hosts import Ledger
from kobunko.errors import Reject
from kobunko.gazettes import gazettes
from kobunko.unpack import members

OLD = """<?xml version="1.0"?><!DOCTYPE jp-official-gazette PUBLIC "-//JPO//DTD X//EN" "x.dtd">
<jp-official-gazette kind-of-jp="A" kind-of-st16="A" country="JP"><bibliographic-data><publication-reference>
<document-id><country>JP</country><doc-number>2099{n:06d}</doc-number><date>20990105</date></document-id>
</publication-reference><invention-title>見守り装置{n}</invention-title></bibliographic-data></jp-official-gazette>"""
NEW = """<pat:PatentPublication xmlns:pat="urn:pat" xmlns:com="urn:com"><com:IPOfficeCode>JP</com:IPOfficeCode>
<pat:PublicationNumber>2099700001</pat:PublicationNumber><com:PatentDocumentKindCode>B2</com:PatentDocumentKindCode>
<com:PublicationDate>2099-02-01</com:PublicationDate><pat:InventionTitle>横断旗</pat:InventionTitle>
</pat:PatentPublication>"""


def bulk_file(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.xml", "<list/>")
        for number in (1, 2):
            archive.writestr(f"DOC/{number:03d}/JP2099{number:06d}A.xml", OLD.format(n=number))
            archive.writestr(f"DOC/{number:03d}/000001.tif", b"II*\x00" + bytes([number]))
        archive.writestr("DOC/003/a.xml", NEW)
    return path


def test_a_bulk_file_of_gazettes_becomes_one_document_each(tmp_path: Path) -> None:
    home, path = tmp_path / "home", bulk_file(tmp_path / "JPG_2099001.zip")
    first = run(command(home, "import", path, "--source", "jplatpat", "--json"), environment())
    assert first.code == 0, first.err
    assert (first.json["new"], first.json["failed"]) == (3, [])
    again = run(command(home, "import", path, "--source", "jplatpat", "--json"), environment())
    assert (again.json["new"], again.json["unchanged"]) == (0, 3)
    found = {item.key: (item.title, item.published, len(item.images)) for item in gazettes(path)}
    assert found == {
        "JP-2099000001-A": ("見守り装置1", "2099-01-05", 1),
        "JP-2099000002-A": ("見守り装置2", "2099-01-05", 1),
        "JP-2099700001-B2": ("横断旗", "2099-02-01", 0),
    }


def test_an_archive_without_gazettes_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    done = run(
        command(tmp_path / "home", "import", tmp_path / "x.zip", "--source", "jplatpat", "--json"), environment()
    )
    assert (done.code, done.json["failed"][0]["reason"].split(":")[0]) == (3, "no-gazettes")


@pytest.mark.parametrize("name", ["../up.xml", "/etc/passwd", "C:\\windows\\x.xml", "a\\..\\..\\b.xml"])
def test_names_that_lead_out_of_an_archive_are_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(Reject) as raised:
        list(members(tmp_path / "x.zip"))
    assert raised.value.code == "unsafe-name"


def test_bombs_and_links_in_archives_do_no_harm(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b"0" * (8 << 20))
    with pytest.raises(Reject) as raised:
        list(members(tmp_path / "bomb.zip"))
    assert raised.value.code == "bomb"
    (tmp_path / "plain.xml").write_text("<a/>")
    (tmp_path / "link.xml").symlink_to("/etc/passwd")
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        tar.add(tmp_path / "link.xml", "link.xml")
        tar.add(tmp_path / "plain.xml", "plain.xml")
    assert [member.name for member in members(tmp_path / "x.tar")] == ["plain.xml"]


def test_a_plan_asks_nothing_and_writes_nothing(tmp_path: Path) -> None:
    done = run(command(tmp_path, "crawl", "kokkai", "--dry-run", "--json"), environment())
    assert done.code == 0, done.err
    (plan,) = done.json
    assert (plan["goes_on"], plan["hosts"][0]["host"], plan["hosts"][0]["delay_s"]) == (False, "kokkai.ndl.go.jp", 5.0)
    assert plan["requests"][0].startswith("https://kokkai.ndl.go.jp/api/meeting_list?from=")
    assert not (tmp_path / "raw").exists()


def test_sources_politeness_and_reviews_are_shown(tmp_path: Path) -> None:
    listed = run(command(tmp_path, "sources", "--json"), environment())
    found = {row["source"]: row for row in json.loads(listed.out)}
    assert (found["jplatpat"]["state"], found["nta"]["state"]) == ("not crawled", "enabled")
    assert found["archives"]["delay_s"] == 30.0
    catalogue = Catalogue(f"sqlite:///{tmp_path / 'catalogue.sqlite'}")
    ledger = Ledger(catalogue)
    ledger.asked("www.mihon.example")
    ledger.answered("www.mihon.example", 200, 1234)
    with catalogue.transaction() as connection:
        ledger.save(connection)
    report = run(command(tmp_path, "report", "politeness", "--json"), environment()).json
    names = ("host", "requests", "bytes", "refused")
    assert [[row[name] for name in names] for row in report["nights"]] == [["www.mihon.example", 1, 1234, 0]]
    assert {row["source"] for row in report["robots_set_aside"]} == {"edinet", "ndl", "estat"}
    review = run(command(tmp_path, "rights", "review", "nta", "--json"), environment())
    assert review.json == {"source": "nta", "state": "missing", "changed": [], "withheld": 0}
    assert run(command(tmp_path, "rights", "review", "nobody"), environment()).code == 2
    assert run(command(tmp_path, "rights", "review", "nta", "--decide", "accept"), environment()).code == 2
    decided = run(
        command(tmp_path, "rights", "review", "nta", "--decide", "accept", "--by", "係", "--json"), environment()
    )
    assert (decided.json["decision"], decided.json["released"]) == ("accept", 0)
