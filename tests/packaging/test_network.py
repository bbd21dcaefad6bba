"""No test reaches the network, also not through a process that it starts."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "attempt",
    ["socket.create_connection(('192.0.2.1', 80), 1)", "socket.getaddrinfo('ministry.example', 443)"],
    ids=["address", "name"],
)
def test_processes_that_tests_start_reach_no_network(attempt: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import socket; {attempt}"], capture_output=True, text=True)
    assert "tests reach no network" in done.stderr


def test_processes_that_tests_start_reach_loopback() -> None:
    program = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    subprocess.run([sys.executable, "-c", program], check=True)
