"""Makes the captures beside this file with other people's tools. Run it as root, after installing them:

    pip install warcio requests warcprox wacz && npm install warcio && apt-get install wget
    unshare --mount --net python make.py

In a network of its own, where the real names lead to a server on loopback: nothing is asked of the real hosts.
"""

import gzip
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import government

HERE = Path(__file__).parent
HOSTS = ("laws.e-gov.go.jp", "www.courts.go.jp", "api.edinet-fsa.go.jp")
ADDRESS = "10.9.9.9"  # warcprox asks nothing of loopback
NODE = Path(os.environ.get("NODE_MODULES", "node_modules")).resolve()


class Handler(BaseHTTPRequestHandler):
    """Lists in chunks and packed, PDFs by HTTP/1.0 without a length, the rest as usual."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        status, media_type, body = government.answer(f"https://{self.headers['Host']}{self.path}")
        is_list = "search1" in self.path or "/laws?" in self.path
        is_bare = self.path.endswith(".pdf") and not isinstance(self.connection, ssl.SSLSocket)
        if is_bare:
            self.protocol_version = "HTTP/1.0"
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        if is_list and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        if is_list:
            self.send_header("Transfer-Encoding", "chunked")
            pieces = [body[start : start + 700] for start in range(0, len(body), 700)]
            body = b"".join(b"%x;x=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif not is_bare:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = is_bare

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "9999")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def serve(folder: Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    (folder / "hosts").write_text(f"127.0.0.1 localhost\n{ADDRESS} {' '.join(HOSTS)}\n")
    subprocess.run(["mount", "--bind", str(folder / "hosts"), "/etc/hosts"], check=True)
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    made = ["openssl", "req", "-x509", *key, "-days", "30", "-subj", "/CN=mihon", "-addext", f"subjectAltName={names}"]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    for port in (80, 443):
        server = ThreadingHTTPServer((ADDRESS, port), Handler)
        if port == 443:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()


def wget(name: str, *options: str, urls: list[str] = government.URLS) -> None:
    by_http = [url.replace("https:", "http:") if url.endswith(".pdf") else url for url in urls]
    (HERE / "urls.txt").write_text("\n".join(by_http))
    wanted = [
        "-q",
        "--tries=1",
        "--timeout=10",
        "--no-check-certificate",
        "-O",
        "/dev/null",
        "-i",
        "urls.txt",
        f"--warc-file={name}",
        *options,
    ]
    subprocess.run(["wget", *wanted], cwd=HERE, check=False)
    (HERE / "urls.txt").unlink()


def whole_gzip(name: str) -> None:
    plain = HERE / f"{name}.warc"
    with gzip.GzipFile(HERE / f"{name}.warc.gz", "wb", mtime=0) as packed:
        packed.write(plain.read_bytes())
    plain.unlink()


WARCIO = """
import warnings
from warcio.capture_http import capture_http
import requests, sys
sys.path.insert(0, {here!r})
import government
warnings.simplefilter("ignore")
with capture_http("warcio.warc.gz", warc_version="1.1"):
    for url in government.URLS:
        requests.head(url, verify=False)
        requests.get(url, verify=False)
"""
WARCPROX = """
import sys, warnings
sys.path.insert(0, {here!r})
import government, requests
warnings.simplefilter("ignore")
proxies = dict.fromkeys(("http", "https"), "http://127.0.0.1:8765")
for turn in range(2):
    for url in government.URLS:
        requests.get(url, verify=False, proxies=proxies)
"""
NODE_JS = """
import {createWriteStream} from "node:fs";
import {WARCRecord, WARCSerializer} from "warcio";
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
const out = createWriteStream("browser.warc.gz");
for (const url of process.argv.slice(2)) {
  const answer = await fetch(url);
  const body = new Uint8Array(await answer.arrayBuffer());
  async function* pieces() { yield body; }
  const warcVersion = "WARC/1.1", warcHeaders = {}, date = new Date().toISOString();
  const httpHeaders = Object.fromEntries(answer.headers);  // as they came, though the body is unpacked
  const statusline = `HTTP/2 ${answer.status}`;
  const common = {url, date, warcVersion};
  const response = WARCRecord.create({...common, type: "response", warcHeaders, httpHeaders, statusline}, pieces());
  const about = {"WARC-Concurrent-To": response.warcHeader("WARC-Record-ID") ?? ""};
  const asked = {warcHeaders: about, httpHeaders: {"user-agent": "x"}, statusline: "GET / HTTP/2"};
  const request = WARCRecord.create({...common, ...asked, type: "request"});
  const digest = {algo: "sha-256", prefix: "sha256:", base32: false};
  for (const record of [request, response]) out.write(await WARCSerializer.serialize(record, {gzip: true, digest}));
}
out.end();
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        serve(folder)
        wget("wget")
        wget("wget-plain", "--no-warc-compression", urls=list(reversed(government.URLS)))
        wget("whole-gzip", "--no-warc-compression")
        whole_gzip("whole-gzip")
        for old in ("warcio.warc.gz", "warcprox.warc.gz"):
            (HERE / old).unlink(missing_ok=True)
        subprocess.run([sys.executable, "-c", WARCIO.format(here=str(HERE))], cwd=HERE, check=True)
        proxy = [
            "warcprox",
            "-p",
            "8765",
            "-d",
            str(folder / "w"),
            "-z",
            "-n",
            "x",
            "--dedup-db-file",
            str(folder / "d"),
        ]
        running = subprocess.Popen(proxy, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(5)
        subprocess.run([sys.executable, "-c", WARCPROX.format(here=str(HERE))], check=True)
        time.sleep(3)
        running.terminate()
        running.wait()
        (warc,) = (folder / "w").glob("*.warc.gz")
        shutil.copy(warc, HERE / "warcprox.warc.gz")
        (folder / "node_modules").symlink_to(NODE)
        (folder / "browser.mjs").write_text(NODE_JS)
        subprocess.run(["node", "browser.mjs", *government.URLS], cwd=folder, check=True)
        wacz = ["wacz", "create", "-f", str(folder / "browser.warc.gz"), "-o", str(HERE / "browser.wacz")]
        (HERE / "browser.wacz").unlink(missing_ok=True)
        subprocess.run(wacz, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
