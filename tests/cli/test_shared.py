"""Several hosts share one installation: a PostgreSQL catalogue, and a home that all of them see."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from authored import write_list
from commandline import Result, command, environment, run

from kobunko.catalogue import Catalogue

STAGES = ("--stage", "extract", "--stage", "text", "--stage", "signature")


@pytest.fixture
def database(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def settings(database: str) -> dict[str, str]:
    return environment(KOBUNKO__CATALOGUE=database)


@contextmanager
def another_host(database: str) -> Iterator[Any]:
    """Turns as a process of another host has them."""
    with closing(Catalogue(database)) as catalogue, catalogue.turns() as turns:
        yield turns


def rows_by_stage(stages: Path) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for path in sorted(stages.glob("*/part-*.parquet")):
        ids = pq.read_table(path, columns=["doc_id"])["doc_id"].to_pylist()
        found.setdefault(path.parent.name.split("@")[0], Counter()).update(ids)
    return found


def test_two_hosts_share_one_queue(home: Path, tmp_path: Path, settings: dict[str, str]) -> None:
    done = run(command(home, "import", write_list(tmp_path / "files", pages=24)), settings)
    assert done.code == 0, done.err

    def work(_: int) -> Result:
        return run(command(home, "run", *STAGES, "--json"), settings)

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(work, range(2)))
    assert [result.code for result in results] == [0, 0], [result.err for result in results]
    rows = rows_by_stage(home / "stages")
    assert len(rows["extract"]) == 29
    assert all(set(counts.values()) == {1} for counts in rows.values())
    by_host = [{name: facts["documents"] for name, facts in result.json["stages"].items()} for result in results]
    assert {name: sum(host[name] for host in by_host) for name in rows} == {n: len(ids) for n, ids in rows.items()}
    assert run(command(home, "audit"), settings).code == 0


def test_a_site_is_crawled_by_one_host_at_a_time(
    database: str, settings: dict[str, str], home: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "empty.warc"
    archive.touch()
    crawl = command(home, "crawl", "egov_laws", "kokkai", "--replay", archive, "--json")
    with another_host(database) as other:
        assert other.join()
        assert other.take("crawl kokkai.ndl.go.jp")
        done = run(crawl, settings)
        assert done.json["elsewhere"] == ["kokkai"]
        assert list(done.json["crawl"]) == ["egov_laws"]
        assert other.take("crawl egov_laws")
        assert "other hosts" in run(crawl, settings).err


def test_a_release_waits_until_no_other_host_works(database: str, settings: dict[str, str], home: Path) -> None:
    with another_host(database) as other:
        assert other.join()
        done = run(command(home, "release", "build", "r1"), settings)
        assert done.code == 1
        assert "others work" in done.err
    with another_host(database) as other:
        assert other.alone()
        assert "others work" in run(command(home, "run"), settings).err
