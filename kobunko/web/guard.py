"""What stands between the network and the routes: limits of rate, size and time, security headers, ETags."""

import asyncio
import hashlib
import time
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kobunko.settings import WebSettings
from kobunko.web.problems import problem

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
}
_ADDRESSES = 20_000  # remembered at a time
_URL = 8192  # bytes of path and query
_FREE = ("/healthz", "/static/")


class Guard:
    """Refuses what is too much, before a route sees it."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._settings = settings
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope["raw_path"]) + len(scope["query_string"]) > _URL:
            await problem(413, f"the URL is longer than {_URL} bytes")(scope, receive, send)
        elif wait := self._wait(scope):
            headers = {"Retry-After": str(int(wait) + 1)}
            await problem(429, "too many requests from this address", headers)(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
        else:
            await self._with_body(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        """Seconds until this address may ask again; 0 where it may now. A token bucket per address."""
        limit = self._settings.requests_per_minute
        if not limit or scope["path"].startswith(_FREE):
            return 0.0
        address, now = (scope.get("client") or ("", 0))[0], time.monotonic()
        tokens, then = self._buckets.pop(address, (float(limit), now))
        tokens = min(float(limit), tokens + (now - then) * limit / 60)
        self._buckets[address] = (max(0.0, tokens - 1), now)
        if len(self._buckets) > _ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if tokens >= 1 else (1 - tokens) * 60 / limit

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        try:
            async with asyncio.timeout(self._settings.body_s):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(body) > self._settings.body_bytes:
                        told = f"a request may have {self._settings.body_bytes} bytes"
                        await problem(413, told, {"Connection": "close"})(scope, receive, send)
                        return
        except TimeoutError:
            await problem(408, "the request came too slowly", {"Connection": "close"})(scope, receive, send)
            return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)


class Seal:
    """Gives every answer its security headers, and those to GET an ETag; what the reader holds already is a 304."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = Headers(scope=scope).get("if-none-match", "")
        start: Message = {}
        body = b""

        async def seal(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            headers = MutableHeaders(raw=start["headers"])
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-cache")
            if scope["method"] in ("GET", "HEAD") and start["status"] == 200 and "etag" not in headers:
                headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            if start["status"] == 200 and "etag" in headers and _holds(wanted, headers["etag"]):
                start["status"], body = 304, b""
                for name in ("content-length", "content-type"):
                    del headers[name]
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, seal)


def _holds(wanted: str, tag: str) -> bool:
    return bool(wanted) and tag in [item.strip().removeprefix("W/") for item in wanted.split(",")]
