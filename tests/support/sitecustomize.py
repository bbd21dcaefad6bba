"""Python loads this first in every process that the tests start: only this machine and Unix sockets can be reached."""

import ipaddress
import socket
import sys
from typing import Any

WATCHED = ("socket.connect", "socket.sendto", "socket.getaddrinfo")


def _is_local(host: Any) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host).split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or _is_own(str(address))


def _is_own(address: str) -> bool:
    """Whether an interface of this machine has it, which is so where it can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in WATCHED:
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    host = address[0] if isinstance(address, tuple) else address
    is_unix_path = event != "socket.getaddrinfo" and isinstance(address, str | bytes)
    if not is_unix_path and not _is_local(host):
        raise PermissionError(f"tests reach no network: {event} {host!r}")


sys.addaudithook(_refuse)
