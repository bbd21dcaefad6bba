"""The rules by which numbers and addresses of people are known: shape, context, check digit.

Each matches on folded text (NFKC, odd hyphens as `-`), and what its group `value` covers is the datum. A number without
its context is left alone: one in ten numbers of twelve digits passes the check of a 個人番号.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kobunko.licensing import check_digits

Act = Literal["quarantine", "mask", "policy", "keep"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """What has the shape of a rule: `text[start:end]` of the folded text, with what stands around it."""

    text: str
    start: int
    end: int

    @property
    def value(self) -> str:
        return self.text[self.start : self.end]

    @property
    def digits(self) -> str:
        return re.sub(r"[^0-9]", "", self.value)

    def before(self, characters: int) -> str:
        return self.text[max(0, self.start - characters) : self.start]

    def around(self, characters: int) -> str:
        return self.text[max(0, self.start - characters) : self.end + characters]


Check = Callable[[Candidate], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """`act`: quarantine the document · mask · mask where the source's policy asks for it · keep and count.

    `pattern` begins with a character that is rare in prose, because that is what makes a scan fast; what has to stand
    before it is in `behind`. `whole` says that the datum is both together, else it is `value` of the one that has it.
    """

    kind: str
    act: Act
    replacement: str
    pattern: re.Pattern[str]
    check: Check | None = None
    behind: re.Pattern[str] | None = None
    whole: bool = False


def _passes(check: Callable[[str], bool]) -> Check:
    return lambda candidate: check(candidate.digits)


def _label(*words: str) -> str:
    """Any of the words, also where they were set with space or a line break between their characters."""
    return "(?:" + "|".join(r"\s?".join(map(re.escape, word)) for word in words) + ")"


_GAP = r"[-ー \t\n]{0,3}"  # between the digits of a number that its label makes sure of
_TWELVE = rf"(?P<value>\d(?:{_GAP}\d){{11}})(?!{_GAP}\d)(?! ?[円千万億件枚人])"
_DOTTED = r"[-ー・. \t\n]{0,3}"  # the same in telephone numbers
_SEP = r"(?: ?[-ー] ?\n?|[ ]?\n?[-ー] ?)"
_FREE = r"(?<![0-9A-Za-z]{0})(?<![0-9A-Za-z][-ー.,]{0})"  # after the first character of a number, which is {0}
_AFTER_ZERO, _AFTER_BRACKET, _AFTER_PLUS = _FREE.format("0"), _FREE.format(r"\("), _FREE.format(r"\+")
_KANJI_DIGITS = str.maketrans("〇○◯零一二三四五六七八九", "0000123456789")
_K, _K0 = "[〇○◯零一二三四五六七八九]", "[〇○◯零]"
_K_SEP, _K_ENDS = r"[ \n]?(?:[-ー・(]|\)-?)[ \n]?", "(?![〇○◯零一二三四五六七八九十百千万])"
_STOP = r"(?![0-9A-Za-z])(?![-ー][0-9A-Za-z])"
_PHONE_LABEL = _label(
    "電話番号",
    "電話",
    "TEL",
    "Tel",
    "tel",
    "FAX",
    "Fax",
    "ファクシミリ",
    "ファックス",
    "ファクス",
    "携帯",
    "ケータイ",
    "直通",
    "連絡先",
)
_LABELLED = rf"{_PHONE_LABEL}(?:番号)?[^0-9+\n。、]{{0,8}}\n?[ ]?"
_NO_PHONE = re.compile(
    r"(?:法人番号|登録番号|受付番号|整理番号|管理番号|許可番号|ISBN(?:-1[03])?|ISSN|第)[^0-9]{0,3}[0-9-]{0,6}$"
)
_SECTION = re.compile(r"(?:第|節|項|条|章|図|表|版|[vV]|[vV]er\.?|Version) ?$")
_NETWORK = re.compile(r"(?i:IP|アドレス|サーバ|ホスト|host|接続|ネットワーク|DNS)")
_ACCOUNT = re.compile(r"口座|支店|本店|出張所|銀行|信用金庫|信金|信用組合|農協|金庫|名義|振込|振り込")
_PUBLIC_PAYEE = re.compile(r"義援金|寄附|寄付|募金|歳入|会計管理者|出納|赤十字|国庫|納付|手数料")


def _is_phone(candidate: Candidate) -> bool:
    return not _NO_PHONE.search(candidate.before(16))


def _is_fixed(candidate: Candidate) -> bool:
    """Ten digits in the groups that an area code can make; 0120 and the like belong to organisations."""
    groups = re.findall(r"[0-9]+", candidate.value)
    if groups[0] == "81":
        groups = [f"0{groups[1].removeprefix('0')}", *groups[2:]]
    sizes = tuple(map(len, groups))
    return (
        (sizes in ((3, 3, 4), (4, 2, 4), (5, 1, 4)) or (sizes == (2, 4, 4) and groups[0] in ("03", "04", "06")))
        and groups[0] not in ("0120", "0570", "0800", "0990", "0180")
        and groups[0][:2] != "00"
        and _is_phone(candidate)
    )


def _in_digits(check: Check) -> Check:
    """The check of a number that is written in kanji: 〇三―一二三四―五六七八."""

    def converted(candidate: Candidate) -> bool:
        first = max(0, candidate.start - 20)
        text = candidate.text[first : candidate.end].translate(_KANJI_DIGITS)
        return check(Candidate(text, candidate.start - first, candidate.end - first))

    return converted


def _is_account(candidate: Candidate) -> bool:
    return bool(_ACCOUNT.search(candidate.around(40))) and not _PUBLIC_PAYEE.search(candidate.around(60))


def _is_public_address(candidate: Candidate) -> bool:
    """A public IPv4 address, and no section number or version."""
    octets = candidate.value.split(".")
    if any(int(part) > 255 or part != str(int(part)) for part in octets):
        return False
    if _SECTION.search(candidate.before(8)) or not ipaddress.ip_address(candidate.value).is_global:
        return False
    return max(map(int, octets)) >= 100 or _NETWORK.search(candidate.before(30)) is not None


_KANJI = "〇一二三四五六七八九十"
_ERA_YEAR = rf"(?:明治|大正|昭和|平成|令和|[MTSHR]) ?(?:[0-9]{{1,2}}|元|[{_KANJI}]{{1,3}})"
_ERA = rf"(?:{_ERA_YEAR}|(?:19|20)[0-9]{{2}}|[一二][{_KANJI}]{{3}})"
_YEAR = rf"{_ERA} ?年(?: ?\([^()]{{2,8}}年\))? ?"  # 1957年（昭和32年）
_SHORT = r"(?P<value>[0-9]{1,2}[./-][0-9]{1,2})"  # 5.4, 05/04
_MONTH_DAY = rf"(?:[0-9]{{1,2}}|[{_KANJI}]{{1,3}}) ?月 ?(?:[0-9]{{1,2}}|[{_KANJI}]{{1,3}}) ?"
_AT = r"(?:@\n? ?|[\[(](?:at|アットマーク|アット|@)[\])] ?|アットマーク)"

RULES: tuple[Rule, ...] = (
    Rule(
        "my-number",
        "quarantine",
        "［個人番号］",
        re.compile(rf"{_label('個人番号', 'マイナンバー')}(?:(?!法人)[^0-9]|12桁){{0,20}}?{_TWELVE}"),
        _passes(check_digits.my_number),
    ),
    Rule(
        "driver-licence",
        "mask",
        "［運転免許証番号］",
        re.compile(rf"{_label('運転免許', '免許証')}[^0-9]{{0,20}}?{_TWELVE}"),
        _passes(check_digits.driver_licence),
    ),
    Rule(
        "insured-number",
        "mask",
        "［被保険者番号］",
        re.compile(
            rf"{_label('被保険者')}(?:証)?(?:等)?(?:の)?\s?(?:{_label('記号')}|{_label('番号')})"
            rf"[^0-9。]{{0,8}}(?P<value>[0-9]{{2,10}}(?:{_GAP}(?:・|及び|、)?\s?(?:番号)?[: ]?[0-9]{{1,10}})?)"
            r"(?![0-9,.万人年月])"
        ),
    ),
    Rule(
        "pension-number",
        "mask",
        "［基礎年金番号］",
        re.compile(rf"{_label('基礎年金番号')}[^0-9]{{0,20}}?(?P<value>\d(?:{_GAP}\d){{9}})(?!{_GAP}\d)"),
    ),
    Rule(
        "residence-card",
        "mask",
        "［在留カード番号］",
        re.compile(
            rf"{_label('在留カード')}[^A-Z0-9]{{0,20}}?(?P<value>[A-Z]{{2}}{_GAP}\d(?:{_GAP}\d){{7}}{_GAP}[A-Z]{{2}})(?![A-Z0-9])"
        ),
    ),
    Rule(
        "passport",
        "mask",
        "［旅券番号］",
        re.compile(
            rf"{_label('旅券', 'パスポート')}[^A-Z0-9]{{0,20}}?"
            rf"(?P<value>[A-Z]{{2}}{_GAP}\d(?:{_GAP}\d){{6}})(?![A-Z0-9])"
        ),
    ),
    Rule(
        "card-number",
        "mask",
        "［カード番号］",
        re.compile(
            rf"{_label('カード番号', 'クレジットカード')}[^0-9]{{0,16}}?(?P<value>\d(?:{_GAP}\d){{13,15}})(?!{_GAP}\d)"
        ),
        _passes(check_digits.card_number),
    ),
    Rule(
        "card-number",
        "mask",
        "［カード番号］",
        re.compile(rf"[-ー](?P<value>[0-9]{{4}}[-ー][0-9]{{4}}[-ー][0-9]{{4}}|[0-9]{{6}}[-ー][0-9]{{4,5}}){_STOP}"),
        _passes(check_digits.card_number),
        behind=re.compile(r"(?<![0-9A-Za-z])(?<![0-9A-Za-z][-ー.,])(?P<value>[0-9]{4})$"),
        whole=True,
    ),
    Rule(
        "bank-account",
        "mask",
        "［口座番号］",
        re.compile(
            rf"(?:{_label('口座番号')}|(?:普通|当座|貯蓄)(?:預金|貯金)?(?:口座)?(?:番号)?|\([普当]\))"
            r"[: \t\n.()No、]{0,6}(?P<value>\d(?:[-ー \n]?\d){5,7})(?![0-9,.]|[-ー \n][0-9]| ?[円千百億万株])"
        ),
        _is_account,
    ),
    Rule(
        "bank-account",
        "mask",
        "［口座番号］",
        re.compile(
            rf"{_label('記号')}[: \t\n]{{0,4}}(?P<value>1\d{{3}}0[-ー]?\d?[ \t\n、]{{0,3}}"
            rf"{_label('番号')}[: \t\n]{{0,4}}\d{{2,8}})(?!\d)"
        ),
        _is_account,
    ),
    Rule(
        "phone-free",
        "keep",
        "",
        re.compile(
            rf"(?P<value>0(?:(?:120|570){_SEP}(?:[0-9]{{3}}{_SEP}[0-9]{{3}}|[0-9]{{2}}{_SEP}[0-9]{{4}})"
            rf"|800{_SEP}[0-9]{{3}}{_SEP}[0-9]{{4}})){_STOP}"
        ),
    ),
    Rule(
        "phone-mobile",
        "mask",
        "［電話番号］",
        re.compile(rf"(?P<value>0{_AFTER_ZERO}[5-9]0(?:{_SEP}[0-9]{{4}}{_SEP}|\([0-9]{{4}}\)[-ー]?)[0-9]{{4}}){_STOP}"),
        _is_phone,
    ),
    Rule(
        "phone-mobile",
        "mask",
        "［電話番号］",
        re.compile(rf"(?P<value>\({_AFTER_BRACKET}0[5-9]0\) ?[0-9]{{4}}{_SEP}[0-9]{{4}}){_STOP}"),
    ),
    Rule(
        "phone-mobile",
        "mask",
        "［電話番号］",
        re.compile(rf"(?P<value>\+{_AFTER_PLUS} ?81[- ]?(?:\(0\))?[5-9]0{_SEP}[0-9]{{4}}{_SEP}[0-9]{{4}}){_STOP}"),
    ),
    Rule(
        "phone-mobile",
        "mask",
        "［電話番号］",
        re.compile(rf"{_LABELLED}(?P<value>\(?0[5-9]0\)?{_DOTTED}\(?[0-9]{{4}}\)?{_DOTTED}[0-9]{{4}}){_STOP}"),
    ),
    Rule(
        "phone-fixed",
        "policy",
        "［電話番号］",
        re.compile(
            rf"(?P<value>0{_AFTER_ZERO}[0-9]{{1,4}}"
            rf"(?:{_SEP}[0-9]{{1,4}}{_SEP}| ?\([0-9]{{1,4}}\)[ -]?)[0-9]{{4}}){_STOP}"
        ),
        _is_fixed,
    ),
    Rule(
        "phone-fixed",
        "policy",
        "［電話番号］",
        re.compile(rf"(?P<value>\({_AFTER_BRACKET}0[0-9]{{1,4}}\) ?[0-9]{{1,4}}{_SEP}[0-9]{{4}}){_STOP}"),
        _is_fixed,
    ),
    Rule(
        "phone-fixed",
        "policy",
        "［電話番号］",
        re.compile(
            rf"(?P<value>\+{_AFTER_PLUS} ?81[- ]?(?:\(0\))?[0-9]{{1,4}}{_SEP}[0-9]{{1,4}}{_SEP}[0-9]{{4}}){_STOP}"
        ),
        _is_fixed,
    ),
    Rule(
        "phone-fixed",
        "policy",
        "［電話番号］",
        re.compile(rf"{_LABELLED}(?P<value>\(?(?!0120|0570|0800|00)0[0-9](?:[-() \n]{{0,2}}[0-9]){{8}}){_STOP}"),
    ),
    Rule(
        "phone-mobile",
        "mask",
        "［電話番号］",
        re.compile(rf"(?P<value>{_K0}(?<!{_K}.)[五六七八九]{_K0}{_K_SEP}{_K}{{4}}{_K_SEP}{_K}{{4}}){_K_ENDS}"),
        _in_digits(_is_phone),
    ),
    Rule(
        "phone-fixed",
        "policy",
        "［電話番号］",
        re.compile(rf"(?P<value>{_K0}(?<!{_K}.){_K}{{1,4}}{_K_SEP}{_K}{{1,4}}{_K_SEP}{_K}{{4}}){_K_ENDS}"),
        _in_digits(_is_fixed),
    ),
    Rule(
        "e-mail",
        "mask",
        "［メールアドレス］",
        re.compile(
            rf"{_AT}[A-Za-z0-9-]+(?: ?(?:\.|\[dot\]|\(dot\)) ?[A-Za-z0-9-]+)*(?:\.|\[dot\]|\(dot\)) ?[A-Za-z]{{2,}}"
        ),
        behind=re.compile(r"(?<![A-Za-z0-9._%+-])(?P<value>[A-Za-z0-9_][A-Za-z0-9._%+-]{0,63})[ \n]{0,2}$"),
    ),
    Rule(
        "ip-address",
        "mask",
        "［IPアドレス］",
        re.compile(r"(?P<value>\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9]|\.[0-9])"),
        _is_public_address,
        behind=re.compile(r"(?<![0-9.])(?P<value>[0-9]{1,3})$"),
        whole=True,
    ),
    Rule(
        "birth-date",
        "mask",
        "［月日］",
        re.compile(r"(?P<value>日)(?: ?\)? ?)(?:に?生まれ|出生|生(?![一-龥ぁ-ん]))"),
        behind=re.compile(rf"{_YEAR}(?P<value>{_MONTH_DAY})$"),
        whole=True,
    ),
    Rule(
        "birth-date",
        "mask",
        "［月日］",
        re.compile(r"生(?:まれ|(?![一-龥ぁ-ん]))"),
        behind=re.compile(rf"{_ERA}[./-]{_SHORT} ?\)? ?$"),
    ),
    Rule(
        "birth-date",
        "mask",
        "［月日］",
        re.compile(rf"{_label('生年月日')}[^0-9{_KANJI}明大昭平令MTSHR\n]{{0,6}}\n?{_YEAR}(?P<value>{_MONTH_DAY}日)"),
    ),
    Rule(
        "birth-date",
        "mask",
        "［月日］",
        re.compile(rf"{_label('生年月日')}[^0-9明大昭平令MTSHR\n]{{0,6}}\n?{_ERA}[./-]{_SHORT}(?![0-9])"),
    ),
    Rule(
        "postal-code",
        "policy",
        "［郵便番号］",
        re.compile(r"(?:〒|郵便番号)[: ]{0,2}(?P<value>\d{3} ?[-ー] ?\d{4})(?!\d)"),
    ),
    Rule(
        "address",
        "policy",
        "［住所］",
        re.compile(
            rf"{_label('住所', '住居', '本籍', '居所')}[: \t\n]{{0,4}}(?:東京都|北海道|京都府|大阪府|[一-龥]{{2,3}}県)"
            r"[^\n、。0-9]{1,8}?[市区町村](?P<value>[^\n、。]{2,40})"
        ),
    ),
)
