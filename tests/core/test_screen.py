"""What a terminal shows while long work goes on."""

import io

import pytest
from rich.console import Console

from kobunko import screen


def test_the_bar_of_a_crawl_counts_what_each_host_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(screen, "err", Console(file=shown, force_terminal=True, width=200, color_system=None))
    with screen.crawl_progress() as progress:
        counts = {"requests": 15, "waiting": 5, "new": 2, "changed": 0, "failed": 1}
        progress("jacar", counts, {"www.a.example": 12, "www.b.example": 3})
    assert "15/20 www.a.example 12, www.b.example 3, new 2, changed 0, failed 1" in shown.getvalue()
