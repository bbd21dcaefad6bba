"""What several test files need: no network in any process, a catalogue in a temporary home, a real PostgreSQL, a
loopback S3."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kobunko.catalogue import Catalogue

SUPPORT = Path(__file__).parent / "support"


def pytest_configure() -> None:
    """Command lines and workers that tests start are kept from the network as pytest itself is."""
    known = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(SUPPORT), *([known] if known else [])])


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    found = Catalogue(f"sqlite:///{tmp_path / 'catalogue.sqlite'}")
    yield found
    found.close()


def _server_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server on loopback, run as an ordinary user as it demands."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path("/tmp") / f"kobunko-pg-{os.getpid()}"
    folder.mkdir()
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def call(*arguments: str) -> None:
        subprocess.run([str(programs / arguments[0]), *arguments[1:]], check=True, user=user, cwd=folder, timeout=120)

    data = str(folder / "data")
    call("initdb", "--pgdata", data, "--auth", "trust", "--username", "kobunko", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    call("pg_ctl", "--pgdata", data, "--options", options, "--log", str(folder / "log"), "--wait", "start")
    try:
        yield f"postgresql+psycopg://kobunko@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "--pgdata", data, "--mode", "immediate", "stop")
        time.sleep(0.2)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_database(postgresql: str) -> Callable[[], str]:
    """Gives the URL of a database that nobody has used."""

    def create() -> str:
        name = f"kobunko_{os.urandom(4).hex()}"
        engine = sa.create_engine(postgresql, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return postgresql.replace("/postgres", f"/{name}")

    return create


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket of a loopback S3, which command lines find too."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "loop",
        "AWS_SECRET_ACCESS_KEY": "loop",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    urllib.request.urlopen(f"http://{host}:{port}/moto-api/reset", b"").close()
    s3 = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
    s3.mkdir("kobunko-tides")
    yield s3
    server.stop()
