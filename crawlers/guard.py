"""Where a request may go: http and https only, and no host of the inside unless the operator allows it.

Every hop of a redirect is a request of its own and passes here. Names are checked where they are resolved, and the
checked address is the one that is connected to, so a name that changes its mind does not get through.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from kobunko.crawlers.job import job_of

LONGEST = 8192


class Refused(IgnoreRequest):
    """A request that must not leave; the message says why."""


def is_inside(address: str) -> bool:
    """Whether an IP address is loopback, private, link-local or otherwise not of the public internet."""
    ip = ipaddress.ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    return not (mapped or ip).is_global or ip.is_multicast


def refusal(url: str, *, allow_private: bool) -> str:
    """Why a URL must not be asked for; empty when it may."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "malformed-url"
    if len(url) > LONGEST:
        return "url-too-long"
    if parts.scheme not in ("http", "https"):
        return "scheme-not-allowed"
    if not host:
        return "malformed-url"
    if parts.username or parts.password:
        return "credentials-in-url"
    try:
        inside = is_inside(host)
    except ValueError:  # a name, which the resolver will check
        inside = False
    return "private-address" if inside and not allow_private else ""


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, which gives no address of the inside."""

    refused: set[str] = set()  # noqa: RUF012 (one resolver per process; the guard reads it to name the failure)

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float, allow_private: bool = False) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._allow_private = allow_private

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> "PublicResolver":
        settings = crawler.settings
        size, timeout = settings.getint("DNSCACHE_SIZE"), settings.getfloat("DNS_TIMEOUT")
        return cls(reactor, size, timeout, settings.getbool("ALLOW_PRIVATE"))

    def getHostByName(self, name: str, timeout: Any = ()) -> "Deferred[str]":  # noqa: N802
        return super().getHostByName(name, timeout).addCallback(self._check, name)

    def _check(self, address: str, name: str) -> str:
        if not self._allow_private and is_inside(address):
            self.refused.add(name)
            raise DNSLookupError(f"{name} is an address of the inside")
        return address


class GuardMiddleware:
    """Refuses what must not leave, and sends the rest directly or through the operator's proxy."""

    def __init__(self, proxy: str, allow_private: bool) -> None:
        self._proxy = proxy
        self._allow_private = allow_private or bool(proxy)  # behind a proxy, the inside is the proxy's to guard

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "GuardMiddleware":
        crawl = job_of(crawler).settings.crawl
        return cls(crawl.proxy, crawl.allow_private)

    def process_request(self, request: Request) -> None:
        if why := refusal(request.url, allow_private=self._allow_private):
            raise Refused(why)
        request.meta["proxy"] = self._proxy or None  # None: no proxy from the environment either

    def process_exception(self, request: Request, exception: Exception) -> None:
        host = urlparse_cached(request).hostname
        if isinstance(exception, CannotResolveHostError) and host in PublicResolver.refused:
            raise Refused("private-address") from exception
