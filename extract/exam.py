"""National examinations: questions, choices, answers and figures joined by question id.

Booklets, figures and answer keys are files of their own that one document may hold; all is read from the final text,
whichever page it came from. Every question is marked as `benchmark`, so that builders of language models can keep the
examinations that they are measured with out of what they train on.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from kobunko.records import PageSpan

_QUESTION = re.compile(r"[\s　]*(?:問題?[\s　]*|第)?([0-9０-９]{1,3})(?:問|[．.])?[\s　]+(?=\S)")
_GLUED = re.compile(r"[\s　]*([0-9０-９]{1,3})(?=[^\W\d_])")  # OCR sees no blank behind a number
_CHOICE = re.compile(r"[\s　]*(?:([1-9１-９])[．.]|([a-hａ-ｈ])[．.\s　]|([①-⑨])|([ア-ク])[．.])[\s　]*(?=\S)")
_ASKS = re.compile(r"どれか|どれですか|選べ|選びなさい|正しいもの|誤っているもの|適切|組合せ|求めよ|何か|いくつか")
_HOW_MANY = re.compile(r"([0-9０-９一二三四五2-5])[\s　]*つ(?:を)?選")
_FIGURE = re.compile(r"別[\s　]*冊[\s　]*(?:[(（])?No[.．]?[\s　]*(\d+)[\s　]*([A-DＡ-Ｄ])?")
_FIGURE_PAGE = re.compile(
    r"^[\s　]*(?:別[\s　]*冊[\s　]*)?No[.．]?[\s　]*(\d+)[\s　]*([A-DＡ-Ｄ])?[\s　]*(?:[（(].*)?$", re.MULTILINE
)
_KEY = re.compile(r"正[\s　]*答|正[\s　]*解|解[\s　]*答[\s　]*(?:表|一覧|番号)")
_LABEL = "[a-hａ-ｈ1-9１-９①-⑨]"
_ANSWER = re.compile(
    rf"(?<![0-9A-Za-z])([A-FＡ-Ｆ])?[\s　]*(?:問[\s　]*)?([0-9０-９]{{1,3}})[\s　:：|]+"
    rf"({_LABEL}(?:(?:[,、，・/]|又は|または)[\s　]*{_LABEL})*|{_LABEL}{{2,4}}(?![0-9]))(?![0-9０-９a-zA-Z.．年月日])"
)
_EXCLUDED = re.compile(
    r"([A-FＡ-Ｆ])?[\s　]*(?:問題?[\s　]*)?([0-9０-９]{1,3})[\s　:：|問は、]*[^\n]{0,40}?採点(?:対象から)?除外"
)
_ANY_OF = re.compile(r"いずれ(?:か|も)|又は|または|複数の(?:選択肢|正解)")
_FURNITURE = re.compile(
    r"[\s　]*(?:別[\s　]*冊|No[.．]?[\s　]*\d+.{0,3}|\d+[\s　]+[A-Z]{2,}[-－].*|[-－]?\s*\d+\s*[-－]?)[\s　]*"
)
_COVER = re.compile(r"(?s)(?=.*(?:開かないこと|注[\s　]*意[\s　]*事[\s　]*項))(?=.*(?:答案用紙|マーク))")
_COVERS = 2  # pages at the beginning that may be a cover
_SESSION = re.compile(r"第[\s　]*([0-9０-９]{1,3})[\s　]*回")
_SECTION = re.compile(r"([A-FＡ-Ｆ])[\s　]*問題|(午[\s　]*[前後])")
_LEAST, _WITH_CHOICES, _ASKING = 5, 0.6, 0.3
_COMPLETE, _GAP = 4, 20  # choices after which a question is done; questions that may be missing in a row
_LOOK = 150  # characters in which a question asks
_KEY_LENGTH = 20_000

Question = dict[str, Any]


def exam(text: str, pages: Sequence[PageSpan], title: str) -> dict[str, Any]:
    """Questions with their choices, answers and figures; empty for what is no examination."""
    keys = list(_key_parts(text, pages))
    questions = _questions(text, [*keys, *_covers(text, pages)])
    answers = {key: value for start, end in keys for key, value in _answers(text[start:end]).items()}
    if not _is_exam(questions):
        questions = []  # perhaps a key without its booklet
    if not questions and len(answers) < _LEAST:
        return {}
    prefix = _prefix(title + "\n" + text[:2000])
    figures = _figures(text, pages, questions)
    section = prefix[-1:] if prefix[-1:].isalpha() else ""
    for question in questions:
        number = question["number"]
        question["id"] = f"{prefix}{number}"
        question |= answers.pop((section, number), {}) or answers.pop(("", number), {})
        if found := [figures[name] | {"label": name} for name in question.get("figures", []) if name in figures]:
            question["images"] = found
    rest = [{"id": f"{part}{number}"} | value for (part, number), value in answers.items()]
    return {"kind": "exam", "benchmark": True, "questions": questions} | ({"answers": rest} if rest else {})


def _covers(text: str, pages: Sequence[PageSpan]) -> list[tuple[int, int]]:
    """Instructions on the cover of a booklet, whose examples look like questions."""
    first = pages[: _COVERS if len(pages) > _COVERS else 0]
    return [(page.start, page.end) for page in first if _COVER.match(text, page.start, page.end)]


def _questions(text: str, others: list[tuple[int, int]]) -> list[Question]:
    """Numbered paragraphs that follow each other in their count, each with the choices below it.

    `others` are parts of the text that hold no question.
    """
    found: list[Question] = []
    for start, end, line in _lines(text):
        if any(first <= start < last for first, last in others):
            continue
        ahead = text[start : start + _LOOK]
        match = _QUESTION.match(line) or (_GLUED.match(line) if _ASKS.search(ahead) else None)
        number = int(match[1]) if match else 0
        choice = _CHOICE.match(line)
        if match and _follows(found, number, choice, ahead):
            found.append(
                {"number": number, "start": start, "end": end, "stem": line[match.end() :].strip(), "choices": []}
            )
        elif found and choice and _takes(found[-1], choice):
            label = _plain("".join(group for group in choice.groups() if group))
            found[-1]["choices"].append({"label": label, "text": line[choice.end() :].strip()})
            found[-1]["end"] = end
        elif found and not found[-1]["choices"] and line.strip() and not _is_furniture(line):
            found[-1]["stem"] += "\n" + line.strip()
            found[-1]["end"] = end
    return [_finished(question) for question in found]


def _follows(found: list[Question], number: int, choice: re.Match[str] | None, ahead: str) -> bool:
    """Whether a number is that of the next question; some whose page could not be read may be missing before it."""
    if choice and found and _takes(found[-1], choice):
        return False
    last = found[-1]["number"] if found else 0
    complete = not found or len(found[-1]["choices"]) >= _COMPLETE
    return number == last + 1 or (complete and last < number <= last + _GAP and bool(_ASKS.search(ahead)))


def _takes(question: Question, match: re.Match[str]) -> bool:
    """Whether a choice is the next one of a question: its label follows the last one."""
    label = _plain("".join(group for group in match.groups() if group))
    before = [choice["label"] for choice in question["choices"]]
    return bool(label == _following(before[-1]) if before else label in ("1", "a", "ア"))


def _following(label: str) -> str:
    return chr(ord(label) + (2 if label >= "ア" else 1))


def _finished(question: Question) -> Question:
    """With how many choices are to be chosen and the figures that it names."""
    stem = question["stem"]
    if match := _HOW_MANY.search(stem):
        question["select"] = int(
            unicodedata.normalize("NFKC", match[1]).translate(str.maketrans("一二三四五", "12345"))
        )
    if found := list(dict.fromkeys(_figure_name(match) for match in _FIGURE.finditer(stem))):
        question["figures"] = found
    return question | {"benchmark": True}


def _is_exam(questions: list[Question]) -> bool:
    if len(questions) < _LEAST:
        return False
    with_choices = sum(len(question["choices"]) > 1 for question in questions)
    asking = sum(bool(_ASKS.search(question["stem"])) for question in questions)
    return with_choices >= _WITH_CHOICES * len(questions) and asking >= _ASKING * len(questions)


def _key_parts(text: str, pages: Sequence[PageSpan]) -> Iterator[tuple[int, int]]:
    """Pages that are an answer key: they say so at their top and hold many answers."""
    for page in pages:
        part = text[page.start : page.end]
        if _KEY.search(part[:300]) and len(_answers(part)) >= _LEAST and len(part) < _KEY_LENGTH:
            yield page.start, page.end


def _answers(text: str) -> dict[tuple[str, int], dict[str, Any]]:
    """Answers by section and number. Several labels are all needed, unless the line says that any of them will do."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for _, _, line in _lines(text):
        any_of = bool(_ANY_OF.search(line))
        if excluded := _EXCLUDED.search(line):
            found[_plain(excluded[1] or ""), int(excluded[2])] = {
                "answer": [],
                "excluded": True,
                "note": line.strip(" |"),
            }
            continue
        for match in _ANSWER.finditer(line):
            labels = re.findall(_LABEL, unicodedata.normalize("NFKC", match[3]))
            key = (_plain(match[1] or ""), int(match[2]))
            if not found.get(key, {}).get("excluded"):
                found[key] = {"answer": labels} | ({"any_of": True, "note": line.strip(" |")} if any_of else {})
    return found


def _figures(text: str, pages: Sequence[PageSpan], questions: list[Question]) -> dict[str, dict[str, int]]:
    """The page of each figure: one that has the figure's number on a line of its own and no question."""
    found: dict[str, dict[str, int]] = {}
    for page in pages:
        if any(page.start <= question["start"] < page.end for question in questions):
            continue
        for match in _FIGURE_PAGE.finditer(text, page.start, page.end):
            found.setdefault(_figure_name(match), {"page": page.number, "part": page.part})
    return found


def _figure_name(match: re.Match[str]) -> str:
    return f"No.{match[1]}{_plain(match[2] or '')}"


def _prefix(top: str) -> str:
    """`117A` of 第117回 … A問題, `76PM` of 午後; empty where nothing is said."""
    session, section = _SESSION.search(top), _SECTION.search(top)
    part = ""
    if section:
        part = _plain(section[1]) if section[1] else ("AM" if "前" in section[2] else "PM")
    return (_plain(session[1]) if session else "") + part


def _is_furniture(line: str) -> bool:
    return bool(_FURNITURE.fullmatch(line))


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line), line
        start += len(line) + 1


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
