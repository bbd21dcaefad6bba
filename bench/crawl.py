"""Responses per second and CPU per response of a crawl on loopback, beside plain Scrapy that writes bodies to files.

    python bench/crawl.py [PAGES] [ROUNDS]

Both ask the same server for the same pages, one at a time and without a delay, and read them with the same parser, in
turn and in processes of their own; the best round of each counts, start included. The home is there before, as it is in
every night but the first. Kobunko writes WARC records and the
catalogue, and knows what it would have to ask again; plain Scrapy only writes files. At most 1.5 times its CPU time is
the aim.
"""

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SIZE = 20_000
PLAIN = """
import hashlib, pathlib, scrapy
from scrapy.crawler import CrawlerProcess
from kobunko.crawlers.parse.site import parse_page
class Plain(scrapy.Spider):
    name = "plain"
    start_urls = [{base!r} + "/"]
    def parse(self, response):
        name = hashlib.sha256(response.url.encode()).hexdigest()
        pathlib.Path({folder!r}, name).write_bytes(response.body)
        declared = response.headers["Content-Type"].decode()
        for link in parse_page(response.body, response.url, declared).links:
            yield scrapy.Request(link.url)
process = CrawlerProcess({{"CONCURRENT_REQUESTS": 1, "DOWNLOAD_DELAY": 0, "LOG_LEVEL": "ERROR", "ROBOTSTXT_OBEY": True,
    "TELNETCONSOLE_ENABLED": False}})
process.crawl(Plain)
process.start()
"""
OURS = """
import sys
from kobunko.cli import main
sys.argv = ["kobunko", "--home", {home!r}, *{command!r}, "--json"]
main()
"""
SEED = """source = "bench"
title = "bench"
publisher = "bench"
homepage = "https://example.jp/"
spider = "site"
config = "bench"
[crawl]
start = ["{base}/"]
delay_s = 0
requests_per_night = 1000000
"""


def serve(pages: int) -> None:
    """The server, in a process of its own so that its time is nobody's."""
    filling = random.Random(1).randbytes(SIZE // 2).hex()
    links = "".join(f"<a href='/{n}'>{n}</a>" for n in range(pages))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # the body would wait for the acknowledgement of the headers

        def do_GET(self) -> None:
            found = self.path == "/" or self.path[1:].isdigit()
            body = links if self.path == "/" else f"<title>{self.path}</title><p>{self.path}{filling}</p>"
            data = body.encode() if found else b"-"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


def run(program: str, **env: str) -> tuple[float, float]:
    """Wall-clock and CPU seconds of a program in a process of its own."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | env, stdout=subprocess.DEVNULL, check=False)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    if done.returncode:
        sys.exit("a crawl failed")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def once(base: str, folder: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    files, home, seeds = folder / "files", folder / "home", folder / "seeds"
    for made in (files, home, seeds):
        made.mkdir(parents=True)
    (seeds / "bench.toml").write_text(SEED.format(base=base))
    (home / "kobunko.toml").write_text(f'seeds = "{seeds}"\n[crawl]\nprivate_hosts = ["127.0.0.1"]\n')
    plain = run(PLAIN.format(base=base, folder=str(files)))
    run(OURS.format(home=str(home), command=["sources"]))
    return plain, run(OURS.format(home=str(home), command=["crawl", "bench"]))


def main(pages: int, rounds: int) -> None:
    server = subprocess.Popen([sys.executable, __file__, "serve", str(pages)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    base = f"http://127.0.0.1:{int(server.stdout.readline())}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            results = [once(base, Path(folder) / str(number)) for number in range(rounds)]
    finally:
        server.terminate()
        server.wait()
    plain, ours = (tuple(min(round_[who][what] for round_ in results) for what in (0, 1)) for who in (0, 1))
    print(f"{pages} pages of {SIZE} bytes, best of {rounds} rounds")
    print("| | responses/s | CPU ms per response |\n|---|---|---|")
    for name, (wall, cpu) in (("plain Scrapy, files", plain), ("kobunko crawl", ours)):
        print(f"| {name} | {pages / wall:.0f} | {1000 * cpu / pages:.2f} |")
    print(f"CPU ratio: {ours[1] / plain[1]:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    else:
        main(int((sys.argv[1:] or ["2000"])[0]), int((sys.argv[2:] or ["2"])[0]))
