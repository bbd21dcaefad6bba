"""The report to a publisher as JSON, Markdown and a page with pictures, in the language of those who can mend it."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from kobunko import durable
from kobunko.publisher import CAUSES, File, Problem, by_producer, tally
from kobunko.web.plots import bars

Picture = Callable[[File, Problem, int], bytes | None]  # the page of a problem as an image, if it can be drawn
PICTURE = (620, 880)  # pixels, at most
LISTED = 200  # files in the Markdown and on the page; the JSON has all
WORDS = {  # cause: what it is, what would mend it
    "image-only": (
        "文字情報がない、または一部しかない（画像・図形だけのページ）",
        "元の文書ファイルから直接 PDF に書き出す。紙しかない場合は、OCR の透明テキストを付けてから公開する。",
    ),
    "broken-fonts": (
        "文字コードが壊れている（フォントに Unicode への対応表がない、または誤っている）",
        "フォントを Unicode 対応表（ToUnicode）とともに埋め込む。作成ソフトを更新するか、元の文書から書き出し直す。",
    ),
    "bad-hidden-text": (
        "透明テキストが内容と合っていない（質の低い OCR）",
        "OCR をやり直す。元の文書ファイルがあれば、そこから書き出し直す。",
    ),
    "locked": ("パスワードがなければ開けない", "公開用の PDF からはパスワードを外す。"),
    "broken-file": ("ファイルが壊れている、または PDF ではない", "ファイルを作り直して公開し直す。"),
    "text-under-black": (
        "黒塗りの下に文字が残っている（情報漏えいのおそれ）",
        "直ちに公開を止め、墨塗り専用の機能で文字そのものを消してから公開し直す。",
    ),
}
_templates = Environment(
    loader=PackageLoader("kobunko"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def facts(host: str, files: Sequence[File]) -> dict[str, Any]:
    """Everything that the report says, as plain JSON."""
    return {
        "host": host,
        "total": asdict(tally("", files)),
        "restricted": sum(bool(file.restricted) for file in files),
        "causes": [_cause(name, files) for name in CAUSES],
        "producers": [asdict(item) for item in by_producer(files)],
        "files": [asdict(file) | {"unreadable": file.unreadable} for file in files if file.problems],
    }


def _cause(name: str, files: Sequence[File]) -> dict[str, Any]:
    mine = [file for file in files if any(problem.cause == name for problem in file.problems)]
    pages = sum(len(problem.pages) for file in mine for problem in file.problems if problem.cause == name)
    return {"cause": name, "files": len(mine), "pages": pages}


def write(folder: Path, host: str, files: Sequence[File], picture: Picture, pictures: int) -> dict[str, Any]:
    """Writes `report.json`, `report.md`, `index.html` and `pictures/`; returns the facts.

    `pictures` is how many files get a picture of their first bad page, those with the most bad pages first.
    """
    told = facts(host, files)
    shown: dict[str, str] = {}
    for file in [file for file in files if file.problems]:
        if len(shown) == pictures:
            break
        if name := _draw(folder, file, picture):
            shown[file.doc_id] = name
    told["pictures"] = shown
    durable.write_bytes(folder / "report.json", json.dumps(told, ensure_ascii=False, indent=1).encode())
    durable.write_bytes(folder / "report.md", _render("publisher.md", told).encode())
    durable.write_bytes(folder / "index.html", _render("publisher.html", told).encode())
    return told


def _draw(folder: Path, file: File, picture: Picture) -> str:
    """The first bad page as a small picture; its name in the report's folder, empty where there is none."""
    problem = max(file.problems, key=lambda problem: len(problem.pages))
    if not problem.pages or (drawn := picture(file, problem, problem.pages[0])) is None:
        return ""
    image = Image.open(io.BytesIO(drawn))
    image.thumbnail(PICTURE)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=70)
    name = f"pictures/{file.doc_id}-{problem.part + 1}-{problem.pages[0]}.webp"
    durable.write_bytes(folder / name, buffer.getvalue())
    return name


def _render(template: str, told: dict[str, Any]) -> str:
    named = [item["name"][:28] for item in told["producers"][:8]]
    plot = bars(
        "作成ソフト別のページ数",
        named,
        {
            "読めないページ": [item["unreadable"] for item in told["producers"][:8]],
            "読めるページ": [item["pages"] - item["unreadable"] for item in told["producers"][:8]],
        },
    )
    given = {"words": WORDS, "plot": plot, "listed": LISTED, "ranges": ranges}
    environment = _templates if template.endswith(".html") else _templates.overlay(autoescape=False)
    return environment.get_template(template).render(**told, **given)


def ranges(numbers: Sequence[int]) -> str:
    """Page numbers for people: `1–3, 7`."""
    if not numbers:
        return ""
    cuts = [0, *(n for n, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1), len(numbers)]
    runs = [numbers[a:b] for a, b in pairwise(cuts)]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
