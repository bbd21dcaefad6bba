"""The catalogue on both of its databases: what is acknowledged is there, and the same call may be repeated."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from kobunko import ids, tables
from kobunko.backup import back_up, restore
from kobunko.catalogue import Catalogue
from kobunko.crawlers import absences, hosts, watch
from kobunko.database import MIGRATIONS
from kobunko.document import document, part
from kobunko.errors import UsageError
from kobunko.records import Capture
from kobunko.seed import Assertions

MOMENT = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    url = f"sqlite:///{tmp_path}/c.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgresql")
    catalogue = Catalogue(url)
    yield catalogue
    catalogue.close()


def capture(number: int, body: bytes, url: str = "http://kurashi.example/a?b=2&a=1") -> Capture:
    return Capture(
        capture_id=f"<urn:uuid:{number}>",
        source="kurashi",
        url=url,
        record_type="response",
        status=200,
        media_type="text/html",
        sha256=ids.sha256_hex(body),
        size=len(body),
        fetched_at=MOMENT + dt.timedelta(days=number),
        warc_file="kurashi/kurashi-00000001.warc.gz",
        warc_offset=number * 100,
    )


def test_documents_are_found_by_every_name_that_they_have(either: Catalogue) -> None:
    first = capture(1, b"one")
    made = document(
        "kurashi", "a", first.sha256, [part("page", first)], url=first.url, title="通知", metadata={"号": 3}
    )
    for _ in range(2):  # a group that was interrupted is written again
        with either.transaction() as connection:
            either.add_captures(connection, "run", [(1, first)])
            either.add_documents(connection, "run", [made])
    assert either.counts() == {"captures": 1, "documents": 1}
    assert either.documents([made.doc_id]) == [made]
    assert either.inputs(between=(made.doc_id, made.doc_id)) == [(made.doc_id, made.input_sha256)]
    assert either.document_ids(url="http://kurashi.example/a?a=1&b=2#top") == [made.doc_id]
    assert either.document_ids(sha256=first.sha256) == [made.doc_id]
    assert either.document_ids(work_id=made.work_id) == [made.doc_id]
    assert either.document_ids(source="other") == []
    assert either.document_table(["parts"], [made.doc_id])["parts"][0][0]["warc_offset"].as_py() == 100


def test_the_newest_capture_is_the_last_one_to_arrive(either: Catalogue) -> None:
    url = "http://kurashi.example/news"
    captures = [(n, capture(n + 10, f"{n}".encode(), url)) for n in (1, 2, 3)]
    with either.transaction() as connection:
        either.add_captures(connection, "run", captures)
    latest = either.latest_capture(url)
    assert latest == captures[-1][1]
    assert len(either.captures_of(url)) == 3
    assert either.next_sequence() >= 4


def test_a_transaction_that_fails_leaves_nothing(either: Catalogue) -> None:
    before = either.counts()
    with pytest.raises(RuntimeError), either.transaction() as connection:
        either.add_captures(connection, "run", [(99, capture(99, b"x"))])
        raise RuntimeError
    assert either.counts() == before


def test_runs_that_a_crash_left_open_are_named_interrupted(either: Catalogue) -> None:
    run_id = either.start_run("crawl", "kurashi")
    assert either.interrupt_open_runs() >= 1
    (run,) = [run for run in either.runs() if run["run_id"] == run_id]
    assert run["state"] == "interrupted"
    either.finish_run(run_id, "done", {"新規": 1})
    assert either.runs(limit=1, kind="crawl")[0]["summary"] == {"新規": 1}


def test_the_tables_are_those_that_the_migrations_make(either: Catalogue) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == tables.REVISION
    with either.transaction() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_a_backup_moves_everything_from_one_database_to_the_other(
    either: Catalogue, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    first = capture(7, b"seven")
    made = document("kurashi", "seven", first.sha256, [part("page", first)], url=first.url, title="七")
    with either.transaction() as connection:
        either.add_captures(connection, "run", [(7, first)])
        either.add_documents(connection, "run", [made])
    either.finish_run(either.start_run("import"), "done", {"新規": 7})
    written = back_up(either, tmp_path / "backup")
    for url in (f"sqlite:///{tmp_path}/other.sqlite", request.getfixturevalue("new_database")()):
        other = Catalogue(url)
        assert restore(other, tmp_path / "backup") == written
        assert other.documents(other.document_ids()) == either.documents(either.document_ids())
        assert other.runs() == either.runs()
        assert other.latest_capture(first.url) == either.latest_capture(first.url)
        with pytest.raises(UsageError, match="has rows"):
            restore(other, tmp_path / "backup")
        other.close()


def test_what_crawls_remember_is_the_same_on_both(either: Catalogue) -> None:
    ledger = hosts.Ledger(either)
    for _ in range(2):
        ledger.asked("a.example")
        ledger.wait("a.example", 60, "http-429")
        with either.transaction() as connection:
            ledger.save(connection)
    found = hosts.Ledger(either).record("a.example")
    assert (found.requests, found.reason, found.not_before) == (2, "http-429", ledger.record("a.example").not_before)
    with either.transaction() as connection:
        seen = [watch.note(connection, "s", watch.Sighting("terms", "https://a.example/", x, "c")) for x in "112"]
        watch.withhold(connection, "s", ["d1", "d1"], "terms changed")
        absences.note(connection, "s", "c1", [absences.Absence("w", "https://a.example/w", "http-404")], 2)
        assert absences.settle(connection, "s", "c1", 10, Assertions(gone_after=1)) == (1, "")
    assert seen == [False, False, True]
    assert (either.withheld(), watch.accept(either, "s"), either.withheld()) == ({"d1"}, 1, set())
    assert [row["work_id"] for row in absences.events(either)] == ["w"]
