import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobunko.catalogue import Catalogue
from kobunko.errors import UsageError
from kobunko.ids import sha256_hex
from kobunko.licensing.attribution import attribution, case_of
from kobunko.licensing.evidence import TermsCapture
from kobunko.licensing.rulebook import FOLDER
from kobunko.licensing.stage import Licence, LicenceInput, licence_stage
from kobunko.licensing.terms import captured_terms
from kobunko.licensing.vocabulary import VOCABULARY, find
from kobunko.records import Capture, Part
from kobunko.seed import Seed
from kobunko.stage import Runner

NIGHT = datetime(2026, 11, 1, 17, 30, tzinfo=UTC)  # the 2nd of November in Japan
TERMS_URL = "https://www.choseki.example/terms.html"
TERMS = TermsCapture(url=TERMS_URL, sha256="ab" * 32, fetched_at="2026-11-01T17:30:00+00:00")
REVIEW = {"sha256": "ab" * 32, "phrase": "自由に利用できます", "reviewed_by": "編集係", "reviewed_at": "2026-11-02"}
PDL = {"id": "LicenseRef-JP-PDL-1.0", "basis": "licence", "terms_url": TERMS_URL}
LAW = {"id": "LicenseRef-JP-NoRight-Art13", "basis": "no-right(Art13)", "statute": "著作権法第13条第1号"}


def seed(source: str = "choseki", **licence: Any) -> Seed:
    about = {"title": "潮汐省の公表資料", "publisher": "潮汐省", "homepage": "https://www.choseki.example/"}
    return Seed.model_validate(about | {"source": source, "spider": "none", "config": "ministries", "licence": licence})


def part(role: str = "page", fetched_at: datetime | None = NIGHT) -> Part:
    return Part(role, "https://www.choseki.example/a", "text/html", "00" * 32, 3, "c", "w", 0, fetched_at)


def judged(
    *seeds: Seed,
    source: str = "choseki",
    terms: dict[str, TermsCapture] | None = None,
    roles: tuple[str, ...] = ("page",),
) -> Licence:
    stage = licence_stage({item.source: item for item in seeds}, terms or {}, "試験編集室")
    parts = [part(role) for role in roles]
    document = LicenceInput(source, "https://www.choseki.example/a", "潮位の公表について", None, "{}", "{}", parts)
    return stage.make(**stage.params)(document)


def evidence(result: Licence) -> list[dict[str, str]]:
    return list(json.loads(result.evidence))


def test_a_statute_opens_the_text() -> None:
    result = judged(seed(**LAW), roles=("law",))
    assert (result.license, result.rights_basis) == ("LicenseRef-JP-NoRight-Art13", "no-right(Art13)")
    assert (result.redistribute, result.train, result.evidence_level) == ("allow", "allow", "E3")
    whole, item = evidence(result)[:2]
    assert whole["rule"].startswith("statute:著作権法第13条第1号 ")
    assert whole["phrase"].endswith("権利の目的となることができない。")
    assert item["phrase"] == "憲法その他の法令"
    text = (FOLDER / "copyright_act_13.txt").read_bytes()
    for quote in (whole, item):
        assert quote["sha256"] == sha256_hex(text)
        start = int(quote["start"])
        assert text.decode()[start : start + len(quote["phrase"])] == quote["phrase"]


def test_a_statute_covers_only_the_parts_of_its_roles() -> None:
    court = seed(**LAW, roles=["judgment"])
    assert judged(court, roles=("detail", "judgment")).redistribute == "allow"
    assert judged(court, roles=("detail",)).redistribute == "metadata-only"


def test_reviewed_terms_open_the_text_with_their_evidence() -> None:
    result = judged(seed(**PDL, reviewed=[REVIEW]), terms={"choseki": TERMS})
    assert (result.license, result.evidence_level) == ("LicenseRef-JP-PDL-1.0", "E2")
    assert (result.redistribute, result.train) == ("allow+conditions", "allow")
    assert evidence(result)[0] == {
        "level": "E2",
        "rule": "terms-reviewed:編集係 2026-11-02",
        "license": "LicenseRef-JP-PDL-1.0",
        "phrase": "自由に利用できます",
        "start": -1,
        **TERMS,
    }


CLOSED = {
    "terms page never captured": (seed(**PDL, reviewed=[REVIEW]), {}),
    "terms page never reviewed": (seed(**PDL), {"choseki": TERMS}),
    "terms page changed since the review": (
        seed(**PDL, reviewed=[REVIEW]),
        {"choseki": TermsCapture(url=TERMS_URL, sha256="cd" * 32, fetched_at="")},
    ),
    "terms of another source": (seed(**PDL, reviewed=[REVIEW]), {"other": TERMS}),
    "basis unknown": (seed(**PDL | {"basis": "unknown"}, reviewed=[REVIEW]), {"choseki": TERMS}),
    "not commercial": (seed(**PDL | {"id": "CC-BY-NC-4.0"}, reviewed=[REVIEW]), {"choseki": TERMS}),
    "research only": (seed(**PDL | {"id": "LicenseRef-JP-ResearchOnly.x"}, reviewed=[REVIEW]), {"choseki": TERMS}),
    "statute not named": (seed(**LAW | {"statute": ""}), {}),
    "statute not known": (seed(**LAW | {"statute": "著作権法第32条第2項"}), {}),
    "item of the statute not named": (seed(**LAW | {"statute": "著作権法第13条"}), {}),
    "no such item": (seed(**LAW | {"statute": "著作権法第13条第9号"}), {}),
    "nothing believed": (seed(), {}),
}


@pytest.mark.parametrize(("hint", "terms"), CLOSED.values(), ids=CLOSED.keys())
def test_everything_else_fails_closed(hint: Seed, terms: dict[str, TermsCapture]) -> None:
    result = judged(hint, terms=terms)
    assert (result.license, result.redistribute, result.train) == ("NOASSERTION", "metadata-only", "review")
    assert (result.evidence_level, result.rights_basis) == ("E4", "unknown")
    first, *reasons = evidence(result)
    assert first["license"] == hint.licence.id
    assert reasons  # what was looked at, and why it proves nothing


def test_a_source_without_a_seed_has_no_evidence() -> None:
    result = judged(source="nobody")
    assert (result.evidence_level, evidence(result)[0]["rule"]) == ("E0", "nothing-known-of:nobody")
    assert (result.license, result.redistribute) == ("NOASSERTION", "metadata-only")
    assert evidence(result)[-1]["rule"] == "closed-by:other-hosts"
    assert evidence(result)[-1]["phrase"] == result.note


@given(
    st.sampled_from(["licence", "no-right(Art13)", "public-domain(term)", "limitation(Art40-1)", "unknown"]),
    st.sampled_from(sorted(VOCABULARY)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_nothing_is_opened_below_e3(basis: str, licence_id: str, statute: bool, captured: bool, reviewed: bool) -> None:
    hint = {
        "id": licence_id,
        "basis": basis,
        "statute": "著作権法第13条第3号" if statute else "",
        "terms_url": TERMS_URL,
    }
    result = judged(seed(**hint, reviewed=[REVIEW] * reviewed), terms={"choseki": TERMS} if captured else {})
    if result.redistribute != "metadata-only":
        assert result.evidence_level in ("E2", "E3")
        assert result.license != "NOASSERTION"


def test_the_attribution_names_source_day_in_japan_and_editor() -> None:
    result = judged(seed(**LAW, attribution="出典：{publisher}（{url}）（{date}利用）"))
    assert result.attribution == (
        "出典：潮汐省（https://www.choseki.example/a）（2026年11月2日利用）"
        "／「潮位の公表について」（潮汐省）（https://www.choseki.example/a）を加工して試験編集室作成"
    )


def test_an_unknown_day_is_left_out_with_its_bracket() -> None:
    line = attribution(
        "出典：{publisher}（{url}）（{date}利用）",
        "{work}をもとに{processor}作成",
        title="",
        publisher="潮汐省",
        url="u",
        fetched_at=None,
        processor="室",
        license_id="NOASSERTION",
    )
    assert line == "出典：潮汐省（u）／潮汐省をもとに室作成"


def test_a_judgment_is_cited_by_court_day_and_number() -> None:
    case = case_of({"court": "見本地方裁判所", "case_number": "令和6(ワ)12"}, "2025-04-01")
    assert case == "見本地方裁判所2025年4月1日 令和6(ワ)12"
    assert case_of({}, "2025-04-01") == ""
    result = judged(seed(**LAW, attribution="出典：{publisher}（{url}）{case}{term}"))
    assert result.attribution.startswith("出典：潮汐省（https://www.choseki.example/a）／")


def test_changed_knowledge_changes_the_fingerprint() -> None:
    plain = licence_stage({"choseki": seed(**PDL)}, {}, "室").fingerprint
    assert licence_stage({"choseki": seed(**PDL)}, {}, "室").fingerprint == plain
    changed = [
        licence_stage({"choseki": seed(**PDL)}, {"choseki": TERMS}, "室"),
        licence_stage({"choseki": seed(**PDL, reviewed=[REVIEW])}, {}, "室"),
        licence_stage({"choseki": seed(**PDL)}, {}, "別室"),
        licence_stage({"choseki": seed(**PDL)}, {}, "室", signals="another"),
    ]
    assert len({plain, *(stage.fingerprint for stage in changed)}) == 5


def test_mistakes_in_a_seed_are_named() -> None:
    with pytest.raises(UsageError, match="no licence has the id 'PDL'"):
        licence_stage({"choseki": seed(id="PDL")}, {}, "室")
    with pytest.raises(UsageError, match="author"):
        licence_stage({"choseki": seed(attribution="出典：{author}")}, {}, "室")


def test_families_of_ids() -> None:
    assert find("LicenseRef-JP-SiteTerms.choseki") is not None
    assert find("LicenseRef-JP-SiteTerms.") is None
    assert find("LicenseRef-PDL-1.0") is None


def test_the_stage_runs_on_a_batch() -> None:
    stage = licence_stage({"choseki": seed(**LAW)}, {}, "室")
    row = {"doc_id": "choseki-a", "input_sha256": "0", "source": "choseki", "url": "u", "title": "告示", "parts": []}
    row |= {"published": None, "metadata": "{}", "signals": "{}"}
    result = Runner(stage, lambda item: b"")(pa.Table.from_pylist([row]))
    assert result["outcome"].to_pylist() == ["ok"]
    assert result["redistribute"].to_pylist() == ["allow"]


def capture(number: int, sha256: str, url: str = TERMS_URL, kind: str = "response") -> tuple[int, Capture]:
    moment = NIGHT + timedelta(days=number)
    return number, Capture(f"c{number}", "choseki", url, kind, 200, "text/html", sha256, 9, moment, "w", 0)


def test_terms_keep_the_time_when_their_bytes_were_first_seen(tmp_path: Path) -> None:
    catalogue = Catalogue(f"sqlite:///{tmp_path / 'catalogue.sqlite'}")
    captures = [
        capture(1, "aa" * 32),
        capture(2, "ab" * 32, url="https://www.choseki.example/copy.html"),
        capture(3, "ab" * 32),
        capture(4, "ab" * 32, kind="revisit"),
    ]
    with catalogue.transaction() as connection:
        catalogue.add_captures(connection, "run", captures)
    found = captured_terms({"choseki": seed(**PDL), "other": seed("other")}, catalogue)
    first = (NIGHT + timedelta(days=3)).isoformat()
    assert found == {"choseki": {"url": TERMS_URL, "sha256": "ab" * 32, "fetched_at": first}}
    catalogue.close()
