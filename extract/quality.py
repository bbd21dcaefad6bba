"""How much of a text looks as text should: rules that name what is odd, and the share of characters that is not."""

import re
from collections import Counter

_RULES = {
    "replacement-character": re.compile("\ufffd"),
    "private-use": re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]"),
    "cid": re.compile(r"\(cid:\d+\)"),
    # UTF-8 that was read as Shift_JIS, and as Latin-1
    "mojibake": re.compile("[縺繧繝][^\\s、。]|(?:[ÃãâæåçèéäÂ][\u0080-\u00bf\u2018-\u2122]){3,}"),
    "half-width-katakana-run": re.compile("[\uff61-\uff9f]{200,}"),
    "repeated-letter": re.compile(r"([^\W\d_])\1{9,}"),
    "markup": re.compile(r"</?(?:div|span|table|td|tr|br|font|p)\b[^>]{0,200}>|&(?:nbsp|lt|gt|amp);"),
}
_LONG_LINE = 20  # characters; shorter lines are repeated by tables and forms
_REPEATED = 5
_SHORT_LINES = 40  # lines of one letter in a row: columns that fell apart
_LETTER_COLUMN = re.compile(rf"(?:^[^\W\d_]\n){{{_SHORT_LINES},}}", re.MULTILINE)


def quality(text: str) -> dict[str, object]:
    """`score`, the share of characters that no rule took offence at, and `hits` by rule. Nothing is changed."""
    hits: dict[str, int] = {}
    touched = 0
    for name, pattern in [*_RULES.items(), ("letter-column", _LETTER_COLUMN)]:
        found = [len(match[0]) for match in pattern.finditer(text)]
        if found:
            hits[name] = len(found)
            touched += sum(found)
    repeated = _repeated_lines(text)
    if repeated:
        hits["repeated-line"] = len(repeated)
        touched += sum(repeated)
    return {"score": round(max(0.0, 1 - touched / max(len(text), 1)), 4), "hits": hits}


def _repeated_lines(text: str) -> list[int]:
    """Lengths of long lines beyond the fifth time they occur."""
    counted = Counter(line for line in text.split("\n") if len(line) >= _LONG_LINE)
    return [len(line) for line, count in counted.items() if count > _REPEATED for _ in range(count - _REPEATED)]
