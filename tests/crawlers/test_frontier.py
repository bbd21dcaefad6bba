"""The frontier's rows, and what is resumed."""

from kobunko.catalogue import Catalogue
from kobunko.crawlers.frontier import Frontier, Wanted, open_crawl

A, B = "https://www.mihon.example/a", "https://www.mihon.example/b"


def queue(catalogue: Catalogue, crawl_id: str, *wanted: Wanted) -> Frontier:
    frontier = Frontier(catalogue, "ministry", crawl_id)
    with catalogue.transaction() as connection:
        frontier.add(connection, wanted)
    return frontier


def test_a_request_comes_back_as_it_was(catalogue: Catalogue) -> None:
    wanted = Wanted(A, "fetched", {"parts": [{"n": 1}], "日": None}, 3, "key", 2, B, "お知らせ", ("x", "y"))
    assert queue(catalogue, "c1", wanted).waiting(10) == [wanted]


def test_the_highest_priority_comes_first_and_alone(catalogue: Catalogue) -> None:
    frontier = queue(catalogue, "c1", Wanted(A, "listing"), Wanted(B, "file", priority=10))
    assert [wanted.url for wanted in frontier.waiting(10)] == [B]


def test_one_request_per_key_and_only_a_better_one_replaces_it(catalogue: Catalogue) -> None:
    frontier = queue(catalogue, "c1", Wanted(f"{A}?y=1&x=2", "fetched", priority=-100))
    with catalogue.transaction() as connection:
        frontier.add(connection, [Wanted(f"{A}?x=2&y=1#part", "fetched", {"n": 1})])
        frontier.add(connection, [Wanted(f"{A}?x=2&y=1", "fetched", {"n": 2})])
    assert [wanted.arguments for wanted in frontier.waiting(10)] == [{"n": 1}]
    with catalogue.transaction() as connection:
        frontier.settle(connection, [(frontier.waiting(1)[0].request_key, "done", "")])
        frontier.add(connection, [Wanted(f"{A}?x=2&y=1", "fetched", priority=50)])
    assert frontier.waiting(10) == []
    assert frontier.counts() == {"done": 1}


def test_what_is_pending_is_resumed_and_a_replay_has_rows_of_its_own(catalogue: Catalogue) -> None:
    frontier = queue(catalogue, "run1", Wanted(A, "fetched"), Wanted(B, "fetched"))
    assert open_crawl(catalogue, "ministry", "run2", replay=False) == ("run1", True)
    assert open_crawl(catalogue, "other", "run2", replay=False) == ("run2", False)
    crawl_id, resumed = open_crawl(catalogue, "ministry", "run3", replay=True)
    assert not resumed
    queue(catalogue, crawl_id, Wanted(A, "fetched"))
    assert open_crawl(catalogue, "ministry", "run4", replay=True) == ("replay-run4", False)
    assert len(frontier.waiting(10)) == 2
    with catalogue.transaction() as connection:
        frontier.settle(connection, [(A, "done", ""), (B, "failed", "http-404")])
    assert frontier.detail(B) == "http-404"
    assert open_crawl(catalogue, "ministry", "run5", replay=False) == ("run5", False)


def test_a_postponed_request_goes_to_the_end(catalogue: Catalogue) -> None:
    frontier = queue(catalogue, "c1", Wanted(A, "fetched"), Wanted(B, "fetched"))
    with catalogue.transaction() as connection:
        frontier.postpone(connection, A, "http-503")
    assert [wanted.url for wanted in frontier.waiting(10)] == [B, A]
    assert frontier.detail(A) == "http-503"
