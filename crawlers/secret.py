"""API keys: added to a request at the last moment, and nowhere else, so that no file of the home ever holds one."""

from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler

from kobunko.crawlers.spiders.base import SourceSpider


class SecretMiddleware:
    """Adds the spider's `secret_headers()` to requests that go to the source's own hosts."""

    def __init__(self, spider: SourceSpider) -> None:
        self._spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "SecretMiddleware":
        assert isinstance(crawler.spider, SourceSpider)
        return cls(crawler.spider)

    def process_request(self, request: Request) -> None:
        headers = self._spider.secret_headers()
        is_robots = urlsplit(request.url).path == "/robots.txt"
        if headers and not is_robots and self._spider.job.is_home(request.url):
            request.headers.update(headers)
