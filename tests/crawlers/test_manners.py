"""robots.txt, waiting, redirects and refused addresses: the pure parts."""

from datetime import UTC, datetime

import pytest
from scrapy.exceptions import DownloadTimeoutError, ResponseDataLossError

from kobunko.crawlers.frontier import Wanted
from kobunko.crawlers.guard import is_inside, refusal
from kobunko.crawlers.politeness import USUAL_WAIT_S, retry_after
from kobunko.crawlers.robots import rules
from kobunko.crawlers.scrapy_settings import scrapy_settings, user_agent
from kobunko.crawlers.secret import is_for_key
from kobunko.crawlers.spiders.base import MOST_HOPS, reason_of, redirected
from kobunko.errors import Reject
from kobunko.seed import Seed
from kobunko.settings import CrawlSettings

SITE = "https://www.mihon.example"


@pytest.mark.parametrize(
    ("status", "content_type", "body", "kind"),
    [
        (200, "text/plain", b"User-agent: *\nDisallow: /x/", "rules"),
        (200, "text/plain", b"\xef\xbb\xbfUser-agent: *\nDisallow: /x/", "rules"),
        (200, "application/octet-stream", b"# note\nSitemap: https://www.mihon.example/s.xml", "rules"),
        (200, "text/html", b"<!doctype html><title>app</title>", "none"),
        (200, "text/plain", b"<html>\nDisallow: /x/", "none"),
        (200, "text/plain", b"Service unavailable", "none"),
        (200, "text/plain", b"", "none"),
        (404, "text/html", b"not found", "none"),
        (403, "text/html", b"blocked", "none"),
        (429, "text/html", b"", "unreachable"),
        (500, "text/plain", b"User-agent: *\nAllow: /", "unreachable"),
        (503, "text/html", b"", "unreachable"),
    ],
)
def test_what_an_answer_for_robots_txt_means(status: int, content_type: str, body: bytes, kind: str) -> None:
    assert rules(status, content_type, body).kind == kind


def test_rules_are_obeyed_for_our_name_and_for_everybody() -> None:
    text = b"User-agent: *\nDisallow: /20\nCrawl-delay: 30\n\nUser-agent: ndl-japan\nAllow: /\n"
    found = rules(200, "text/plain", text)
    assert not found.allows(f"{SITE}/20261001/index.html")
    assert found.allows(f"{SITE}/index.html")
    assert found.delay_s == 30
    named = rules(200, "text/plain", b"User-agent: Kobunko\nDisallow: /\n\nUser-agent: *\nAllow: /\n")
    assert not named.allows(f"{SITE}/index.html")
    assert not rules(500, "", b"").allows(f"{SITE}/")


def test_only_the_first_500_kib_count() -> None:
    text = b"User-agent: *\nDisallow: /a/\n" + b"# " + b"x" * (500 * 1024) + b"\nDisallow: /b/\n"
    found = rules(200, "text/plain", text)
    assert not found.allows(f"{SITE}/a/")
    assert found.allows(f"{SITE}/b/")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), ("", USUAL_WAIT_S), ("soon", USUAL_WAIT_S), ("Thu, 01 Oct 2026 00:01:30 GMT", 90.0)],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert retry_after(value, datetime(2026, 10, 1, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
    ],
)
def test_addresses_of_the_inside(address: str) -> None:
    assert is_inside(address)


def test_an_address_of_the_outside() -> None:
    assert not is_inside("203.104.130.1")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://www.mihon.example/a", ""),
        ("ftp://www.mihon.example/a", "scheme-not-allowed"),
        ("file:///etc/passwd", "scheme-not-allowed"),
        ("http://user:word@www.mihon.example/", "credentials-in-url"),
        ("http://[::1]/", "private-address"),
        ("http://169.254.169.254/latest", "private-address"),
        ("http://www.mihon.example:99999/", "malformed-url"),
        ("http:///nothing", "malformed-url"),
        ("https://www.mihon.example/" + "a" * 9000, "url-too-long"),
    ],
)
def test_refusals(url: str, why: str) -> None:
    assert refusal(url) == why


@pytest.mark.parametrize(
    ("url", "has_key"),
    [
        (f"{SITE}/api/v2/documents.json?date=2026-10-01", True),
        (f"{SITE}/robots.txt", False),
        (f"{SITE}/.well-known/tdmrep.json", False),
        (f"{SITE.replace('https', 'http')}/api/v2/documents.json", False),
        (f"{SITE}:8443/api/v2/documents.json", False),
        (f"{SITE}.other.example/api/v2/documents.json", False),
    ],
)
def test_a_key_goes_to_the_api_and_nowhere_else(url: str, has_key: bool) -> None:
    assert is_for_key([f"{SITE}/api/v2"], url) is has_key


def test_redirects_end() -> None:
    wanted = Wanted(f"{SITE}/a", "fetched", key="case:1")
    hop = redirected(wanted, wanted.url, "/b?y=2&x=1#part")
    assert (hop.url, hop.hops) == (f"{SITE}/b?y=2&x=1#part", (f"{SITE}/a",))
    with pytest.raises(Reject, match=f"{SITE}/a"):
        redirected(hop, hop.url, "/a")
    for number in range(MOST_HOPS - 1):
        hop = redirected(hop, hop.url, f"/{number}")
    with pytest.raises(Reject) as raised:
        redirected(hop, hop.url, "/last")
    assert raised.value.code == "too-many-redirects"


def test_failed_downloads_have_short_names() -> None:
    assert reason_of(DownloadTimeoutError()) == "timeout"
    assert reason_of(ResponseDataLossError()) == "truncated"
    assert reason_of(ZeroDivisionError()) == "error:ZeroDivisionError"


def test_settings_of_scrapy_follow_from_ours() -> None:
    crawl = CrawlSettings(contact="https://mihon.example/bot", timeout_s=7, max_bytes=1000, retries=1)
    crawler = {"delay_s": 4.0}
    seed = Seed(
        source="x",
        title="",
        publisher="",
        homepage="",
        spider="site",
        config="x",
        crawl=crawler,  # type: ignore[arg-type]
    )
    found = scrapy_settings(crawl, seed)
    assert found["USER_AGENT"].startswith("Kobunko/")
    assert found["USER_AGENT"].endswith("(+https://mihon.example/bot)")
    wanted = {"DOWNLOAD_DELAY": 4.0, "DOWNLOAD_TIMEOUT": 7, "DOWNLOAD_MAXSIZE": 1000, "RETRY_TIMES": 1}
    wanted |= {"CONCURRENT_REQUESTS": 1, "COOKIES_ENABLED": False, "AUTOTHROTTLE_ENABLED": True}
    assert {name: found[name] for name in wanted} == wanted
    assert scrapy_settings(crawl, seed, replay=True)["DOWNLOAD_DELAY"] == 0
    assert user_agent("").count("(") == 0
