"""The report to a publisher names every PDF that machines cannot read, with its pages, the cause and a picture."""

import json
from pathlib import Path

import pymupdf
from authored import pdf
from commandline import Kobunko

HOST = "www.kurashi.demo.example"
LINES = ["見守り通知書", "下記のとおり通知します。", "一 見守りは毎朝七時三十分から行う。", "二 雨天の日も行う。"]


def scanned(pages: int) -> bytes:
    """A PDF of page images, with one page of text in front."""
    with pymupdf.open(stream=pdf(LINES)) as source, pymupdf.open(stream=pdf(LINES)) as document:
        picture = source[0].get_pixmap(dpi=100).tobytes("png")
        for _ in range(pages):
            document.new_page().insert_image(pymupdf.paper_rect("a4"), stream=picture)
        document.set_metadata({"producer": "Scan-to-PDF 3.1", "title": "台帳"})
        return bytes(document.tobytes(no_new_id=True))


def locked() -> bytes:
    with pymupdf.open(stream=pdf(LINES)) as document:
        return bytes(document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="秘", owner_pw="主"))


def test_a_publisher_is_told_what_to_mend(kobunko: Kobunko, tmp_path: Path) -> None:
    files = {"good": pdf(LINES), "scan": scanned(3), "locked": locked(), "broken": b"%PDF-1.7\nnothing follows"}
    rows = []
    for name, body in files.items():
        (tmp_path / f"{name}.pdf").write_bytes(body)
        rows.append({"path": f"{name}.pdf", "source": "kurashi", "url": f"https://{HOST}/{name}.pdf"})
    rows.append({"path": "scan.pdf", "source": "kurashi", "url": "https://other.demo.example/scan.pdf"})
    listed = tmp_path / "import.jsonl"
    listed.write_text("".join(json.dumps(row) + "\n" for row in rows))
    kobunko("import", listed)
    kobunko("run", "--stage", "extract", KOBUNKO__RUN__ENGINE="inline")
    told = kobunko("report", "publisher", HOST, "--to", tmp_path / "report", "--json").json
    assert (told["total"]["files"], told["total"]["affected"], told["total"]["unreadable"]) == (4, 3, 3)
    assert {item["cause"]: item["files"] for item in told["causes"] if item["files"]} == {
        "image-only": 1,
        "locked": 1,
        "broken-file": 1,
    }
    (scan,) = [file for file in told["files"] if file["url"].endswith("/scan.pdf")]
    assert scan["problems"] == [{"cause": "image-only", "reason": "no-text-layer", "part": 0, "pages": [2, 3, 4]}]
    assert told["producers"][0]["name"] == scan["producer"] == "Scan-to-PDF 3.1"
    assert json.loads((tmp_path / "report" / "report.json").read_text()) == told
    page, markdown = ((tmp_path / "report" / name).read_text() for name in ("index.html", "report.md"))
    (picture,) = (tmp_path / "report" / "pictures").iterdir()
    assert told["pictures"] == {scan["doc_id"]: f"pictures/{picture.name}"}
    assert f'src="pictures/{picture.name}"' in page
    for text in (page, markdown):
        assert "2–4" in text
        assert "Scan-to-PDF 3.1" in text
        assert "other.demo.example" not in text


def test_a_host_without_pdfs_is_said_to_have_none(kobunko: Kobunko) -> None:
    assert "no PDF of unknown.example" in kobunko("report", "publisher", "unknown.example", code=1).err
