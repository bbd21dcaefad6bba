"""How fast personal data is found, beside HojiChar's mask and presidio's recognisers of phones and e-mail addresses.

    python -m bench.privacy [--peers PYTHON]

`PYTHON` is the interpreter of a venv with the peers (`pip install hojichar presidio-analyzer phonenumbers`): they are
no dependencies of Kobunko. Prints megabytes of UTF-8 a second on one core, and the ratio to each peer in the same run.
"""

import argparse
import json
import subprocess
import time
from collections.abc import Callable

from kobunko.licensing.privacy import private

LINES = (
    "第{n}条　この法律は、潮汐の観測に関し必要な事項を定め、もって船舶の航行の安全に資することを目的とする。",
    "２　前項の規定による届出は、その年の四月一日から九月三十日までに、潮汐大臣にしなければならない。",
    "売上高は前期比{n}.{n}％増の1,234,567千円、営業利益は2,345千円となりました。法人番号 7000012050002",
    "お問い合わせ先　潮汐省総務課　電話 03-5253-{n:04d}（直通）　メール soumu{n}@choseki.example",
)
PEERS = """
import json, sys, time
text = open(sys.argv[1], encoding="utf-8").read()
pieces = [text[n : n + 4000] for n in range(0, len(text), 4000)]
found = {}
def clock(name, work):
    started = time.process_time()
    for piece in pieces:
        work(piece)
    found[name] = time.process_time() - started
try:
    import hojichar
    mask = hojichar.document_filters.MaskPersonalInformation()
    clock("hojichar MaskPersonalInformation", lambda piece: mask.apply(hojichar.Document(piece)))
except ImportError as error:
    print(error, file=sys.stderr)
try:
    from presidio_analyzer.predefined_recognizers import EmailRecognizer, PhoneRecognizer
    import logging; logging.disable()
    phone, mail = PhoneRecognizer(supported_regions=["JP"]), EmailRecognizer()
    clock("presidio PhoneRecognizer + EmailRecognizer", lambda piece: (
        phone.analyze(piece, ["PHONE_NUMBER"], None), mail.analyze(piece, ["EMAIL_ADDRESS"], None)))
except ImportError as error:
    print(error, file=sys.stderr)
print(json.dumps(found))
"""


def corpus(megabytes: float) -> str:
    """Prose of laws, two lines of figures and one of contacts in four: more numbers than most documents have."""
    block = "\n".join(line.format(n=n) for n in range(1, 200) for line in LINES)
    return block * max(1, round(megabytes * 1e6 / len(block.encode())))


def clocked(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of the personal-data rules")
    parser.add_argument("--peers", default="", help="interpreter of a venv with hojichar and presidio-analyzer")
    asked = parser.parse_args()
    text = corpus(8)
    size = len(text.encode()) / 1e6
    private(text[:1000], "none")  # tables are made at the first use
    ours = min(clocked(lambda: private(text, "none")) for _ in range(3))
    print(f"{'kobunko privacy (all classes, names aside)':<48} {size / ours:8.2f} MB/s")
    if asked.peers:
        import tempfile

        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([asked.peers, "-c", PEERS, file.name], capture_output=True, text=True, check=True)
        for name, seconds in json.loads(done.stdout.splitlines()[-1]).items():
            print(f"{name:<48} {size / seconds:8.2f} MB/s   kobunko is {seconds / ours:.1f} times as fast")


if __name__ == "__main__":
    main()
