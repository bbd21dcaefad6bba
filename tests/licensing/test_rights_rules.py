"""What may be done with documents of the sources that we know, and what a site's opt-out does to it."""

from typing import Any

import pytest

from kobunko.ids import sha256_hex
from kobunko.licensing.evidence import Subject, TermsReview, judge
from kobunko.licensing.hosts import host_rule, host_rules
from kobunko.licensing.optout import opt_outs
from kobunko.licensing.rulebook import FOLDER
from kobunko.licensing.third_party import effect_of, third_parties
from kobunko.licensing.vocabulary import NOASSERTION
from kobunko.policy import Rights, withheld
from kobunko.records import Line, PageSpan
from kobunko.seed import load_seeds

TERMS: Any = {"url": "https://www.choseki.go.jp/terms.html", "sha256": "ab" * 32, "fetched_at": "2026-11-01"}
REVIEW = TermsReview(
    host="www.choseki.go.jp",
    sha256="ab" * 32,
    decision="grant",
    license="LicenseRef-JP-PDL-1.0",
    rule="pdl-name",
    phrase="公共データ利用規約",
    start=12,
    reviewed_by="編集係",
    reviewed_at="2026-11-02",
)


def judged(url: str, *, roles: tuple[str, ...] = ("file",), **known: Any) -> tuple[str, str, str, str]:
    metadata = known.pop("metadata", {})
    rule = host_rule("import", url)
    verdict = judge(Subject("import", url, roles, metadata), None, rule, **known)
    return verdict.license, verdict.redistribute, verdict.train, verdict.evidence_level


NO_RIGHT = "LicenseRef-JP-NoRight-Art13"
BY_URL = {
    "https://laws.e-gov.go.jp/law/1": (("law",), (NO_RIGHT, "allow", "allow", "E3")),
    "https://www.courts.go.jp/assets/hanrei/hanrei-pdf-1.pdf": (("judgment",), (NO_RIGHT, "allow", "allow", "E3")),
    "https://www.courts.go.jp/hanrei/1/detail.html": (("detail",), (NOASSERTION, "metadata-only", "allow-30-4", "E4")),
    "https://www.courts.go.jp/saiban/index.html": (("file",), (NOASSERTION, "metadata-only", "allow-30-4", "E4")),
    "https://www.nii.ac.jp/dsc/idr/hanrei/1": (("file",), (NOASSERTION, "deny", "deny", "E4")),
    "https://www.j-platpat.inpit.go.jp/c1800/1": (("file",), (NOASSERTION, "deny", "deny", "E4")),
    "https://kokkai.ndl.go.jp/txt/1": (("file",), (NOASSERTION, "metadata-only", "allow-30-4", "E4")),
    "https://www.kanpo.go.jp/20261101/koukoku.html": (("law",), (NOASSERTION, "deny", "deny", "E4")),
    "https://www.kanpo.go.jp/20261101/h1.html": (("law",), (NO_RIGHT, "allow", "allow", "E3")),
    "https://www.nta.go.jp/law/tsutatsu/kihon/hojin/01.htm": (("page",), (NO_RIGHT, "allow", "allow", "E3")),
    "https://www.nta.go.jp/law/shitsugi/01.htm": (("page",), (NOASSERTION, "metadata-only", "allow-30-4", "E4")),
    "https://dl.ndl.go.jp/pid/1": (("file",), (NOASSERTION, "metadata-only", "review", "E4")),
    "https://www.dnc.ac.jp/q.pdf": (("file",), (NOASSERTION, "deny", "review", "E4")),
    "https://www.namima.lg.jp/a.pdf": (("file",), (NOASSERTION, "metadata-only", "review", "E4")),
    "https://www.choseki.go.jp/a.pdf": (("file",), (NOASSERTION, "metadata-only", "allow-30-4", "E4")),
    "https://www.somebody.example/a.pdf": (("file",), (NOASSERTION, "metadata-only", "review", "E0")),
}


@pytest.mark.parametrize(("url", "roles", "expected"), [(url, *rest) for url, rest in BY_URL.items()])
def test_what_is_known_of_a_host_without_any_review(url: str, roles: tuple[str, ...], expected: Any) -> None:
    assert judged(url, roles=roles) == expected


def test_a_class_that_a_statute_frees_goes_before_the_terms_of_its_site() -> None:
    url, hint = "https://www.nta.go.jp/law/tsutatsu/kihon/hojin/01.htm", load_seeds()["nta"].licence
    verdict = judge(Subject("nta", url, ("page",)), hint, host_rule("nta", url))
    assert (verdict.license, verdict.evidence[0].level) == (NO_RIGHT, "E3")
    assert "通達" in verdict.evidence[1].phrase


def test_a_closed_document_quotes_the_rule_that_closes_it() -> None:
    page = (FOLDER / "hosts.toml").read_bytes()
    for rule in host_rules():
        host = next(iter(rule.hosts), "minato.example")
        subject = Subject("import", f"https://{host}/koukoku/hanrei/shihoushiken/shikaku_shiken", ("file",))
        told = judge(subject, None, rule, statutes={}).evidence[-1]
        assert told.rule.startswith((f"closed-by:{rule.id}", f"limited-by:{rule.id}")), rule.id
        assert told.sha256 == sha256_hex(page)
        assert told.phrase
        assert page.decode().startswith(told.phrase, told.start)
        assert page.decode().rfind("[[host]]", 0, told.start) < page.decode().index(f'id = "{rule.id}"') < told.start


def test_every_host_rule_is_reachable() -> None:
    rules = host_rules()
    assert len({rule.id for rule in rules}) == len(rules) >= 30
    for rule in rules:
        hidden = [name for name in rule.hosts if not rule.path and host_rule("", f"https://{name}/") is not rule]
        assert hidden == [], f"{rule.id} is behind another rule"


def test_a_host_name_inside_another_is_not_that_host() -> None:
    for url in (
        "https://laws.e-gov.go.jp.evil.example/",
        "https://notcourts.go.jp.example/",
        "https://[",
        "file:a.pdf",
    ):
        assert host_rule("import", url).id == "other-hosts"


@pytest.mark.parametrize(
    ("rights", "scope", "level"),
    [
        ("保護期間満了", "インターネット公開", "E1"),
        ("許諾", "インターネット公開", "E4"),
        ("裁定", "インターネット公開", "E4"),
        ("保護期間満了", "館内限定公開", "E4"),
        ("保護期間満了前", "インターネット公開", "E4"),
        ("", "", "E4"),
    ],
)
def test_a_library_item_is_free_only_when_its_own_record_says_so(rights: str, scope: str, level: str) -> None:
    found = judged("https://dl.ndl.go.jp/pid/1", metadata={"権利区分": rights, "公開範囲": scope})
    assert found[3] == level
    assert (found[0] == "CC-PDM-1.0") == (level == "E1")


@pytest.mark.parametrize(
    ("rights", "level"),
    [
        (["インターネット公開（保護期間満了）"], "E1"),
        (["保護期間満了", "インターネット公開"], "E1"),
        (["インターネット公開", "公開範囲についての注記", "保護期間満了"], "E1"),
        (["インターネット公開（許諾）"], "E4"),
        (["インターネット公開（裁定）", "保護期間満了"], "E4"),
        (["国立国会図書館内限定公開", "保護期間満了"], "E4"),
        (["保護期間満了"], "E4"),
        (["インターネット公開"], "E4"),
        (["インターネット公開（保護期間満了の見込み）"], "E4"),
        ([], "E4"),
    ],
)
def test_the_record_that_a_crawl_of_the_library_brings_is_read_the_same_way(rights: list[str], level: str) -> None:
    record: Any = {"url": "https://ndlsearch.ndl.go.jp/api/oaipmh#1", "sha256": "cd" * 32, "fetched_at": "2026-11-01"}
    rule = host_rule("ndl", "https://dl.ndl.go.jp/pid/1")
    verdict = judge(Subject("ndl", "https://dl.ndl.go.jp/pid/1", ("record",), {"rights": rights}, record), None, rule)
    assert verdict.evidence_level == level
    assert any(item.sha256 == "cd" * 32 for item in verdict.evidence)


def test_a_decision_holds_for_its_host_and_its_bytes_alone() -> None:
    url = "https://www.choseki.go.jp/a.pdf"
    granted = ("LicenseRef-JP-PDL-1.0", "allow+conditions", "allow", "E2")
    assert judged(url, terms=TERMS, reviews=[REVIEW]) == granted
    closed = (NOASSERTION, "metadata-only", "allow-30-4", "E4")
    assert judged(url, terms=TERMS | {"sha256": "cd" * 32}, reviews=[REVIEW]) == closed
    assert judged(url, terms=TERMS, reviews=[REVIEW | {"host": "www.namima.go.jp"}]) == closed
    assert judged(url, terms=TERMS, reviews=[REVIEW | {"decision": "deny"}]) == closed
    assert judged(url, terms=TERMS, reviews=[REVIEW | {"license": "CC-BY-NC-4.0"}]) == closed
    assert judged(url, terms=None, reviews=[REVIEW]) == closed


def test_a_host_rule_limits_what_a_review_grants() -> None:
    terms = TERMS | {"url": "https://disclosure2.edinet-fsa.go.jp/terms"}
    review = REVIEW | {"host": "disclosure2.edinet-fsa.go.jp"}
    found = judged("https://disclosure2.edinet-fsa.go.jp/x", terms=terms, reviews=[review])
    assert found == ("LicenseRef-JP-PDL-1.0", "review", "review", "E2")  # the narrative is not the State's


URL = "https://www.choseki.example/docs/a.html"
SIGNALS: dict[str, tuple[dict[str, str], str, str]] = {
    "tdm-reservation header": ({"tdm-reservation": "1"}, "", ""),
    "tdm-reservation meta": ({"meta-tdm-reservation": "1"}, "", ""),
    "noai": ({"x-robots-tag": "noindex, noai"}, "", ""),
    "noimageai meta": ({"meta-robots": "noimageai"}, "", ""),
    "content signal header": ({"content-signal": "search=yes, ai-train=no"}, "", ""),
    "content usage header": ({"content-usage": "train-ai=n"}, "", ""),
    "robots group": ({}, "User-agent: GPTBot\nDisallow: /docs/\n", ""),
    "robots group of several": ({}, "User-agent: CCBot\nUser-agent: ClaudeBot\nDisallow: /\n", ""),
    "content signal in robots": ({}, "User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n", ""),
    "rsl": ({}, "License: https://www.choseki.example/rsl.xml\nUser-agent: *\nAllow: /\n", ""),
    "rsl of an answer": ({"rsl": "https://www.choseki.example/rsl.xml"}, "", ""),
    "rsl of a page": ({"meta-rsl": '<link type="application/rsl+xml" href="/rsl.xml">'}, "", ""),
    "robots of a host at the crawl": ({"robots-ai-agents": "CCBot, GPTBot"}, "", ""),
    "content usage of a host at the crawl": ({"robots-content-usage": "train-ai=n"}, "", ""),
    "rsl of a host at the crawl": ({"robots-rsl": "https://www.choseki.example/rsl.xml"}, "", ""),
    "tdmrep of a host at the crawl": ({"tdmrep-reservation": "1"}, "", ""),
    "tdmrep": ({}, "", '[{"location": "/docs/*", "tdm-reservation": 1}]'),
}
SILENT: dict[str, tuple[dict[str, str], str, str]] = {
    "nothing": ({}, "", ""),
    "reservation 0": ({"tdm-reservation": "0"}, "", ""),
    "an odd value": ({"tdm-reservation": "yes"}, "", ""),
    "allowed by a host at the crawl": ({"robots-content-signal": "ai-train=yes", "tdmrep-reservation": "0"}, "", ""),
    "allowed": ({"content-signal": "ai-train=yes"}, "", ""),
    "robots of everybody": ({}, "User-agent: *\nDisallow: /docs/\n", ""),
    "robots elsewhere": ({}, "User-agent: GPTBot\nDisallow: /private/\n", ""),
    "tdmrep elsewhere": ({}, "", '[{"location": "/images/*", "tdm-reservation": 1}]'),
    "tdmrep first match wins": (
        {},
        "",
        '[{"location": "/docs/a*", "tdm-reservation": 0}, {"location": "*", "tdm-reservation": 1}]',
    ),
    "broken tdmrep": ({}, "", "<html>"),
    "noindex": ({"x-robots-tag": "noindex"}, "", ""),
}


@pytest.mark.parametrize("given", SIGNALS.values(), ids=SIGNALS.keys())
def test_an_opt_out_binds_training_whatever_the_licence(given: tuple[dict[str, str], str, str]) -> None:
    found = opt_outs(URL, *given)
    assert found
    assert judged("https://laws.e-gov.go.jp/law/1", roles=("law",), signals=found)[1:3] == ("allow", "deny")


@pytest.mark.parametrize("given", SILENT.values(), ids=SILENT.keys())
def test_what_is_no_opt_out(given: tuple[dict[str, str], str, str]) -> None:
    assert opt_outs(URL, *given) == ()


PAGES = [
    PageSpan(1, 0, 20, "embedded", "", None, "horizontal", 0, 1),
    PageSpan(2, 22, 99, "embedded", "", None, "", 0, 2),
]


@pytest.mark.parametrize(
    ("text", "source", "kinds", "effect"),
    [
        ("出典：総務省統計局「波の調査」", "", [], "none"),
        ("出典：潮汐省「潮位の動き」", "", [], "none"),
        ("出典：株式会社潮見総研「波の研究」", "", ["source-line"], "credit"),
        ("出典：株式会社環境総研「波の研究」", "", ["source-line"], "credit"),
        ("出典：三省堂", "", ["source-line"], "credit"),
        ("出典：国立研究開発法人潮汐研究所", "", [], "none"),
        ("© 2026 潮汐省", "", [], "none"),
        ("© 2026 潮見新聞社", "", ["copyright-notice"], "figure"),
        ("（写真提供：波止場写真館）", "", ["provided"], "figure"),
        ("図は潮見図書の許諾を得て転載", "", ["reprint-licensed"], "figure"),
        ("本報告書の無断転載を禁じます。", "", ["reprint-forbidden"], "document"),
        ("禁無断転載", "", ["reprint-forbidden"], "document"),
        ("主文\n（別紙）物件目録\n１　土地", "courts", ["court-annex"], "span"),
        ("主文\n（別紙）物件目録\n１　土地", "choseki", [], "none"),
        ("別紙の目録を提出した。", "courts", [], "none"),
    ],
)
def test_parts_of_others_are_found(text: str, source: str, kinds: list[str], effect: str) -> None:
    found = third_parties(text, PAGES, source, "潮汐省")
    assert [part.kind for part in found] == kinds
    assert effect_of(found) == effect


def test_a_part_has_its_page_and_its_box() -> None:
    text = "一　潮位の観測の結果\nは次のとおり。　　\n\n（写真提供：波止場写真館）"
    start = text.index("（写真")
    line = Line(2, start, len(text), 0.1, 0.8, 0.5, 0.82, 0, "caption")
    (part,) = third_parties(text, PAGES, lines=[line])
    assert (part.page, part.box) == (2, [0.1, 0.8, 0.5, 0.82])
    assert text[part.start : part.end] == part.phrase
    (annex,) = third_parties("主文\n別紙　商標目録\n図", PAGES, "courts")
    assert annex.end == len("主文\n別紙　商標目録\n図")  # to the end of the document


FREE = Rights("LicenseRef-JP-PDL-1.0", "allow+conditions", "allow", False, "none", "mask")


@pytest.mark.parametrize(
    ("changed", "profiles"),
    [
        ({}, ("open", "research", "internal")),
        ({"redistribute": "metadata-only", "train": "allow-30-4"}, ("research", "internal")),
        ({"redistribute": "review", "train": "review"}, ("internal",)),
        ({"train": "deny"}, ("internal",)),
        ({"opt_out": True}, ("internal",)),
        ({"third_party": "document"}, ("research", "internal")),
        ({"third_party": "figure"}, ("open", "research", "internal")),
        ({"third_party": None}, ("internal",)),
        ({"action": None}, ()),
        ({"action": "quarantine"}, ()),
        ({"redistribute": None, "train": None}, ("internal",)),
        ({"legible": False}, ()),  # which no text is under `internal`, whose LEGIBLE is 0
    ],
)
def test_a_profile_says_why_a_text_is_left_out(changed: dict[str, Any], profiles: tuple[str, ...]) -> None:
    facts = {name: getattr(FREE, name) for name in FREE.__slots__} | changed
    reasons = {profile: withheld(Rights(**facts), profile) for profile in ("open", "research", "internal")}  # type: ignore[arg-type]
    assert tuple(name for name, reason in reasons.items() if not reason) == profiles
    assert all(":" in reason for reason in reasons.values() if reason)
