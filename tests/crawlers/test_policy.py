"""Politeness as policy, and what a source does over time: waits, budgets, changed terms, works that disappear."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from kobunko.catalogue import Catalogue
from kobunko.crawlers import absences, watch
from kobunko.crawlers.hosts import MOST_REFUSALS, Ledger, is_within, night_of
from kobunko.crawlers.optout import HostSignals, parse_tdmrep
from kobunko.ids import url_key
from kobunko.licensing.optout import opt_outs
from kobunko.licensing.terms import opt_out_files
from kobunko.seed import CrawlPolicy, Manners

NOON = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # in Japan


class Clock:
    def __init__(self) -> None:
        self.now = NOON + timedelta(hours=10)

    def __call__(self) -> datetime:
        return self.now


MANNERS = Manners(delay_s=5, requests_per_night=3, bytes_per_night=1000, hours="")


def saved(catalogue: Catalogue, ledger: Ledger) -> None:
    with catalogue.transaction() as connection:
        ledger.save(connection)


def test_a_wait_and_a_budget_outlive_the_process_that_met_them(catalogue: Catalogue) -> None:
    clock = Clock()
    ledger = Ledger(catalogue, clock)
    for size in (10, 20):
        ledger.asked("a.example")
        ledger.answered("a.example", 200, size)
    ledger.wait("b.example", 7200, "http-429")
    saved(catalogue, ledger)

    clock.now += timedelta(hours=1)
    again = Ledger(catalogue, clock)
    assert again.objection("a.example", MANNERS) == ""
    again.asked("a.example")
    assert again.objection("a.example", MANNERS) == "budget"
    assert again.objection("b.example", MANNERS).startswith("http-429 (until 2026-11-23 00:00 JST)")
    assert again.objection("c.example", MANNERS.model_copy(update={"hours": "01:00-05:00"})).startswith("hours (")
    assert again.objection("a.example", MANNERS.model_copy(update={"requests_per_night": 9, "bytes_per_night": 30}))
    clock.now += timedelta(hours=1)
    assert again.objection("b.example", MANNERS) == ""


def test_a_new_night_begins_at_noon_in_japan_with_a_new_budget(catalogue: Catalogue) -> None:
    clock = Clock()
    ledger = Ledger(catalogue, clock)
    for _ in range(3):
        ledger.asked("a.example")
    assert ledger.objection("a.example", MANNERS) == "budget"
    clock.now += timedelta(hours=13, minutes=59)
    assert ledger.objection("a.example", MANNERS) == "budget"
    clock.now += timedelta(minutes=2)
    assert ledger.objection("a.example", MANNERS) == ""
    assert (night_of(NOON), night_of(NOON - timedelta(seconds=1))) == ("2026-11-22", "2026-11-21")


def test_a_host_that_refuses_again_and_again_is_left_alone_for_longer_each_time(catalogue: Catalogue) -> None:
    clock = Clock()
    ledger = Ledger(catalogue, clock)
    many = MANNERS.model_copy(update={"requests_per_night": 1000})
    for status in [403, 500, 200, *[500] * (MOST_REFUSALS - 1)]:
        ledger.answered("a.example", status, 0)
    assert ledger.objection("a.example", many) == ""
    ledger.refused("a.example", "timeout")
    assert ledger.objection("a.example", many).startswith("refused: timeout (until 2026-11-22 23:00")
    clock.now += timedelta(hours=1, seconds=1)
    assert ledger.objection("a.example", many) == ""
    ledger.answered("a.example", 503, 0)
    assert ledger.objection("a.example", many).startswith("refused: http-503 (until 2026-11-23 01:00")
    clock.now += timedelta(hours=3)
    ledger.answered("a.example", 404, 0)
    assert ledger.record("a.example").closures == 0


@pytest.mark.parametrize(
    ("hours", "clock", "within"),
    [
        ("", "12:00", True),
        ("22:00-06:00", "21:59", False),
        ("22:00-06:00", "22:00", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("01:00-05:00", "12:00", False),
    ],
)
def test_allowed_hours_are_those_of_japan(hours: str, clock: str, within: bool) -> None:
    moment = datetime.fromisoformat(f"2026-11-22T{clock}:00+09:00").astimezone(UTC)
    assert is_within(hours, moment) is within


def test_other_manners_for_a_host_need_a_written_reason() -> None:
    with pytest.raises(ValidationError):
        CrawlPolicy(hosts=[{"host": "a.example", "delay_s": 1.0, "reason": ""}])  # type: ignore[list-item]
    with pytest.raises(ValidationError, match="no span of hours"):
        CrawlPolicy(hours="night")
    reason = "運用者から毎秒1回までと書面で許された。"
    policy = CrawlPolicy(hosts=[{"host": "a.example", "delay_s": 1.0, "reason": reason}])  # type: ignore[list-item]
    assert (policy.manners("a.example").delay_s, policy.manners("b.example").delay_s) == (1.0, 5.0)


ROBOTS = """User-agent: *
Content-Signal: search=yes, ai-train=no
Disallow: /x/

User-agent: GPTBot
Disallow: /reports/
"""


def test_what_a_host_says_of_ai_is_kept_for_the_urls_that_it_holds_for() -> None:
    rules = parse_tdmrep(
        b'[{"location": "/reports/*.pdf$", "tdm-reservation": 1, "tdm-policy": "https://a.example/p"}]'
    )
    signals = HostSignals(ROBOTS, rules)
    assert signals.of("https://a.example/news/1.html") == {"robots-content-signal": "search=yes, ai-train=no"}
    assert signals.of("https://a.example/reports/1.pdf") == {
        "robots-content-signal": "search=yes, ai-train=no",
        "robots-ai-agents": "GPTBot",
        "tdmrep-reservation": "1",
        "tdmrep-policy": "https://a.example/p",
    }
    assert parse_tdmrep(b"<html>") == parse_tdmrep(b'{"a": 1}') == []


@pytest.fixture
def site(web: Any, home: Any) -> Any:
    """A list of fifteen notices, with terms and robots.txt; a work counts as gone after two crawls."""
    web.put("/robots.txt", ROBOTS.encode(), "text/plain")
    web.put("/.well-known/tdmrep.json", b'[{"location": "/n1.html", "tdm-reservation": 1}]', "application/json")
    show(web, range(15))
    web.html("/terms.html", "利用規約", "<p>出典を書けば自由に使えます。</p><script>token = 1</script>")
    more = f'requests_per_night = 500\n[licence]\nterms_url = "{web.base}/terms.html"'
    home.seed("site", "site", [f"{web.base}/"], more, gone_after=2)
    return web


def show(web: Any, numbers: Any) -> None:
    web.html("/", "一覧", "".join(f'<a href="/n{number}.html">{number}</a>' for number in numbers))
    for number in numbers:
        web.html(f"/n{number}.html", f"告示{number}")


def test_signals_of_the_host_are_on_each_capture(site: Any, home: Any) -> None:
    home.crawl()
    catalogue = home.catalogue()
    found = json.loads(catalogue.captures_of(f"{site.base}/n1.html")[0].headers)
    assert found == {"robots-content-signal": "search=yes, ai-train=no", "tdmrep-reservation": "1"}
    held = catalogue.opt_outs()[url_key(f"{site.base}/n1.html")]  # from here the rules of licences take it
    assert [said.signal for said in opt_outs(f"{site.base}/n1.html", held)] == ["content-signal", "tdm-reservation"]


def test_a_licence_of_rsl_on_a_page_or_its_answer_reaches_the_rules(site: Any, home: Any) -> None:
    site.put("/robots.txt", b"User-agent: *\nAllow: /\n", "text/plain")
    tag = '<link rel="license" href="/l.xml" type="application/rsl+xml">'
    site.put("/n2.html", f"<html><head><title>告示</title>{tag}</head><p>本文です。</p></html>".encode(), "text/html")
    home.crawl()
    held = home.catalogue().opt_outs()[url_key(f"{site.base}/n2.html")]
    assert [said.signal for said in opt_outs(f"{site.base}/n2.html", held)] == ["rsl"]


def test_a_work_is_gone_after_two_crawls_that_asked_in_vain_and_comes_back(site: Any, home: Any) -> None:
    home.crawl()
    show(site, range(14))  # no list names the last notice any more, but it still answers
    assert home.crawl()["site"]["gone"] == 0
    del site.pages["/n14.html"]
    assert home.crawl()["site"]["gone"] == 0
    assert home.crawl()["site"]["gone"] == 1
    (event,) = absences.events(home.catalogue(), "site")
    assert (event["url"], event["reason"]) == (f"{site.base}/n14.html", "http-404")
    site.html("/n14.html", "告示14")
    home.crawl()
    assert absences.events(home.catalogue()) == []
    assert len(home.documents()) == 17  # nothing was deleted, and the front page has two versions


def test_a_mass_disappearance_is_an_alarm_and_no_work_is_gone(site: Any, home: Any) -> None:
    home.crawl()
    for number in range(8):
        del site.pages[f"/n{number}.html"]
    for _ in range(2):  # as many as make a single work count as gone
        summary = home.crawl()["site"]
        assert summary["gone"] == 0
        assert summary["alarms"] == ["mass disappearance: 8 of 16 works are missing; none of them counts as gone"]
    assert absences.events(home.catalogue()) == []


def test_changed_terms_withhold_new_documents_until_a_person_has_read_them(site: Any, home: Any) -> None:
    home.crawl()
    site.html("/terms.html", "利用規約", "<p>出典を書けば自由に使えます。</p><script>token = 2</script>")
    assert home.crawl()["site"]["alarms"] == []
    site.html("/terms.html", "利用規約", "<p>機械学習には使えません。</p>")
    site.html("/n3.html", "告示3", "<p>改めた。</p>")
    summary = home.crawl()["site"]
    assert [alarm.split(":")[0] for alarm in summary["alarms"]] == ["terms changed"]
    assert (summary["changed"], summary["withheld"]) == (1, 1)
    catalogue = home.catalogue()
    (held,) = catalogue.withheld()
    assert next(d for d in home.documents() if d.doc_id == held).url == f"{site.base}/n3.html"
    assert home.crawl()["site"]["alarms"] == [f"terms changed and not read yet: {site.base}/terms.html"]
    assert watch.accept(catalogue, "site") == 1
    assert catalogue.withheld() == set()
    assert home.crawl()["site"]["alarms"] == []


def test_terms_that_an_entry_page_links_are_watched_where_the_seed_names_none(web: Any, home: Any) -> None:
    web.html("/", "一覧", '<a href="/a.html">告示</a><a href="/rule.html">利用規約・著作権</a>')
    web.html("/a.html", "告示")
    web.html("/rule.html", "規約", "<p>自由に使えます。</p>")
    home.seed("site", "site", [f"{web.base}/"], "allow = ['/a.html']")
    assert home.crawl()["site"]["alarms"] == []
    web.html("/rule.html", "規約", "<p>機械学習には使えません。</p>")
    web.html("/a.html", "告示", "<p>改めた。</p>")
    summary = home.crawl()["site"]
    assert [alarm.split(": read")[0] for alarm in summary["alarms"]] == [f"terms changed: {web.base}/rule.html"]
    assert (summary["changed"], summary["withheld"]) == (1, 1)


def test_changed_robots_are_noticed_and_a_shell_in_their_place_is_not_a_change_each_night(site: Any, home: Any) -> None:
    home.crawl()
    for nonce in (b"1", b"2"):
        site.put("/robots.txt", b"<!doctype html><title>app " + nonce + b"</title>", "text/html")
        alarms = home.crawl()["site"]["alarms"]
        assert [alarm.split(":")[0] for alarm in alarms] == [
            "robots changed" if nonce == b"1" else "robots changed and not read yet"
        ]


def test_the_budget_of_a_night_holds_over_restarts(site: Any, home: Any) -> None:
    text = (home.seeds / "site.toml").read_text().replace("requests_per_night = 500", "requests_per_night = 8")
    (home.seeds / "site.toml").write_text(text)
    assert home.crawl()["site"]["stopped"] == "budget"
    asked = len(site.hits)
    assert asked == 8
    assert home.crawl()["site"]["stopped"] == "budget"
    assert len(site.hits) == asked


def test_a_host_that_only_refuses_is_asked_little_and_nothing_is_lost(site: Any, home: Any) -> None:
    for number in range(15):
        site.put(f"/n{number}.html", b"blocked", "text/html", status=403)
    summary = home.crawl(RETRIES="0")["site"]
    assert summary["stopped"].startswith("refused: http-403")
    assert len([path for path in site.hits if path.startswith("/n")]) == MOST_REFUSALS
    show(site, range(15))
    home.an_hour_later()
    summary = home.crawl()["site"]
    assert (summary["finished"], summary["failed"]) == (True, 0)
    assert len(home.documents()) == 16


def test_a_closed_host_is_named_and_the_others_are_asked_to_the_end(web: Any, home: Any) -> None:
    other = web.base.replace("127.0.0.1", "localhost")
    web.html("/", "一覧", "".join(f'<a href="/n{number}.html">{number}</a>' for number in range(3)))
    web.html("/other/", "別館", "".join(f'<a href="/other/{number}.html">{number}</a>' for number in range(3)))
    for number in range(3):
        web.html(f"/n{number}.html", f"告示{number}")
        web.html(f"/other/{number}.html", f"別館の告示{number}")
    web.put("/other/0.html", b"", status=503, headers={"Retry-After": "3600"})
    home.seed("two", "site", [f"{other}/other/", f"{web.base}/"])
    summary = home.crawl()["two"]
    assert (summary["stopped"], summary["finished"], summary["new"]) == ("localhost: http-503", False, 5)
    assert [path for path in web.hits if path.startswith("/other/")] == ["/other/", "/other/0.html"]
    asked = len(web.hits)
    assert home.crawl()["two"]["stopped"].startswith("localhost: http-503 (until ")
    assert len(web.hits) == asked
    web.html("/other/0.html", "別館の告示0")
    home.an_hour_later()
    summary = home.crawl()["two"]
    assert (summary["finished"], summary["stopped"], summary["new"]) == (True, "", 3)
    assert len(home.documents()) == 8


def test_a_published_api_is_asked_what_its_host_says_of_ai_and_not_held_back_by_robots(web: Any, home: Any) -> None:
    web.put("/robots.txt", b"User-agent: *\nDisallow: /api\n", "text/plain")
    web.put("/.well-known/tdmrep.json", b'[{"location": "/*", "tdm-reservation": 1}]', "application/json")
    web.html("/api/", "窓口", '<a href="/api/1">1</a>')
    web.html("/api/1", "第1号")
    published = 'robots.policy = "published-api"\nrobots.reason = "仕様書とともに公開されたAPIである。"'
    home.seed("api", "site", [f"{web.base}/api/"], published)
    assert home.crawl()["api"]["new"] == 2
    assert web.hits == ["/robots.txt", "/.well-known/tdmrep.json", "/api/", "/api/1"]
    said = opt_out_files([web.base], home.catalogue(), home.folder / "raw")[web.base]
    assert [found.where for found in opt_outs(f"{web.base}/api/1", {}, **said)] == ["tdmrep.json"]


def test_feeds_and_sitemaps_lead_to_pages_and_are_none(web: Any, home: Any) -> None:
    sitemap = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
    web.put("/sitemap.xml", sitemap.format(f"<url><loc>{web.base}/a.html</loc></url>").encode(), "application/xml")
    item = f"<item><title>新着のお知らせ</title><link>{web.base}/b.pdf</link></item>"
    web.put("/rss.xml", f'<rss version="2.0"><channel>{item}</channel></rss>'.encode(), "text/xml")
    web.html("/a.html", "頁")
    web.put("/b.pdf", b"%PDF-1.4")
    home.seed("feeds", "site", [f"{web.base}/sitemap.xml", f"{web.base}/rss.xml"])
    assert home.crawl()["feeds"]["failures"] == []
    assert {document.title for document in home.documents()} == {"頁", "新着のお知らせ"}
