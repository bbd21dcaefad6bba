"""Which encoding Japanese bytes are in: their own evidence first, what was declared second.

Government pages often declare Shift_JIS over UTF-8 bytes, or nothing at all.
"""

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

_BOMS = (
    (codecs.BOM_UTF8, "utf_8_sig"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_ISO_2022_JP = re.compile(rb"\x1b\$[@B]|\x1b\([JI]")
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_STRANGE = re.compile("[\uff61-\uff9f\ue000-\uf8ff\x80-\x9f]")
# Every name under which Japanese pages mean the Windows code page, which is a superset of Shift_JIS.
_CP932 = {"shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j", "cp943c", "csshiftjis"}


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    encoding: str
    declared: str  # as the bytes or the server said it; empty where nobody did
    replaced: int = 0  # characters that could not be decoded and became U+FFFD


def decode(body: bytes, media_type: str = "") -> Decoded:
    """Text of `body`. Never fails: bytes that fit no encoding become U+FFFD and are counted."""
    declared = _declared(body, media_type)
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            text = body.decode(encoding, "replace")
            return Decoded(text, encoding, declared, text.count("�"))
    for encoding in ["iso2022_jp_ext", "utf_8"] if _ISO_2022_JP.search(body[:65536]) else ["utf_8"]:
        if (strict := _strict(body, encoding)) is not None:
            return Decoded(strict, encoding, declared)
    return _japanese(body, declared)


def _japanese(body: bytes, declared: str) -> Decoded:
    names = dict.fromkeys([name for name in (_codec(declared),) if name] + ["cp932", "euc_jp"])
    strict = [(name, text) for name in names if (text := _strict(body, name)) is not None]
    if strict:
        # EUC-JP read as cp932 succeeds, but as half-width katakana: the least strange reading is the right one.
        encoding, text = min(strict, key=lambda pair: len(_STRANGE.findall(pair[1])))
        return Decoded(text, encoding, declared)
    guess = from_bytes(body[:65536]).best()
    names |= dict.fromkeys(["utf_8"] + ([guess.encoding] if guess else []))
    loose = [(name, body.decode(name, "replace")) for name in names]
    encoding, text = min(loose, key=lambda pair: pair[1].count("�"))
    return Decoded(text, encoding, declared, text.count("�"))


def _declared(body: bytes, media_type: str) -> str:
    found = _DECLARED.search(body[:4096]) or _DECLARED.search(media_type.encode("ascii", "ignore"))
    return found.group(1).decode("ascii") if found else ""


def _codec(declared: str) -> str:
    if declared.lower() in _CP932:
        return "cp932"
    try:
        return codecs.lookup(declared).name if declared else ""
    except LookupError:
        return ""


def _strict(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
