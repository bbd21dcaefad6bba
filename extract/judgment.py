"""Judgments: which case it is, and where in the text its sections, its parties and its judges stand.

The courts write a judgment in a fixed form: case and parties, 主文, 事実及び理由 or 理由, then date, court and judges,
then what is attached. The text here is the final one, so it does not matter whether it was embedded or read by OCR.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from kobunko.wareki import number, parse_wareki

_GAP = r"[\s　]*"
_ERA = "(明治|大正|昭和|平成|令和)"
_CASE = re.compile(
    rf"{_ERA}{_GAP}(元|[0-9一二三四五六七八九十]+)年?{_GAP}[(]([^()\d]{{1,4}})[)]{_GAP}第?{_GAP}([0-9一二三四五六七八九〇十百千]+)号?"
)
_NAME = re.compile(r"^[\s　]*事[\s　]*件[\s　]*名[\s　:：]+((?:.+\n?)+)", re.MULTILINE)
_NAMED = re.compile(
    r"第[0-9０-９一二三四五六七八九十百千〇]+号[\s　]+(\S.{1,80}?事件)(?=[\s　明大昭平令]|$)", re.MULTILINE
)
_PAGE_NUMBER = re.compile(r"[-－‐−―─ー]?[\s　]*[0-9０-９]{1,4}[\s　]*[-－‐−―─ー]?")
_COURT = re.compile(
    r"(?P<court>最高裁判所(?:大法廷|第[一二三]小法廷)?|知的財産高等裁判所|[^、。\s「（(]{2,5}(?:高等|地方|家庭|簡易)裁判所)"
    r"(?P<branch>[^、。\s]{1,6}支部)?(?P<division>(?:第?[0-9０-９一二三四五六七八九十]*(?:民事|刑事|特別)?第?[0-9０-９一二三四五六七八九十]*部)[^、。\s]{0,3})?"
)
_JUDGES_LINE = re.compile(r"[(（]?裁判(?:長裁判)?官\S{2,9}")
_MODERN = re.compile(r"[(（]裁判長裁判官")
_ABSENT = re.compile(r"できない|につき|差支|退官|出席|関与|の意見|の反対|の補足|は、")
_ORDER = re.compile(r"^[\s　]*主[\s　]*文[\s　]*$", re.MULTILINE)
# Titles of sections, by what the line says when its spaces are taken out.
_TOP = (
    ("order", re.compile(r"主文")),
    ("facts-and-reasons", re.compile(r"事実及び理由(?:の要旨)?|事実および理由|事実並びに理由|事実と理由")),
    ("facts", re.compile(r"事実")),
    ("reasons", re.compile(r"(?:犯罪事実及び)?理由(?:の要旨)?")),
    (
        "attachment",
        re.compile(
            r"[（(]?別紙.{0,20}|[（(]?別表.{0,20}|[（(]?別添.{0,20}|物件目録|当事者目録|[〔（(]?上告(?:趣意|理由)書?[〕）)]?|(?:○|◎)?(?:弁護人|上告代理人).{2,30}の上告(?:趣意|理由)書?"
        ),
    ),
)
_INNER = (
    ("claims", re.compile(r"(?:当事者の求めた裁判|請求(?:の趣旨)?(?:等)?|控訴の趣旨)")),
    ("outline", re.compile(r"事案の概要等?")),
    ("background", re.compile(r"(?:前提(?:となる)?事実|前提事実等|争いのない事実等?|基礎となる事実)")),
    ("issues", re.compile(r"(?:本件の)?争点(?:及び.*主張.*|に関する当事者の主張)?")),
    ("arguments", re.compile(r"(?:.*当事者の主張(?:の要旨)?|.*の主張)")),
    (
        "judgment",
        re.compile(r"(?:当裁判所の(?:判断|見解)|争点(?:.{0,8})に(?:ついて|対する)の?(?:当裁判所の)?判断|裁判所の判断)"),
    ),
    ("crime", re.compile(r"[（(〔]?(?:罪となるべき事実|犯罪事実|犯行に至る経緯)[）)〕]?")),
    ("evidence", re.compile(r"[（(〔]?証拠の標目[）)〕]?")),
    ("law", re.compile(r"[（(〔]?法令の適用[）)〕]?")),
    ("sentencing", re.compile(r"[（(〔]?量刑の(?:理由|事情)[）)〕]?")),
    ("conclusion", re.compile(r"結論|むすび")),
)
_NUMBERED = re.compile(r"^(?:第?[0-9０-９一二三四五六七八九十]+|[(（][0-9０-９]+[)）])(?=[^年月日条項号])[、.．]?")
_OPINION = re.compile(r"^(裁判官.{1,40}?)の((?:補足|反対|少数)?意見)は、?，?次のとおり")
_PARTY = re.compile(
    r"(?:[兼同右]|主任|上記|亡)?(?:原告|被告|控訴人|被控訴人|上告人|被上告人|申立人|相手方|抗告人|債権者|債務者|請求人"
    r"|(?:補助)?参加人|(?:訴訟|指定)?代理人|弁護人|代表者|検察官)"
)
_LONGEST_PARTY = 80
_NAMED_JUDGE = re.compile(r"(裁判長裁判官|裁判長|裁判官)([^\s裁()（）、。]{2,8})")
_BENCH = re.compile(r"(大法廷|第[一二三]小法廷)(?:判決|決定|命令)")
_FORM = re.compile(r"(?:主文|次)のとおり(判決|決定|命令|審判)する")

Section = dict[str, Any]


def judgment(text: str, detail: dict[str, Any]) -> dict[str, Any]:
    """The structure of a judgment; empty for any other text. `detail` is what the detail page says (may be empty)."""
    if not _ORDER.search(text):
        return {}
    rows = list(_rows(text))
    marks = _marks(rows)
    kinds = {kind for _, kind, _ in marks}
    ending = _ending(rows, marks)
    if "order" not in kinds or not (kinds & {"reasons", "facts-and-reasons"} or ending[0] < len(rows) or detail):
        return {}
    sections = _sections(text, rows, marks, ending)
    head, signed = _part(text, sections, "head"), _part(text, sections, "signatures")
    found = _from_text(text, head, signed) | _from_detail(detail)
    parties = _parties(head)
    return {"kind": "judgment", "case": found, "sections": sections, "judges": _judges(signed)} | (
        {"parties": parties} if parties else {}
    )


def _part(text: str, sections: list[Section], kind: str) -> str:
    """Text of the first section of a kind."""
    return next((text[section["start"] : section["end"]] for section in sections if section["kind"] == kind), "")


def _rows(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and letters (without any space) of each line that is not a page number."""
    start = 0
    for line in text.split("\n"):
        letters = "".join(line.split())
        if letters and not _PAGE_NUMBER.fullmatch(line.strip(" 　\t")):
            yield start, start + len(line), letters
        start += len(line) + 1


def _marks(rows: list[tuple[int, int, str]]) -> list[tuple[int, str, str]]:
    """Rows that are the title of a section of the first rank, in the order that the form admits."""
    found: list[tuple[int, str, str]] = []
    seen: set[str] = set()
    for index, (_, _, letters) in enumerate(rows):
        for kind, pattern in _TOP:
            if pattern.fullmatch(letters) and (kind not in seen or kind == "attachment"):
                if kind == "attachment" and not seen & {"reasons", "facts-and-reasons"}:
                    continue
                seen.add(kind)
                found.append((index, kind, letters))
    return found


def _ending(rows: list[tuple[int, int, str]], marks: list[tuple[int, str, str]]) -> tuple[int, int]:
    """Rows `[first, last)` of date, court and judges; an empty range where nobody has signed."""
    first_mark = max(
        (index for index, kind, _ in marks if kind in ("order", "reasons", "facts-and-reasons")), default=0
    )
    judges = [
        index
        for index, (_, _, letters) in enumerate(rows)
        if index > first_mark and _JUDGES_LINE.match(letters) and not _ABSENT.search(letters) and len(letters) < 400
    ]
    if not judges:
        return len(rows), len(rows)
    first = last = judges[-1]
    modern = bool(_MODERN.match(rows[last][2]))
    while first and (_closes(rows[first - 1][2]) or (not modern and _belongs(rows[first - 1][2], False, ""))):
        first -= 1
    while last + 1 < len(rows) and _belongs(rows[last + 1][2], modern, rows[last][2]):
        last += 1
    return first, last + 1


def _closes(letters: str) -> bool:
    """Whether a line above the judges is the date, the court, or who was present."""
    court = _COURT.match(letters)
    dated = len(letters) <= 16 and parse_wareki(letters) is not None
    return bool(dated or (court and len(letters) <= 30 and "。" not in letters) or re.match(r"検察官.{2,20}$", letters))


def _belongs(letters: str, modern: bool, before: str) -> bool:
    """Whether a line below the judges still is part of the signatures."""
    if modern:
        return not before.endswith((")", "）"))
    return bool(_JUDGES_LINE.match(letters) or re.search(r"署名押印|署名捺印", letters))


def _sections(
    text: str, rows: list[tuple[int, int, str]], marks: list[tuple[int, str, str]], ending: tuple[int, int]
) -> list[Section]:
    """Sections one behind the other over the whole text, with those inside the reasons below them."""
    cuts: list[tuple[int, str, str]] = [mark for mark in marks if mark[0] < ending[0] or mark[0] >= ending[1]]
    if ending[0] < len(rows):
        cuts.append((ending[0], "signatures", ""))
        if ending[1] < len(rows) and not any(index == ending[1] for index, _, _ in cuts):
            cuts.append((ending[1], "attachment", rows[ending[1]][2][:40]))
    cuts.sort()
    if not cuts or cuts[0][0] > 0:
        cuts.insert(0, (0, "head", ""))
    bounds = [*(rows[index][0] for index, _, _ in cuts), len(text)]
    found = []
    for (index, kind, title), start, end, following in zip(
        cuts, bounds, bounds[1:], [*cuts[1:], (len(rows), "", "")], strict=False
    ):
        section: Section = {"kind": kind, "start": start, "end": end} | ({"title": title} if title else {})
        if kind in ("reasons", "facts-and-reasons", "facts") and (inner := _inner(rows[index + 1 : following[0]], end)):
            section["sections"] = inner
        found.append(section)
    return found


def _inner(rows: list[tuple[int, int, str]], end: int) -> list[Section]:
    """Headings and opinions inside the reasons; each reaches to the next."""
    found: list[Section] = []
    for start, _, letters in rows:
        bare = _NUMBERED.sub("", letters)
        if opinion := _OPINION.match(letters):
            found.append({"kind": "opinion", "start": start, "title": f"{opinion[1]}の{opinion[2]}"})
        elif len(letters) <= 40:
            kind = next((kind for kind, pattern in _INNER if pattern.fullmatch(bare)), "")
            if kind:
                found.append({"kind": kind, "start": start, "title": letters})
    for section, stop in zip(found, [*(later["start"] for later in found[1:]), end], strict=False):
        section["end"] = stop
    return found


def _parties(head: str) -> list[str]:
    """Lines of the head that name a party or who speaks for it, as they are written."""
    lines = (" ".join(line.split()) for line in head.split("\n"))
    return [line for line in lines if len(line) <= _LONGEST_PARTY and _PARTY.match("".join(line.split()))]


def _judges(signed: str) -> list[dict[str, Any]]:
    """Names in the order of the signatures; who could not sign is not among them."""
    letters = ["".join(line.split()) for line in signed.split("\n") if not _PAGE_NUMBER.fullmatch(line.strip(" 　\t"))]
    joined = "\n".join(line for line in letters if not _ABSENT.search(line))
    if _MODERN.search(joined):
        joined = joined.replace("\n", "")
    found: dict[str, dict[str, Any]] = {}
    for title, name in _NAMED_JUDGE.findall(joined):
        found.setdefault(name, {"name": name} | ({"presiding": True} if "長" in title else {}))
    return list(found.values())


def _from_text(text: str, head: str, signed: str) -> dict[str, Any]:
    """Number and name of the case in the head, date and court of the signatures, and whether it is a 判決 or a 決定."""
    found: dict[str, Any] = {}
    if match := _CASE.search(unicodedata.normalize("NFKC", head)):
        found["case_number"] = _case_number(match)
    if match := _NAME.search(head) or _NAMED.search(head):
        found["case_name"] = "".join(match[1].split())
    closing = "\n".join("".join(row.split()) for row in signed.split("\n"))
    if day := parse_wareki(closing) or parse_wareki(head):
        found["date"] = day.isoformat()
    if court := _COURT.search(closing):
        found |= {name: value for name, value in court.groupdict().items() if value}
    elif bench := _BENCH.search("".join(head.split())):
        found["court"] = f"最高裁判所{bench[1]}"
    if match := _FORM.search("".join(text.split())):
        found["form"] = match[1]
    return found


def _case_number(match: re.Match[str]) -> str:
    """令和5(行ヒ)366, as the courts' own site writes it."""
    era, year, mark, count = match.groups()
    return f"{era}{number(year) if year != '元' else '元'}({''.join(mark.split())}){number(count)}"


_META = {
    "case_number": "composite_jiken_number",
    "case_name": "jiken_name",
    "date": "judge_date",
    "court": "court_name",
    "branch": "branch_name",
    "division": "department_name",
    "form": "judge_type_name",
    "result": "judge_result_name",
}
_FIELDS = {
    "case_number": ("事件番号",),
    "case_name": ("事件名",),
    "date": ("裁判年月日",),
    "court": ("裁判所名", "法廷名", "裁判所名・部"),
    "branch": ("支部名",),
    "division": ("部名", "裁判所部名"),
    "form": ("裁判種別",),
    "result": ("結果",),
    "reporter": ("判例集等巻・号・頁", "高裁判例集登載巻・号・頁"),
    "lower_court": ("原審裁判所名", "原審裁判所"),
    "lower_case_number": ("原審事件番号",),
    "lower_date": ("原審裁判年月日",),
    "lower_result": ("原審結果",),
    "holding": ("判示事項",),
    "summary": ("裁判要旨", "判示事項の要旨"),
    "statutes": ("参照法条",),
}


def _from_detail(detail: dict[str, Any]) -> dict[str, Any]:
    """What the detail page says: its visible table first, its machine-readable fields for what is missing."""
    fields, meta = detail.get("fields") or {}, detail.get("meta") or {}
    found: dict[str, Any] = {}
    for name, labels in _FIELDS.items():
        value = next((fields[label] for label in labels if fields.get(label)), "") or meta.get(_META.get(name, ""), "")
        if value:
            found[name] = _iso(value) if name.endswith("date") else value.strip()
    if reports := [meta[f"report_{count}"] for count in (1, 2, 3) if meta.get(f"report_{count}")]:
        found.setdefault("reporter", " ".join(reports))
    return found


def _iso(value: str) -> str:
    day = parse_wareki(value)
    return day.isoformat() if day else value[:10]


def letters_before(text: str, place: int) -> int:
    """How many letters stand before a place, white space and page numbers not counted: the same in every layout."""
    return sum(len(letters) for _, end, letters in _rows(text) if end <= place)
