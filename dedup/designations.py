"""What an official text calls itself: the number of a law, the case number of a decision, an identifier in its URL.

Two texts that are nearly the same are the same document only if they do not name themselves differently. Short court
orders and the yearly ordinances of a ministry are templates: their texts differ in names and dates only, and yet they
are different documents.
"""

import re
from unicodedata import normalize

from kobunko.dedup.numerals import arabic

HEAD = 600  # characters of a text in which it names itself
_ERA = r"(明治|大正|昭和|平成|令和)"
_NUMBER = r"([元\d〇一二三四五六七八九十百千]+)"
_PATTERNS = {
    "law": re.compile(rf"{_ERA}{_NUMBER}年[^()第]{{0,40}}?(法律|政令|勅令|[府省庁]令|規則|条例|告示)第{_NUMBER}号"),
    "case": re.compile(rf"{_ERA}{_NUMBER}年?\(([^)]{{1,4}})\)第?{_NUMBER}"),
}
_NOTICE = re.compile(
    r"[一-龥々ァ-ヶ]{1,12}発\d{0,8}第\d{1,8}号|[課官査徴審][一-龥]{1,2}\d{1,3}-\d{1,4}"
)  # a line of its own
_LAW_URL = re.compile(r"(?<![0-9A-Z])(\d{3}[A-Z][0-9A-Z]{11,12})(?:_(\d{8})_([0-9A-Z]{15}))?")


def designations(text: str) -> list[str]:
    """The first law, case and notice number at the head of a text: `law:平成15政令42`, `case:昭和40オ1266`,
    `notice:課法4-11`.

    Years and numbers of laws and cases are in Arabic digits, so that it does not matter how a format writes them.
    """
    lines = ["".join(line.split()) for line in normalize("NFKC", text[:HEAD]).split("\n")]
    head = "".join(lines)
    found = []
    for kind, pattern in _PATTERNS.items():
        if match := pattern.search(head):
            era, year, series, number = match.groups()
            found.append(f"{kind}:{era}{arabic(year)}{series}{arabic(number)}")
    return found + [f"notice:{line}" for line in lines if _NOTICE.fullmatch(line)][:1]


def law_in(*names: str) -> tuple[str, str]:
    """Law id and revision that e-Gov's own names and URLs hold, `("415CO…", "20230401_505AC…")`; empty where none.

    The first name with a revision counts, else the first with a law id.
    """
    found = [match.groups() for name in names if (match := _LAW_URL.search(name))]
    for law, date, amendment in found:
        if date:
            return law, f"{date}_{amendment}"
    return (found[0][0], "") if found else ("", "")
