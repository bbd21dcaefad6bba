"""One spider per kind of source. They are loaded by name, because Scrapy takes a second."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kobunko.crawlers.spiders.base import SourceSpider

_CLASSES = {
    "archives": "ArchivesSpider",
    "ckan": "CkanSpider",
    "courts": "CourtsSpider",
    "edinet": "EdinetSpider",
    "egov_laws": "EgovLawsSpider",
    "estat": "EstatSpider",
    "exams": "ExamsSpider",
    "kokkai": "KokkaiSpider",
    "ndl": "NdlSpider",
    "site": "SiteSpider",
}


def spider_class(name: str) -> "type[SourceSpider]":
    module = importlib.import_module(f"kobunko.crawlers.spiders.{name}")
    found: type[SourceSpider] = getattr(module, _CLASSES[name])
    return found
