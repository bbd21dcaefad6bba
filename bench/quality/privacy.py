"""Personal data in generated strings: how much is found, and how much is taken for it that is not.

Every string is made from a seeded generator: true data of every class, with its context, in the forms in which it is
printed (full width, odd hyphens, broken lines), and numbers that look like it: 法人番号, amounts, law numbers, dates.
`KOBUNKO_SAMPLES`, where it is set, adds what is found on real laws and filings: every find was looked at in its page.
"""

import json
import os
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lxml import etree, html

from kobunko.ids import sha256_hex
from kobunko.licensing import check_digits
from kobunko.licensing.folding import fold
from kobunko.licensing.numbers import find_numbers
from kobunko.licensing.privacy import masks_of, private
from kobunko.masking import Mask, masked

NEEDS_SAMPLES = False
STRINGS = 3600
PAGE = 1500  # characters
FLOORS = {
    "strings": (">=", 3000.0),
    "least recall of a class": (">=", 0.98),
    "precision": (">=", 0.99),
    "recall of private names": (">=", 0.95),
    "names in office kept": (">=", 0.99),
    "false masks on 1,000 pages": ("<=", 1.0),
    "false finds on 1,000 pages": ("<=", 1.0),
}
CLASSES = (
    "my-number",
    "driver-licence",
    "insured-number",
    "pension-number",
    "residence-card",
    "passport",
    "card-number",
    "bank-account",
    "phone-mobile",
    "phone-fixed",
    "e-mail",
    "ip-address",
    "birth-date",
    "postal-code",
)
_WIDE = str.maketrans(
    "0123456789-@.ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "０１２３４５６７８９－＠．ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ",
)
_KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")
_HYPHENS = "-‐‑–—―−－ー"


@dataclass(frozen=True, slots=True)
class Labelled:
    text: str
    kind: str  # empty: nothing in it is personal
    value: str  # as it stands in the text


@dataclass(frozen=True, slots=True)
class Hit:
    """Something personal on a real page, with the words around it. `masked` under every policy, else by policy."""

    file: str
    kind: str
    masked: bool
    around: str

    @property
    def digest(self) -> str:
        """By which the verdict on it is kept: no word of a real page is in the repository."""
        return sha256_hex(f"{self.kind}\0{self.around}".encode())[:16]


def _number(rng: random.Random, length: int) -> str:
    return "".join(rng.choices("0123456789", k=length))


def _passing(rng: random.Random, length: int, check: Callable[[str], bool]) -> str:
    while True:
        if check(number := _number(rng, length)):
            return number


def _licence(rng: random.Random) -> str:
    while True:
        if check_digits.driver_licence(number := rng.choice(["30", "45", "62", "90", "11"]) + _number(rng, 10)):
            return number


def _groups(rng: random.Random, number: str, *sizes: int) -> str:
    """Digits in groups, or not, with one of the separators that occur."""
    if rng.random() < 0.3:
        return number
    joint = rng.choice(["-", " ", "－", "‐", "−"])
    parts, start = [], 0
    for size in sizes:
        parts.append(number[start : start + size])
        start += size
    return joint.join(parts)


def _phone(rng: random.Random, area: str, *sizes: int) -> str:
    parts = [area, *(_number(rng, size) for size in sizes)]
    if rng.random() < 0.1:  # as papers in vertical lines print it
        joint = rng.choice("―－・")
        return joint.join(parts).translate(_KANJI)
    if rng.random() < 0.2:
        return f"{parts[0]}({parts[1]}){parts[2]}" if rng.random() < 0.5 else f"({parts[0]}){parts[1]}-{parts[2]}"
    return rng.choice(_HYPHENS).join(parts)


def _fixed(rng: random.Random) -> str:
    return _phone(
        rng, *rng.choice([("03", 4, 4), ("06", 4, 4), ("045", 3, 4), ("011", 3, 4), ("0467", 2, 4), ("04992", 1, 4)])
    )


def _mail(rng: random.Random) -> str:
    name = rng.choice(["kouhou", "tanaka.taro", "info", "soumu-2", "a_b+c", "t.yamano"])
    domain = rng.choice(["choseki.example", "shiomi.lg.jp", "mail.namima.go.jp", "hatoba.co.jp"])
    return name + rng.choice(["@", "＠", "[at]", "(アットマーク)", "@"]) + domain


def _date(rng: random.Random) -> tuple[str, str]:
    year = rng.choice(["昭和25年", "平成3年", "1960年", "昭和五十年", "S47年", "令和元年"])
    day = rng.choice([f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日", "三月四日", "十二月十一日"])
    return year, day


def _true(rng: random.Random, kind: str) -> tuple[str, str]:
    """A sentence with a datum of a class, and the datum."""
    if kind == "my-number":
        value = _groups(rng, _passing(rng, 12, check_digits.my_number), 4, 4, 4)
        return rng.choice(
            ["個人番号：{}", "マイナンバー {} を記入した。", "申請者の個人番号は{}です。", "個人番号（12桁）\n{}"]
        ), value
    if kind == "driver-licence":
        return rng.choice(["運転免許証番号 {}", "免許証の番号：第{}号", "運転免許（{}）を提示した。"]), _licence(rng)
    if kind == "insured-number":
        return rng.choice(["被保険者証記号・番号 {}", "被保険者番号：{}", "被保険者証の番号は{}である。"]), _number(
            rng, 8
        )
    if kind == "pension-number":
        return rng.choice(["基礎年金番号 {}", "基礎年金番号は、{}です。"]), _groups(rng, _number(rng, 10), 4, 6)
    if kind == "residence-card":
        return rng.choice(["在留カード番号 {}", "在留カード等の番号：{}"]), f"AB{_number(rng, 8)}CD"
    if kind == "passport":
        return rng.choice(["旅券番号 {}", "パスポート番号：{}", "旅券（{}）を所持する。"]), f"TK{_number(rng, 7)}"
    if kind == "card-number":
        value = "4" + _number(rng, 15)
        value = next(n for n in (value[:15] + str(d) for d in range(10)) if check_digits.card_number(n))
        return rng.choice(["カード番号 {}", "クレジットカードの番号は{}でした。"]), _groups(rng, value, 4, 4, 4, 4)
    if kind == "bank-account":
        return rng.choice(
            ["潮見銀行波止場支店 普通 {}", "口座番号：{}", "振込先 波間信用金庫本店 普通預金 {} 名義 シオミ"]
        ), _number(rng, 7)
    if kind == "phone-mobile":
        value = _phone(rng, rng.choice(["090", "080", "070", "050"]), 4, 4)
        return rng.choice(["携帯 {}", "連絡先：{}", "担当者（{}）まで。", "{}へ電話してください。", "TEL{}"]), value
    if kind == "phone-fixed":
        return rng.choice(
            ["電話 {}", "TEL：{}", "電話番号は{}です。", "（直通{}）", "ＦＡＸ　{}", "お問い合わせは{}まで"]
        ), _fixed(rng)
    if kind == "e-mail":
        return rng.choice(["メールは{}へ。", "E-mail: {}", "宛先{}", "問合せ先（{}）"]), _mail(rng)
    if kind == "ip-address":
        value = (
            f"{rng.choice([126, 133, 150, 202, 210])}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
        )
        return rng.choice(["IPアドレス {} からの接続", "接続元は{}である。", "発信元 {}"]), value
    if kind == "birth-date" and rng.random() < 0.3:
        year, joint = rng.choice(["昭和32", "S47", "1960", "平成3"]), rng.choice("./-")
        value = f"{rng.randint(1, 12)}{joint}{rng.randint(1, 28)}"
        return rng.choice(
            [f"{year}{joint}{{}}生", f"（{year}{joint}{{}}生まれ）", f"生年月日：{year}{joint}{{}}"]
        ), value
    if kind == "birth-date":
        year, day = _date(rng)
        return rng.choice(
            [f"生年月日 {year}{{}}", f"{year}{{}}に生まれ", f"（{year}{{}}生）", f"{year}{{}}生まれ", f"{year}{{}}出生"]
        ), day
    return rng.choice(["〒{} 潮見市", "郵便番号 {}"]), f"{_number(rng, 3)}{rng.choice(_HYPHENS)}{_number(rng, 4)}"


def _alike(rng: random.Random) -> str:
    """A sentence with a number that is nobody's."""
    corporate = _passing(rng, 13, check_digits.corporate_number)
    mine = _passing(rng, 12, check_digits.my_number)
    made: list[Callable[[], str]] = [
        lambda: f"法人番号 {corporate}",
        lambda: f"登録番号 T{corporate}",
        lambda: f"会社法人等番号 {mine[:4]}-{mine[4:6]}-{mine[6:]}",
        lambda: f"個人番号カードの交付枚数は{rng.randint(1000, 9999)}万枚である。",
        lambda: f"売上高 {rng.randint(10**6, 10**9):,}円、前期 {rng.randint(10**6, 10**9):,}円",
        lambda: f"資産合計\t{_number(rng, 12)}\t{_number(rng, 12)}",
        lambda: (
            f"令和{rng.randint(1, 8)}年法律第{rng.randint(1, 120)}号の{rng.randint(1, 900)}第{rng.randint(1, 90)}項"
        ),
        lambda: f"第{rng.randint(1, 9)}.{rng.randint(1, 9)}.{rng.randint(1, 9)}.{rng.randint(1, 9)}節",
        lambda: f"{rng.randint(1, 9)}.{rng.randint(1, 9)}.{rng.randint(1, 9)}.{rng.randint(1, 9)} 潮位の観測",
        lambda: f"提出日 2026-{rng.randint(10, 12)}-{rng.randint(10, 28)} 午後{rng.randint(1, 9)}時",
        lambda: f"EDINETコード E{_number(rng, 5)} 証券コード {_number(rng, 4)}",
        lambda: f"ISBN978-4-{_number(rng, 4)}-{_number(rng, 4)}-{_number(rng, 1)}",
        lambda: f"平成{rng.randint(1, 30)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日施行",
        lambda: f"昭和{rng.randint(1, 60)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日生産を開始した。",
        lambda: f"普通預金 {rng.randint(10**6, 10**7)}千円",
        lambda: f"普通株式 {_number(rng, 7)}株",
        lambda: f"保険者番号 {_passing(rng, 8, check_digits.insurer_number)}",
        lambda: f"被保険者数は{rng.randint(1000, 9999)}万人、被保険者期間は{rng.randint(10, 40)}年",
        lambda: f"フリーダイヤル 0120-{_number(rng, 3)}-{_number(rng, 3)}",
        lambda: f"ナビダイヤル 0570-{_number(rng, 3)}-{_number(rng, 3)}",
        lambda: f"令和{rng.randint(1, 8)}年（{rng.choice('ワネオレ')}）第{rng.randint(1, 9999)}号",
        lambda: f"202{_number(rng, 1)}{rng.randint(10, 12)}{rng.randint(10, 28)}{_number(rng, 6)}",
        lambda: f"受付番号 {_number(rng, 3)}-{_number(rng, 4)}-{_number(rng, 4)}",
        lambda: f"単価 3個@500円、version {rng.randint(1, 9)}.{rng.randint(0, 9)}.{rng.randint(0, 9)}",
        lambda: f"義援金の受付口座 潮見銀行本店 普通 {_number(rng, 7)}",
        lambda: f"{rng.randint(1, 99)}－{rng.randint(1, 99)}－{rng.randint(1, 9)} 別表第{rng.randint(1, 9)}",
        lambda: f"旅券の発給件数は{_number(rng, 7)}件である。",
        lambda: f"運転免許保有者数 {rng.randint(10**7, 10**8)}人",
        lambda: f"昭和五〇年法律第{_number(rng, 3).translate(_KANJI)}号、二〇{_number(rng, 2).translate(_KANJI)}年",
        lambda: f"代金{_number(rng, 1)}、{_number(rng, 3)}、〇〇〇円".translate(_KANJI),
        lambda: f"○○市○○町{_number(rng, 1)}－{_number(rng, 2)}－四".translate(_KANJI),
        lambda: f"裁判所の被告人Ａ、乙山（仮名）について第{rng.randint(1, 300)}条",
        lambda: f"予算額 {rng.randint(10**8, 10**9):,}千円（{rng.randint(10, 99)}.{_number(rng, 1)}％）",
    ]
    return rng.choice(made)()


def labelled(seed: int = 20261122) -> Iterator[Labelled]:
    """The set: every class in turn, and one look-alike for each true string."""
    rng = random.Random(seed)
    for number in range(STRINGS):
        before, after = rng.choice(["", "一　", "※", "（参考）"]), rng.choice(["", "。", "\n以上", "　備考なし"])
        if number % 2:
            text = _alike(rng)
            text = text.translate(_WIDE) if rng.random() < 0.3 else text
            yield Labelled(f"{before}{text}{after}", "", "")
            continue
        kind = CLASSES[number // 2 % len(CLASSES)]
        frame, value = _true(rng, kind)
        value = value.translate(_WIDE) if rng.random() < 0.3 else value
        if rng.random() < 0.1 and kind not in ("e-mail", "ip-address", "birth-date", "bank-account", "postal-code"):
            place = next((n for n, char in enumerate(value) if char in "-－ "), 0)
            value = f"{value[: place + 1]}\n{value[place + 1 :]}" if place else value
        yield Labelled(f"{before}{frame.replace('{}', value)}{after}", kind, value)


def mistakes() -> tuple[list[Labelled], list[tuple[Labelled, str]], Counter[str], int]:
    """Strings that were missed, strings with a mask too many, true strings by class, and masks in all."""
    missed: list[Labelled] = []
    extra: list[tuple[Labelled, str]] = []
    total: Counter[str] = Counter()
    masks = 0
    for item in labelled():
        found = list(private(item.text, "none").masks) if not item.kind else _strict(item.text)
        masks += len(found)
        if not item.kind:
            extra += [(item, mask.kind) for mask in found]
            continue
        total[item.kind] += 1
        local = item.value.split("@")[0].split("＠")[0].split("[at]")[0].split("(アット")[0]
        wanted = local if item.kind == "e-mail" else item.value
        clean = masked(item.text, found)
        if wanted in clean or not any(mask.kind == item.kind for mask in found):
            missed.append(item)
        extra += [(item, mask.kind) for mask in found if mask.kind != item.kind]
    return missed, extra, total, masks


_FAMILY = (
    "山田",
    "鈴木",
    "磯田",
    "波多野",
    "小笠原",
    "長谷川",
    "岸",
    "三宅",
    "中村",
    "東海林",
    "五十嵐",
    "宇佐美",
    "森",
    "大久保",
    "西園寺",
    "金",
    "田",
    "渡邉",
    "髙橋",
    "安藤",
)
_GIVEN = (
    "太郎",
    "花子",
    "浪夫",
    "千鶴",
    "一",
    "健",
    "美咲",
    "翔太",
    "さくら",
    "恵子",
    "誠",
    "陽菜",
    "正",
    "ひかり",
    "幸之助",
    "裕",
    "奈々",
    "大輔",
    "光",
    "明",
)
_PRIVATE = (
    "原告{}は、損害の賠償を求めた。",
    "被害者{}は負傷した。",
    "被告人{}を懲役三年に処する。",
    "申立人 {}",
    "氏名　{}",
    "亡{}の相続人である。",
)
_OFFICE = ("裁判長裁判官　{}", "原告訴訟代理人弁護士　{}", "被告代表者代表取締役　{}", "検察官{}　出席")


def names() -> tuple[float, float]:
    """Shares of private names that are masked, and of names in office that stay, each in a judgment of its own."""
    rng = random.Random(20261122)
    masked_names = kept = 0
    for number in range(120):
        mine, theirs = (rng.choice(_FAMILY) + rng.choice(["", "　"]) + rng.choice(_GIVEN) for _ in range(2))
        text = f"{_PRIVATE[number % len(_PRIVATE)].format(mine)}\n{_OFFICE[number % len(_OFFICE)].format(theirs)}\n"
        clean = masked(text, private(text, "masked").masks)
        masked_names += mine not in clean
        kept += theirs in clean
    return masked_names / 120, kept / 120


def _strict(text: str) -> list[Mask]:
    """Masks as the strictest policy sets them, names aside."""
    return masks_of(list(find_numbers(fold(text))), "masked")


def hits(samples: Path) -> tuple[float, list[Hit]]:
    """Pages of real laws and filings, and all personal data of the number classes on them, masked or kept."""
    found: list[Hit] = []
    characters = 0
    for name, text in _texts(samples):
        characters += len(text)
        seen: set[tuple[str, int]] = set()
        for item in find_numbers(fold(text)):
            if (item.kind, item.start) not in seen:
                seen.add((item.kind, item.start))
                around = " ".join(text[max(0, item.start - 60) : item.end + 25].split())
                found.append(Hit(name, item.kind, item.act in ("mask", "quarantine"), around))
    return characters / PAGE, found


def checked() -> dict[str, bool]:
    """What a person saw who looked at hits in their pages: whether each is what its kind says, by `Hit.digest`."""
    path = Path(__file__).parent / "data" / "hits_checked.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _texts(samples: Path) -> Iterator[tuple[str, str]]:
    """Words of law XML and of the pages and tables in filings."""
    for path in sorted((samples / "law_xml").rglob("*.xml")):
        with suppress(etree.XMLSyntaxError):
            yield path.name, "\n".join(map(str, etree.parse(path).getroot().itertext()))
    for path in sorted((samples / "edinet").rglob("*.zip")):
        with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                if name.endswith((".htm", ".html")):
                    yield (
                        f"{path.name}/{name}",
                        "".join(map(str, html.document_fromstring(packed.read(name)).itertext())),
                    )
                elif name.endswith(".csv"):
                    yield f"{path.name}/{name}", packed.read(name).decode("utf-16", errors="replace")


def measure(samples: Path) -> dict[str, float]:
    missed, extra, total, masks = mistakes()
    lost = Counter(item.kind for item in missed)
    recall = {f"recall {kind}": 1 - lost[kind] / total[kind] for kind in CLASSES}
    figures = {
        "strings": float(STRINGS),
        "least recall of a class": min(recall.values()),
        "precision": 1 - len(extra) / max(1, masks),
        **dict(zip(("recall of private names", "names in office kept"), names(), strict=True)),
        **recall,
    }
    if not samples.is_dir() or not os.environ.get("KOBUNKO_SAMPLES"):
        return figures
    pages, found = hits(samples)
    seen = checked()
    false = [hit for hit in found if not seen.get(hit.digest, False)]  # also what nobody has looked at
    return figures | {
        "pages of samples": pages,
        "masks on samples": float(sum(hit.masked for hit in found)),
        "false masks on 1,000 pages": 1000 * sum(hit.masked for hit in false) / pages,
        "false finds on 1,000 pages": 1000 * len(false) / pages,
    }
