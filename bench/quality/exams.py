"""Examinations: are all questions of the booklets found with their choices, and answers joined to their question?

Booklets: four of 100 questions each, whose text is embedded. Gold: published questions with their answers, set as a
booklet sets them (numbered question, choices, a key at the end), read back and compared.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from kobunko.extract.assemble import TextInput, assemble
from kobunko.extract.pdf import read_pdf
from kobunko.records import Page

NEEDS_SAMPLES = True
FLOORS = {
    "questions of booklets": (">=", 0.997),
    "with all five choices": (">=", 0.995),
    "gold questions right": (">=", 0.997),
    "gold answers joined": (">=", 0.999),
}
BOOKLETS = {"76AM": 100, "76PM": 100, "77AM": 100, "77PM": 100}


def measure(samples: Path) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for name, wanted in BOOKLETS.items():
        pages = read_pdf((samples / f"exams/radiological_technologist/{name}.pdf").read_bytes()).pages
        found = questions(pages)
        counts["wanted"] += wanted
        counts["found"] += len({question["number"] for question in found})
        counts["five"] += sum(len(question["choices"]) == 5 for question in found)
    for path in sorted((samples / "exams/igakuqa_gold").glob("*.jsonl")):
        counts += gold([json.loads(line) for line in path.read_text().splitlines() if line.strip()])
    return {
        "questions of booklets": counts["found"] / counts["wanted"],
        "with all five choices": counts["five"] / counts["wanted"],
        "gold questions": counts["gold"],
        "gold questions right": counts["right"] / counts["gold"],
        "gold answers joined": counts["answered"] / counts["gold"],
    }


def questions(pages: list[Page]) -> list[dict[str, Any]]:
    text = assemble(TextInput("", "", pages, None, "{}", "pdf"), len)
    return list(json.loads(text.structure).get("questions", []))


def gold(rows: list[dict[str, Any]]) -> Counter[str]:
    """A section of an examination, set as its booklet and its key; questions without choices are left out."""
    rows = [row for row in rows if row["choices"] and all(choice.strip() for choice in row["choices"])]
    session, section = rows[0]["problem_id"][:3], rows[0]["problem_id"][3]
    lines, key = [f"第{session}回医師国家試験　{section}問題"], ["正答"]
    for number, row in enumerate(rows, 1):
        lines.append(f"{number}　{row['problem_text']}")
        lines += [f"{label}　{choice}" for label, choice in zip("abcdefgh", row["choices"], strict=False)]
        key.append(f"{section}{number}　{','.join(row['answer'])}")
    texts = ["\n".join(lines), "\n".join(key)]
    found = {
        question["number"]: question for question in questions([_page(n, text) for n, text in enumerate(texts, 1)])
    }
    counts = Counter(gold=len(rows))
    for number, row in enumerate(rows, 1):
        question = found.get(number, {"stem": "", "choices": []})
        choices = [choice["text"] for choice in question["choices"]]
        counts["right"] += squeezed(question["stem"]) == squeezed(row["problem_text"]) and [
            *map(squeezed, choices)
        ] == [*map(squeezed, row["choices"])]
        counts["answered"] += question.get("answer") == row["answer"]
    return counts


def squeezed(text: str) -> str:
    return "".join(text.split())


def _page(number: int, text: str) -> Page:
    return Page(number, text, "embedded", "text-layer", None, "horizontal", part_page=number)
