"""Every name of a document leads to it."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library import LAW, Library, index

from kobunko import pipeline, warc
from kobunko.errors import NotFound
from kobunko.home import Home
from kobunko.ids import sha256_hex
from kobunko.importing import ImportRow, import_files
from kobunko.lookup import chain, find
from kobunko.lookup.prov import prov
from kobunko.lookup.urls import forms_of
from kobunko.lookup.versions import in_force
from kobunko.names import in_force_from, name_key, names_of, number_of
from kobunko.passages.store import Store
from kobunko.sidecar import erase

REVISIONS = ("412AC0000000777_20200101_000000000000000", "412AC0000000777_20210401_503AC0000000001")


@pytest.mark.parametrize(
    ("what", "kind", "found"),
    [
        ("令和五年法律第九百一号", "name", ["egov_laws-2024", "egov_laws-2025", "law-2024", "law-2025"]),
        ("令和５年法律第９０１号", "name", ["egov_laws-2024", "egov_laws-2025", "law-2024", "law-2025"]),
        ("505AC0000000901", "name", ["egov_laws-2024", "egov_laws-2025"]),
        ("505AC0000000901_20240401_506AC0000000902", "name", ["egov_laws-2024"]),
        ("https://laws.e-gov.go.jp/law/505AC0000000901", "url", ["egov_laws-2024", "egov_laws-2025"]),
        ("https://elaws.e-gov.go.jp/document?lawid=505AC0000000901", "url", ["egov_laws-2024", "egov_laws-2025"]),
        ("https://laws.e-gov.go.jp/api/1/lawdata/505AC0000000901", "url", ["egov_laws-2024", "egov_laws-2025"]),
        ("令和６年（ワ）第１０号", "name", ["courts"]),
        ("令和6(ワ)10", "name", ["courts"]),
        ("https://www.courts.go.jp/app/hanrei_jp/detail2?id=90010", "url", ["courts"]),
        ("https://www.courts.go.jp/hanrei/90010/detail7/index.html", "url", ["courts"]),
        ("https://www.courts.go.jp/assets/hanrei/hanrei-pdf-90010.pdf", "url", ["courts"]),
        ("https://www.courts.go.jp/app/files/hanrei_jp/010/090010_hanrei.pdf", "url", ["courts"]),
        ("S100ZZZ1", "name", ["edinet"]),
        ("https://disclosure2dl.edinet-fsa.go.jp/searchdocument/pdf/S100ZZZ1.pdf", "url", ["edinet"]),
        ("http://www.kurashi.example/notice.pdf#page=2", "url", ["notice"]),
        ("https://web.archive.org/web/20250101000000/https://www.kurashi.example/notice.pdf", "url", ["notice"]),
        ("https://warp.da.ndl.go.jp/info:ndljp/pid/123456/www.kurashi.example/notice.pdf", "url", ["notice"]),
    ],
)
def test_names_numbers_and_old_urls(
    home: Home, store: Store, library: Library, what: str, kind: str, found: list[str]
) -> None:
    match = find(home, what, store)
    assert (match.kind, match.doc_ids) == (kind, sorted(library.ids[name] for name in found))


def test_every_document_is_found_by_its_id_url_and_hash(home: Home, store: Store, library: Library) -> None:
    for document in home.catalogue.documents(list(library.ids.values())):
        assert find(home, document.doc_id, store).doc_ids == [document.doc_id]
        assert document.doc_id in find(home, document.url, store).doc_ids
        for part in document.parts:
            assert document.doc_id in find(home, part.sha256.upper(), store).doc_ids


def test_a_row_of_a_release_leads_to_its_document(home: Home, store: Store, library: Library) -> None:
    assert find(home, "r1/judgments/0", store).doc_ids == [library.ids["courts"]]
    with pytest.raises(NotFound):
        find(home, "r1/judgments/7", store)


@pytest.mark.parametrize("what", ["", "   ", "nothing", "../../etc/passwd", "https://[", "x" * 100_000, "r9/laws/1"])
def test_what_is_not_here_is_said_with_the_way_on(home: Home, store: Store, what: str) -> None:
    with pytest.raises(NotFound, match="kobunko status"):
        find(home, what, store)


def test_laws_as_of_a_day(home: Home, store: Store, library: Library) -> None:
    both = find(home, "505AC0000000901", store).doc_ids
    assert in_force(home, store, both, date(2025, 3, 31)) == [library.ids["egov_laws-2024"]]
    assert in_force(home, store, both, date(2025, 4, 1)) == [library.ids["egov_laws-2025"]]
    with pytest.raises(NotFound, match="2024-04-01"):
        in_force(home, store, both, date(2000, 1, 1))


def test_revisions_that_came_one_by_one_are_versions_of_their_law(copy: Home, library: Library, tmp_path: Path) -> None:
    urls = [f"https://laws.e-gov.go.jp/api/2/law_file/xml/{name}" for name in REVISIONS]
    rows = []
    for number, url in enumerate(urls):
        path = tmp_path / f"{number}.xml"
        path.write_text(LAW.format(years=number))
        rows.append(ImportRow(path=path, source="egov_laws", url=url))
    with copy.writing():
        import_files(copy, copy.catalogue.start_run("import"), rows, lambda _: None)
        pipeline.build_release(copy, "r3", "internal")
    index(copy.settings, "r3")
    store = Store(copy.settings.index)
    first, second = (find(copy, name, store).doc_ids for name in REVISIONS)
    assert in_force(copy, store, first, date(2020, 1, 1)) == first
    assert in_force(copy, store, find(copy, "412AC0000000777", store).doc_ids, date(2022, 1, 1)) == second
    (found,) = chain(copy, pipeline.stages(copy), first, store)
    assert [version["doc_id"] for version in found["versions"]] == [*first, *second]


def test_no_link_of_any_chain_is_empty(home: Home, store: Store, library: Library, steps: tuple) -> None:
    chains = chain(home, steps, list(library.ids.values()), store)
    assert len(chains) == len(library.ids)
    for found in chains:
        for name in ("doc_id", "work_id", "source", "source_key", "source_version", "url", "stages", "parts"):
            assert found[name], name
        assert found["releases"] == ["r1", "r2"]
        assert found["licence"]["license"]
        assert [version["doc_id"] for version in found["versions"]]
        for part in found["parts"]:
            assert part["intact"]
            body = warc.read_body(home.settings.raw, part["warc_file"], part["warc_offset"], part["sha256"])
            assert sha256_hex(body) == part["sha256"]


def test_duplicates_and_versions_stand_in_the_chain(home: Home, store: Store, library: Library, steps: tuple) -> None:
    (course,) = chain(home, steps, [library.ids["course"]], store)
    assert library.ids["course-copy"] in course["duplicates"]
    (law,) = chain(home, steps, [library.ids["egov_laws-2025"]], store)
    assert [version["in_force_from"] for version in law["versions"]] == ["2024-04-01", "2025-04-01"]


def test_until_a_new_stage_has_come_its_last_row_stands_in(copy: Home, library: Library, steps: tuple) -> None:
    label = steps[-1].label
    (copy.settings.stages / label).rename(copy.settings.stages / "licence@000000000000")
    (found,) = chain(copy, steps, [library.ids["egov_laws-2025"]])
    assert found["stages"][-1]["stage"] == label
    assert found["licence"]["attribution"]


def test_readers_notice_an_erasure(copy: Home, library: Library, steps: tuple) -> None:
    names = [library.ids["removed"], library.ids["notice"]]
    before = {found["doc_id"]: found for found in chain(copy, steps, names)}
    erase(copy.settings.stages, {library.ids["removed"]})
    after = {found["doc_id"]: found for found in chain(copy, steps, names)}
    assert after[library.ids["notice"]]["stages"] == before[library.ids["notice"]]["stages"]
    assert before[library.ids["removed"]]["stages"]
    assert not after[library.ids["removed"]]["stages"]


def test_prov_json_is_closed_under_its_names(home: Home, store: Store, library: Library, steps: tuple) -> None:
    document = prov(chain(home, steps, list(library.ids.values()), store))
    known = {group: set(document[group]) for group in ("entity", "activity", "agent")}
    ends = {"entity": "entity", "generatedEntity": "entity", "usedEntity": "entity", "specificEntity": "entity"}
    ends |= {"generalEntity": "entity", "activity": "activity", "agent": "agent"}
    relations = [item for group in document if group not in {*known, "prefix"} for item in document[group].values()]
    assert len(relations) > 50
    for relation in relations:
        for role, name in relation.items():
            assert name in known[ends[role.removeprefix("prov:")]], (role, name)
    assert f"doc:{library.ids['notice']}" in known["entity"]


def test_old_law_pages_name_the_law_id() -> None:
    assert forms_of("http://law.e-gov.go.jp/htmldata/M29/M29HO089.html").names == ("129AC0000000089",)
    assert forms_of("http://law.e-gov.go.jp/htmldata/S26/S26SE319.html").names == ("326CO0000000319",)


def test_an_undecided_day_is_never_in_force() -> None:
    assert in_force_from("505AC0000000901_21171231_506AC0000000902") == date(2117, 12, 31)
    assert in_force_from("505AC0000000901_20249999_506AC0000000902") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("明治二十九年法律第八十九号", "明治29年法律第89号"),
        ("平成元年政令第三百号", "平成1年政令300号"),
        ("昭和五十九年法律第八十六号", "昭和59法律86"),
        ("令和５年（行ヒ）第３６６号", "令和5(行ヒ)366"),
    ],
)
def test_names_compare_in_one_form(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_a_judgment_is_known_by_the_number_in_its_head() -> None:
    structure = '{"case": {"case_number": "令和6(ワ)10", "court": "見本地方裁判所"}, "kind": "judgment"}'
    assert name_key("令和六年（ワ）第十号") in names_of("90010", "1", "https://a.example/1.pdf", {}, structure)


@given(st.integers(min_value=1, max_value=9999))
def test_kanji_numerals(value: int) -> None:
    digits = "〇一二三四五六七八九"
    written = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count = value // unit % 10
        written += ("" if count == 1 and name else digits[count]) + name if count else ""
    assert number_of(written) == value
    if value > 9:
        assert number_of("".join(digits[int(sign)] for sign in str(value))) == value
