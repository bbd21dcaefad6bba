import hashlib
import io
from difflib import SequenceMatcher
from pathlib import Path
from urllib.parse import urljoin

import openpyxl
import pymupdf
import pytest
from bs4 import BeautifulSoup

import kobunko.demo
from kobunko.seed import load_seeds

SITE = "http://www.kurashi.demo.example"
SEEDS = Path(kobunko.demo.__file__).parent / "seeds"


def words(body: bytes) -> str:
    with pymupdf.open(stream=body, filetype="pdf") as document:
        return "".join(page.get_text() for page in document)


def test_seeds_are_valid_and_name_the_served_hosts(get):
    seeds = load_seeds(SEEDS)
    assert list(seeds) == ["demo_courts", "demo_filings", "demo_laws", "demo_ministry"]
    assert all(seed.crawl.delay_s == 0 for seed in seeds.values())
    assert get(seeds["demo_courts"].crawl.start[0]).status == 200
    assert get(seeds["demo_ministry"].crawl.start[0]).status == 200


def test_the_reviewed_terms_are_the_served_ones(get):
    licence = load_seeds(SEEDS)["demo_ministry"].licence
    page = get(licence.terms_url).body
    assert [terms.sha256 for terms in licence.reviewed] == [hashlib.sha256(page).hexdigest()]
    assert licence.reviewed[0].phrase in page.decode()


def test_following_the_links_meets_every_fault(get):
    waiting, seen = [f"{SITE}/"], {}
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        reply = seen[url] = get(url)
        if reply.headers["Content-Type"].startswith("text/html"):
            links = BeautifulSoup(reply.body, "lxml").select("a[href]")
            waiting += [urljoin(url, str(link["href"])) for link in links]
    assert [url for url, reply in seen.items() if reply.status != 200] == [f"{SITE}/content/000012001.pdf"]
    assert [url for url, reply in seen.items() if not reply.body] == [f"{SITE}/content/000012400.pdf"]
    assert f"{SITE}/internal/draft.html" in seen
    assert len(seen) == 15


def test_the_old_page_says_its_charset_only_inside(get):
    reply = get(f"{SITE}/policy/kairan.html")
    assert reply.headers["Content-Type"] == "text/html"
    assert b'charset="Shift_JIS"' in reply.body
    assert "回覧板の手引き" in reply.body.decode("cp932")
    with pytest.raises(UnicodeDecodeError):
        reply.body.decode("utf-8")


def test_the_notice_was_published_twice_with_small_edits(get):
    first, second = (words(get(f"{SITE}/content/{name}.pdf").body) for name in ("000012345", "000012399"))
    assert first != second
    assert SequenceMatcher(None, first, second, autojunk=False).ratio() > 0.98
    assert "熊手等" in first


def test_the_vertical_notification_runs_in_columns_from_the_right(get):
    with pymupdf.open(stream=get(f"{SITE}/content/000001107.pdf").body, filetype="pdf") as document:
        spans = [
            (character["c"], *character["origin"])
            for block in document[0].get_text("rawdict")["blocks"]
            for line in block["lines"]
            for span in line["spans"]
            for character in span["chars"]
        ]
    places = {character: (x, y) for character, x, y in reversed(spans)}
    assert abs(places["告"][0] - places["示"][0]) < 1
    assert places["告"][1] < places["示"][1]
    title, clause = places["告"][0], next(x for character, x, _ in spans if character == "適")
    assert title > clause
    assert "「" in places
    assert "、" in places


def test_the_scan_is_nothing_but_a_picture(get):
    body = get(f"{SITE}/content/000000318.pdf").body
    with pymupdf.open(stream=body, filetype="pdf") as document:
        (page,) = document
        assert page.get_text() == ""
        assert len(page.get_images()) == 1
        assert page.get_fonts() == []
        picture = page.get_pixmap(dpi=50, colorspace=pymupdf.csGRAY)
        assert min(picture.samples) < 100 < 200 < max(picture.samples)


PDFS = {
    f"{SITE}/content/000012345.pdf": ("記", 2),
    "http://courts.demo.example/assets/hanrei/hanrei-pdf-99001.pdf": ("主文のとおり判決する", 2),
    "http://courts.demo.example/assets/hanrei/hanrei-pdf-99002.pdf": ("令附則２項", 3),
    "http://courts.demo.example/assets/hanrei/hanrei-pdf-99003.pdf": ("掲示板", 2),
    "http://filings.demo.example/api/v2/documents/S1X09901?type=2": ("手押しポンプ", 2),
    "http://filings.demo.example/api/v2/documents/S1X09902?type=2": ("回覧板", 1),
}


@pytest.mark.parametrize("url", PDFS)
def test_every_pdf_opens_and_holds_its_text(get, url):
    expected, pages = PDFS[url]
    body = get(url).body
    with pymupdf.open(stream=body, filetype="pdf") as document:
        assert document.page_count == pages
        assert not document.is_encrypted
    text = words(body)
    assert expected in text.replace("\n", "")
    assert "\ufffd" not in text


def test_the_ledger_is_a_spreadsheet_with_a_merged_title(get):
    book = openpyxl.load_workbook(io.BytesIO(get(f"{SITE}/content/000012346.xlsx").body))
    assert book.sheetnames == ["当番及び検査", "清掃"]
    assert [str(cells) for cells in book["清掃"].merged_cells.ranges] == ["A1:F1"]
    assert book["当番及び検査"]["E3"].value == 412
