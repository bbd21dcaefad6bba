"""Documents of an invented ministry, written by the tests: one of each kind that matters, and some that are broken."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pymupdf

LAW = """<?xml version="1.0" encoding="UTF-8"?>
<Law Era="Reiwa" Year="07" Num="901" LawType="Act" Lang="ja" PromulgateMonth="04" PromulgateDay="01">
<LawNum>令和七年法律第九百一号</LawNum><LawBody><LawTitle>横断歩道の見守りに関する法律</LawTitle>
<MainProvision>{articles}</MainProvision></LawBody></Law>
"""
ARTICLE = """<Article Num="{n}"><ArticleTitle>第{n}条</ArticleTitle><Paragraph Num="1"><ParagraphNum/>
<ParagraphSentence><Sentence>見守り員{n}号は、横断歩道において、児童の通行の安全を確保するものとする。</Sentence>
</ParagraphSentence></Paragraph></Article>"""
PAGE = """<!DOCTYPE html><html lang="ja"><head><meta charset="utf-8"><title>お知らせ{n} - くらし安全省</title></head>
<body><h1>お知らせ第{n}号</h1><p>くらし安全省は、第{n}回の見守り講習会を令和八年十月{n}日に開催します。</p>
<p>受講を希望する方は、所定の様式により、開催日の十日前までに申し込んでください。定員は{n}十名です。</p>
<ul><li>会場 第{n}庁舎</li><li>持ち物 筆記用具</li></ul></body></html>"""


def law(articles: int) -> bytes:
    return LAW.format(articles="".join(ARTICLE.format(n=n) for n in range(1, articles + 1))).encode()


def page(number: int) -> bytes:
    return PAGE.format(n=number).encode()


def pdf(lines: list[str]) -> bytes:
    with pymupdf.open() as document:
        sheet = document.new_page()
        writer = pymupdf.TextWriter(sheet.rect)
        for number, line in enumerate(lines):
            writer.append((72, 90 + 24 * number), line, font=pymupdf.Font("japan"), fontsize=12)
        writer.write_text(sheet)
        document.subset_fonts()
        return bytes(document.tobytes(deflate=True, no_new_id=True))


def archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            file.writestr(name, body)
    return buffer.getvalue()


def write_list(folder: Path, pages: int = 6) -> Path:
    """A folder with documents of several sources and kinds, and the import list that names them."""
    lines = ["見守り通知書", "下記のとおり通知します。", "一 見守りは毎朝七時三十分から行う。", "二 雨天の日も行う。"]
    files: list[tuple[str, bytes, dict[str, Any]]] = [
        ("law.xml", law(5), {"source": "egov_laws", "url": "https://laws.demo.example/api/2/law_file/xml/x"}),
        ("notice.pdf", pdf(lines), {"source": "kurashi", "url": "https://www.kurashi.demo.example/notice.pdf"}),
        ("broken.xml", law(2)[:-40], {"source": "egov_laws", "title": "途中で切れた法令"}),
        ("empty.pdf", b"", {"source": "kurashi"}),
        ("unknown.bin", bytes(range(256)) * 8, {"source": "kurashi"}),
    ]
    files += [
        (f"page{n}.html", page(n), {"source": "kurashi", "anchor_text": f"お知らせ{n}"}) for n in range(1, pages + 1)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for name, body, _ in files:
        (folder / name).write_bytes(body)
    path = folder / "import.jsonl"
    path.write_text("".join(json.dumps({"path": name, **facts}) + "\n" for name, _, facts in files))
    return path
