"""What a crawl would do, without doing it: nothing is asked of any host, and nothing is written."""

import itertools
from typing import Any

from kobunko.catalogue import Catalogue
from kobunko.crawlers.frontier import unfinished
from kobunko.crawlers.hosts import Ledger, host_of
from kobunko.crawlers.job import assemble_job
from kobunko.crawlers.scrapy_settings import user_agent
from kobunko.crawlers.spiders import spider_class
from kobunko.seed import CrawlPolicy, Seed
from kobunko.settings import Settings

SHOWN = 50


def plan(settings: Settings, catalogue: Catalogue, seed: Seed) -> dict[str, Any]:
    """The first requests of the next crawl of a source, and how its hosts would be asked."""
    with catalogue.transaction() as connection:
        crawl_id = unfinished(connection, seed.source)
    ledger = Ledger(catalogue)
    job = assemble_job(
        settings, catalogue, seed, "", crawl_id, resumed=bool(crawl_id), ledger=ledger, sequence=itertools.count()
    )
    spider = spider_class(seed.spider)(job)
    wanted = job.frontier.waiting(SHOWN) if crawl_id else spider.first_requests()
    waiting = job.frontier.counts().get("pending", 0) if crawl_id else len(wanted)
    hosts = dict.fromkeys([*(host_of(url) for url in seed.crawl.start), *(host_of(item.url) for item in wanted)])
    return {
        "source": seed.source,
        "spider": seed.spider,
        "user_agent": user_agent(settings.crawl.contact),
        "robots": seed.crawl.robots.policy,
        "robots_reason": seed.crawl.robots.reason,
        "goes_on": bool(crawl_id),
        "waiting": waiting,
        "hosts": [policy_of(seed.crawl, host, ledger) for host in hosts],
        "requests": [item.url for item in wanted[:SHOWN]],
    }


def policy_of(crawl: CrawlPolicy, host: str, ledger: Ledger) -> dict[str, Any]:
    """How one host is asked, what was asked of it this night, and why it would not be asked now."""
    manners, record = crawl.manners(host), ledger.record(host)
    reasons = [other.reason for other in crawl.hosts if other.host == host]
    return {
        "host": host,
        **manners.model_dump(),
        "override_reason": reasons[0] if reasons else "",
        "requests_tonight": record.requests,
        "bytes_tonight": record.bytes,
        "objection": ledger.objection(host, manners),
    }
