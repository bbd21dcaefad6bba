"""The JSON API: what it answers, what it refuses, and that it only reads."""

import hashlib
import io
import json
from pathlib import Path

import httpx2
import pytest
from library import PAGES, Library
from PIL import Image

from kobunko.web.guard import HEADERS

OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_description_is_the_one_that_is_checked_in(web: httpx2.Client) -> None:
    found = json.dumps(web.get("/openapi.json").json(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if not OPENAPI.exists():
        OPENAPI.write_text(found)
        pytest.fail(f"{OPENAPI} was made: look at it and commit it")
    assert found == OPENAPI.read_text(), f"the API changed: delete {OPENAPI}, run this test again and commit it"


def test_a_document_its_chain_and_its_prov(web: httpx2.Client, library: Library) -> None:
    name = library.ids["notice"]
    assert web.get(f"/documents/{name}").json()["pages"] == 2
    chain = web.get(f"/documents/{name}/chain").json()
    assert chain["parts"][0]["intact"]
    assert chain["releases"] == ["r1", "r2"]
    assert f"doc:{name}" in web.get(f"/documents/{name}/prov").json()["entity"]


def test_a_page_with_its_boxes(web: httpx2.Client, library: Library) -> None:
    page = web.get(f"/documents/{library.ids['notice']}/pages/2").json()
    assert page["text"] == "\n".join(PAGES[1])
    assert page["has_image"]
    for line, text in zip(page["lines"], PAGES[1], strict=True):
        assert page["text"][line["start"] - page["start"] : line["end"] - page["start"]] == text
        assert 0 < line["x0"] < line["x1"] < 1


def _yellow(data: bytes) -> set[tuple[int, int]]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    small = image.resize((60, 85))
    return {
        (x, y)
        for x in range(60)
        for y in range(85)
        if (lambda p: p[0] > 200 and p[2] < p[0] - 30)(small.getpixel((x, y)))
    }


def test_the_picture_of_a_page_marks_the_line_that_is_asked_for(web: httpx2.Client, library: Library) -> None:
    base = f"/documents/{library.ids['notice']}/pages/1"
    page = web.get(base).json()
    line = page["lines"][2]
    plain = web.get(f"{base}/image")
    assert plain.headers["content-type"] == "image/webp"
    assert not _yellow(plain.content)
    marked = _yellow(web.get(f"{base}/image", params={"start": line["start"], "end": line["end"]}).content)
    assert marked
    assert all(line["y0"] - 0.03 < y / 85 < line["y1"] + 0.03 for _, y in marked)
    assert _yellow(web.get(f"{base}/image", params={"box": "0.5,0.5,0.9,0.9"}).content)


@pytest.mark.parametrize("box", ["a,b,c,d", "0,0,2,2", "0,0,nan,1", "0,0", "inf,0,1,1"])
def test_a_box_that_is_none_is_refused(web: httpx2.Client, library: Library, box: str) -> None:
    answer = web.get(f"/documents/{library.ids['notice']}/pages/1/image", params={"box": box})
    assert answer.status_code == 422


def test_no_picture_where_there_is_no_page_image(web: httpx2.Client, library: Library) -> None:
    assert web.get(f"/documents/{library.ids['course']}/pages/1/image").status_code == 404
    assert web.get(f"/documents/{library.ids['notice']}/pages/3").status_code == 404


def test_lookup_by_every_kind_of_name(web: httpx2.Client, library: Library) -> None:
    notice = library.ids["notice"]
    chain = web.get(f"/documents/{notice}/chain").json()
    for parameters in ({"q": notice}, {"url": chain["url"]}, {"sha256": chain["parts"][0]["sha256"]}):
        assert notice in [item["doc_id"] for item in web.get("/lookup", params=parameters).json()["documents"]]
    assert len(web.get("/lookup", params={"q": "令和五年法律第九百一号"}).json()["documents"]) == 4
    assert web.get("/lookup").status_code == 400
    assert web.get("/lookup", params={"q": notice, "url": chain["url"]}).status_code == 400
    assert web.get("/lookup", params={"sha256": "12"}).status_code == 422


def test_trace_tells_the_place_and_the_copies(web: httpx2.Client, library: Library) -> None:
    hits = web.post(
        "/trace", json={"text": "講習会の定員は\n三十名とし、申込みの順に受付ける。受講料は無料である"}
    ).json()["hits"]
    assert {library.ids["course"], library.ids["course-copy"]} <= {hit["doc_id"] for hit in hits}
    assert library.ids["course"] in hits[0]["duplicates"] or hits[0]["doc_id"] == library.ids["course"]
    assert hits[0]["likeness"] > 0.9
    (law, *_) = web.post("/trace", json={"text": "この法律は、見本とする公文書の保存及び利用に関し必要な事項"}).json()[
        "hits"
    ]
    assert {library.ids["egov_laws-2024"], library.ids["egov_laws-2025"]} == {law["doc_id"], *law["versions"]}
    assert (
        web.post("/trace", json={"text": "どの文書にも書かれていないはずの、まったく別の文章を探してみる。"}).json()[
            "hits"
        ]
        == []
    )
    assert web.post("/trace", json={"text": "短い"}).status_code == 400


def test_sources_releases_and_their_difference(web: httpx2.Client) -> None:
    sources = {item["source"]: item for item in web.get("/sources").json()}
    assert sources["kurashi"]["documents"] == 9
    assert sources["kurashi"]["failures"] == 1
    assert [item["version"] for item in web.get("/releases").json()] == ["r1", "r2"]
    assert set(web.get("/releases/r1/diff/r2").json()["counts"].values()) == {0}
    assert web.get("/releases/r1/diff/nothing").status_code == 404


def test_errors_are_problem_documents(web: httpx2.Client) -> None:
    for path, status in (
        ("/documents/kurashi-aaaaaaaaaaaaaaaaaaaaaaaaaa", 404),
        ("/documents/NO", 422),
        ("/nowhere", 404),
        ("/lookup?q=nothing", 404),
    ):
        answer = web.get(path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_what_the_reader_holds_is_not_sent_again(web: httpx2.Client, library: Library) -> None:
    for path in (
        f"/documents/{library.ids['notice']}/chain",
        "/ja/",
        f"/documents/{library.ids['notice']}/pages/1/image",
    ):
        tag = web.get(path).headers["etag"]
        again = web.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")


def test_every_answer_is_sealed(web: httpx2.Client) -> None:
    for path in ("/", "/ja/", "/static/kobunko.js", "/documents/NO", "/healthz", "/metrics"):
        answer = web.get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]


def test_nothing_can_be_written_but_a_request(web: httpx2.Client, library: Library) -> None:
    home = library.settings.home
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file() and "-shm" not in path.name}
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        for path in ("/documents/x", "/sources", "/releases", "/removals", "/lookup"):
            assert web.request(method, path).status_code in (404, 405, 422)
    after = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file() and "-shm" not in path.name}
    assert after == before


def test_a_removal_request_is_kept_for_review(web: httpx2.Client, library: Library) -> None:
    asked = {
        "target": library.ids["course"],
        "reason": "privacy",
        "detail": "私の住所が書かれています。",
        "contact": "a@example.jp",
    }
    answer = web.post("/removals/requests", json=asked)
    assert answer.status_code == 201
    kept = json.loads((library.settings.requests / f"{answer.json()['number']}.json").read_text())
    assert {name: kept[name] for name in asked} == asked
    assert web.get(f"/documents/{library.ids['course']}").status_code == 200
    assert web.post("/removals/requests", json=asked | {"detail": "短い"}).status_code == 422
    assert web.post("/removals/requests", json=asked | {"reason": "because"}).status_code == 422


def test_metrics_and_health(web: httpx2.Client) -> None:
    assert web.get("/healthz").json() == {"status": "ok", "documents": 13, "indexed_release": "r2"}
    told = web.get("/metrics").text
    assert 'kobunko_documents{source="kurashi"} 9.0' in told
    assert 'kobunko_requests_total{route="/healthz",status="200"}' in told


def test_the_picture_matches_the_stored_bytes(web: httpx2.Client, library: Library) -> None:
    part = web.get(f"/documents/{library.ids['notice']}/chain").json()["parts"][0]
    assert (
        hashlib.sha256(
            b"".join(path.read_bytes() for path in (library.settings.home.parent / "files").glob("notice.pdf"))
        ).hexdigest()
        == part["sha256"]
    )
