"""The hosts of the little government, by name."""

from kobunko.demo import filings, judgments, laws, ministry
from kobunko.demo.web import Host


def government() -> dict[str, Host]:
    """All hosts with their answers built in memory: the same bytes at every start."""
    return {
        "laws.demo.example": laws.host(),
        "courts.demo.example": judgments.host(),
        "filings.demo.example": filings.host(),
        "www.kurashi.demo.example": ministry.host(),
    }
