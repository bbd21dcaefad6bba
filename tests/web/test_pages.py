"""Pages for people: read without JavaScript, in two languages."""

import re
import tomllib
from pathlib import Path

import httpx2
from library import PAGES, Library

import kobunko.web


def test_both_languages_have_the_same_words() -> None:
    words = tomllib.loads((Path(kobunko.web.__file__).parent / "words.toml").read_text())
    assert words["ja"].keys() == words["en"].keys()
    for name, text in words["ja"].items():
        assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", words["en"][name])


def test_japanese_comes_first(web: httpx2.Client) -> None:
    assert web.get("/").headers["location"] == "/ja/"
    assert web.get("/", headers={"Accept-Language": "en-US,en;q=0.9,ja;q=0.5"}).headers["location"] == "/en/"
    assert '<html lang="ja">' in web.get("/ja/").text


def test_a_name_leads_straight_to_its_document(web: httpx2.Client, library: Library) -> None:
    answer = web.get("/ja/search", params={"q": "令和6(ワ)10"})
    assert answer.headers["location"] == f"/ja/documents/{library.ids['courts']}"


def test_a_document_page_tells_all(web: httpx2.Client, library: Library) -> None:
    page = web.get(f"/ja/documents/{library.ids['notice']}").text
    for text in (*PAGES[0], "来歴", "出典", "削除を求める", "r1, r2", "sha256".upper().replace("SHA256", "SHA-256")):
        assert text in page, text
    assert page.count("<rect id=") == len(PAGES[0])
    law = web.get(f"/en/documents/{library.ids['egov_laws-2025']}").text
    assert "In force from 2024-04-01" in law
    assert f"/diff/{library.ids['egov_laws-2025']}" in law


def test_versions_are_compared(web: httpx2.Client, library: Library) -> None:
    old, new = library.ids["egov_laws-2024"], library.ids["egov_laws-2025"]
    page = web.get(f"/ja/documents/{old}/diff/{new}").text
    assert re.search(r"<del>－ .*<b>五</b>年とする", page)
    assert re.search(r"<ins>＋ .*<b>十</b>年とする", page)
    assert (
        "違いはありません" in web.get(f"/ja/documents/{library.ids['course']}/diff/{library.ids['course-copy']}").text
    )


def test_nothing_found_is_said_with_a_way_on(web: httpx2.Client) -> None:
    answer = web.get("/ja/search", params={"q": "どこにもない文書の名前"})
    assert answer.status_code == 404
    assert "見つかりませんでした" in answer.text


def test_the_form_keeps_what_was_typed(web: httpx2.Client, library: Library) -> None:
    typed = {
        "target": "https://www.kurashi.example/x",
        "reason": "privacy",
        "detail": "短い",
        "contact": "a@example.jp",
    }
    refused = web.post("/ja/removal", data=typed)
    assert refused.status_code == 422
    assert 'value="https://www.kurashi.example/x"' in refused.text
    before = len(list(library.settings.requests.glob("*.json")))
    assert web.post("/ja/removal", data=typed | {"detail": "ここに私の氏名が書かれています。"}).status_code == 201
    assert len(list(library.settings.requests.glob("*.json"))) == before + 1


def test_no_page_needs_anything_from_elsewhere(web: httpx2.Client, library: Library) -> None:
    for path in ("/ja/", "/ja/sources", "/ja/runs", "/ja/removal", f"/ja/documents/{library.ids['notice']}"):
        page = web.get(path)
        assert page.status_code == 200
        assert not re.findall(r'(?:src|<link[^>]*href)="(?!/)', page.text)
        assert "style=" not in page.text
        assert not re.search(r"<script(?! src=)", page.text)
