"""Scrapy's settings for one source, as a pure function of ours."""

from typing import Any

from kobunko import __version__
from kobunko.seed import Seed
from kobunko.settings import CrawlSettings

AGENT = "Kobunko"  # the name that robots.txt knows us by
_HERE = "kobunko.crawlers"


def user_agent(contact: str) -> str:
    return f"{AGENT}/{__version__}" + (f" (+{contact})" if contact else "")


def process_settings(crawl: CrawlSettings) -> dict[str, Any]:
    """What all sources of one process share: the reactor, the resolver, the log."""
    return {
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "TWISTED_DNS_RESOLVER": f"{_HERE}.guard.PublicResolver",
        "PRIVATE_HOSTS": ["*"] if crawl.proxy else list(crawl.private_hosts),  # only the proxy is resolved
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOG_LEVEL": "WARNING",
        "TELNETCONSOLE_ENABLED": False,
        "STATS_DUMP": False,
    }


def scrapy_settings(crawl: CrawlSettings, seed: Seed, *, replay: bool = False) -> dict[str, Any]:
    """One request at a time per source, so one connection per host; nothing waits in a replay."""
    delay = 0.0 if replay else seed.crawl.delay_s
    own = [other.delay_s for other in seed.crawl.hosts if other.delay_s is not None and not replay]
    return process_settings(crawl) | {
        "BOT_NAME": AGENT,
        "USER_AGENT": user_agent(crawl.contact),
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_ITEMS": 1,  # Scrapy starts so many tasks for each answer; spiders hand over to the recorder
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": min(delay, *own) if own else delay,  # each host's own: see robots.py
        "DOWNLOAD_DELAY_JITTER": 0.0,  # a delay is a promise, not a mean
        "AUTOTHROTTLE_ENABLED": not replay,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_MAX_DELAY": max(60.0, delay),
        "DOWNLOAD_TIMEOUT": crawl.timeout_s,
        "DOWNLOAD_MAXSIZE": crawl.max_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DNS_TIMEOUT": crawl.timeout_s,
        "COOKIES_ENABLED": False,
        "RETRY_ENABLED": not replay,
        "RETRY_TIMES": crawl.retries,
        "RETRY_HTTP_CODES": [408, 500, 502, 504],  # 429 and 503 are an order to wait: see politeness.py
        "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
        "REDIRECT_ENABLED": False,  # each hop is a request of its own: see spiders/base.py
        "METAREFRESH_ENABLED": False,
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), f"{_HERE}.secret.SecretHandler"),
        "SCHEDULER": f"{_HERE}.scheduler.FrontierScheduler",
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {"scrapy.extensions.throttle.AutoThrottle": 0},
        "DOWNLOADER_MIDDLEWARES_BASE": {  # requests pass downwards, answers upwards
            f"{_HERE}.guard.GuardMiddleware": 50,
            f"{_HERE}.robots.RobotsMiddleware": 100,
            "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
            "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": 550,
            f"{_HERE}.politeness.PolitenessMiddleware": 560,
            f"{_HERE}.capture.CaptureMiddleware": 580,
            f"{_HERE}.capture.DecompressionMiddleware": 590,
            "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": 750,
            f"{_HERE}.secret.SecretMiddleware": 900,
            **({f"{_HERE}.replay.ReplayMiddleware": 950} if replay else {f"{_HERE}.politeness.LedgerMiddleware": 950}),
        },
    }
