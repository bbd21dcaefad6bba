"""API keys: added to a request at the last moment, and nowhere else, so that no file of the home ever holds one."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from w3lib.url import add_or_replace_parameters

from kobunko.crawlers.spiders.base import SourceSpider


def _spider_of(crawler: Crawler) -> SourceSpider:
    assert isinstance(crawler.spider, SourceSpider)
    return crawler.spider


def is_for_key(starts: Iterable[str], url: str) -> bool:
    """Keys go to the origins that a seed starts from, never by plain HTTP to one of HTTPS, and not into what a host as
    a whole is asked."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc.lower()}/"
    is_home = any(f"{start}/".startswith(origin) for start in starts)
    return is_home and parts.path != "/robots.txt" and not parts.path.startswith("/.well-known/")


class SecretMiddleware:
    """Adds the spider's `secret_headers()`."""

    def __init__(self, spider: SourceSpider) -> None:
        self._spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SecretMiddleware":
        return cls(_spider_of(crawler))

    def process_request(self, request: Request) -> None:
        headers = self._spider.secret_headers()
        if headers and is_for_key(self._spider.seed.crawl.start, request.url):
            request.headers.update(headers)


class SecretHandler(HTTP11DownloadHandler):
    """Adds the spider's `secret_query()` on the wire: no request, answer or error that others see has it."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._spider = _spider_of(crawler)

    async def download_request(self, request: Request) -> Response:
        secret = self._spider.secret_query()
        if not secret or not is_for_key(self._spider.seed.crawl.start, request.url):
            return await super().download_request(request)
        wired = request.replace(url=add_or_replace_parameters(request.url, secret))
        try:
            response = await super().download_request(wired)
        except Exception as error:
            error.args = tuple(str(arg).replace(wired.url, request.url) for arg in error.args)
            raise
        request.meta.update(wired.meta)
        return response.replace(url=request.url)
