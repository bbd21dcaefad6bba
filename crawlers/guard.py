"""Where a request may go: http and https only, and no host of the inside unless the operator allows it.

Every hop of a redirect is a request of its own and passes here. Names are checked where they are resolved, and the
checked address is the one that is connected to, so a name that changes its mind does not get through.
"""

import ipaddress
from collections.abc import Collection
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
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Refused(IgnoreRequest):
    """A request that must not leave; the message says why."""


def is_inside(address: str) -> bool:
    """Whether an IP address is loopback, private, link-local or otherwise not of the public internet."""
    ip = ipaddress.ip_address(address)
    inner = _inner(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    return (not ip.is_global and inner is None) or ip.is_multicast or (inner is not None and not inner.is_global)


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4, Teredo or NAT64."""
    teredo = ip.teredo[1] if ip.teredo else None
    nat64 = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    return ip.ipv4_mapped or ip.sixtofour or teredo or nat64


def refusal(url: str, private_hosts: Collection[str] = ()) -> str:
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
    return "private-address" if inside and not may_be_inside(host, private_hosts) else ""


def may_be_inside(host: str, private_hosts: Collection[str]) -> bool:
    return host in private_hosts or "*" in private_hosts


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, which gives no address of the inside."""

    refused: set[str] = set()  # noqa: RUF012 (one resolver per process; the guard reads it to name the failure)

    def __init__(
        self, reactor: ReactorBase, cache_size: int, timeout: float, private_hosts: Collection[str] = ()
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._private_hosts = private_hosts

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> "PublicResolver":
        settings = crawler.settings
        size, timeout = settings.getint("DNSCACHE_SIZE"), settings.getfloat("DNS_TIMEOUT")
        return cls(reactor, size, timeout, settings.getlist("PRIVATE_HOSTS"))

    def getHostByName(self, name: str, timeout: Any = ()) -> "Deferred[str]":  # noqa: N802
        return super().getHostByName(name, timeout).addCallback(self._check, name)

    def _check(self, address: str, name: str) -> str:
        if is_inside(address) and not may_be_inside(name, self._private_hosts):
            self.refused.add(name)
            raise DNSLookupError(f"{name} is an address of the inside")
        return address


class GuardMiddleware:
    """Refuses what must not leave, and sends the rest directly or through the operator's proxy."""

    def __init__(self, proxy: str, private_hosts: Collection[str]) -> None:
        self._proxy = proxy
        self._private_hosts = ("*",) if proxy else private_hosts  # behind a proxy, the inside is the proxy's to guard

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "GuardMiddleware":
        crawl = job_of(crawler).settings.crawl
        return cls(crawl.proxy, crawl.private_hosts)

    def process_request(self, request: Request) -> None:
        if why := refusal(request.url, self._private_hosts):
            raise Refused(why)
        request.meta["proxy"] = self._proxy or None  # None: no proxy from the environment either

    def process_exception(self, request: Request, exception: Exception) -> None:
        host = urlparse_cached(request).hostname
        if isinstance(exception, CannotResolveHostError) and host in PublicResolver.refused:
            raise Refused("private-address") from exception
