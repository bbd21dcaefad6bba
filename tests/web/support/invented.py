"""Invented texts of an invented administration, and what a poor copy makes of them."""

import hashlib
import random
from collections.abc import Iterable, Mapping

from kobunko.passages.store import Entry

WORDS = [
    "公文書",
    "保存",
    "期間",
    "大臣",
    "届出",
    "審査",
    "基準",
    "告示",
    "申請",
    "交付",
    "地域",
    "支援",
    "計画",
    "報告",
]
ENDS = ["を定める。", "に関する。", "とする。", "を行う。", "により、", "及び", "並びに", "の規定は、", "について"]


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Invented:
    """A release of invented texts."""

    version = base = "invented"

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def keys(self) -> Mapping[str, str]:
        return {name: _key(text) for name, text in self.texts.items()}

    def changes(self, base: str) -> None:
        """Not known: everything is compared."""

    def read(self, wanted: Mapping[str, str]) -> Iterable[Entry]:
        for name, text in self.texts.items():
            if name in wanted:
                yield Entry(name, _key(text), name, text, ((1, 0, len(text)),), ())


def invented(count: int, length: int = 800, seed: int = 1) -> dict[str, str]:
    chosen = random.Random(seed)
    texts = {}
    for number in range(count):
        text = f"第{number}号。"
        while len(text) < length:
            text += chosen.choice(WORDS) + chosen.choice(WORDS) + str(chosen.randrange(100)) + chosen.choice(ENDS)
        texts[f"doc-{seed}-{number:05d}"] = text
    return texts


def noisy(passage: str, seed: int) -> str:
    """5 % of the characters misread, lost or added, other width, and line breaks."""
    chosen = random.Random(seed)
    out = []
    for sign in passage:
        fate = chosen.random()
        if fate < 0.03:
            out.append(chosen.choice("ロ口一二三力"))
        elif fate < 0.04:
            pass
        else:
            out.append(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign)
            out.append("、" if fate > 0.99 else "\n" if fate > 0.96 else "")
    return "".join(out)
