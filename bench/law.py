"""Speed of reading laws beside plain parsing of the same bytes in the same run.

python bench/law.py FOLDER
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree
from rich.console import Console
from rich.table import Table

from kobunko.extract.law_xml import read_xml
from kobunko.extract.records import ExtractInput
from kobunko.extract.route import extract
from kobunko.records import Blob

ROUNDS = 5


def whole(body: bytes) -> object:
    return extract(ExtractInput("bench", "", "", "", "", [Blob("law", "", "", "", body)]))


def main(folder: Path) -> None:
    bodies = [path.read_bytes() for path in sorted(folder.rglob("*.xml"))]
    bodies = [body for body in bodies if b"<Law" in body and b"</Law>" in body]
    size = sum(map(len, bodies)) / 1e6
    readers: dict[str, Callable[[bytes], object]] = {
        "lxml.etree.fromstring": etree.fromstring,
        "read_xml: text and tree": read_xml,
        "extract: as the stage does": whole,
    }
    spent = dict.fromkeys(readers, float("inf"))
    for _ in range(ROUNDS):
        for name, reader in readers.items():
            started = time.process_time()
            for body in bodies:
                reader(body)
            spent[name] = min(spent[name], time.process_time() - started)
    table = Table("reader", "MB/s", "times lxml", title=f"{len(bodies)} laws, {size:.1f} MB, best of {ROUNDS}")
    for name, seconds in spent.items():
        ratio = seconds / spent["lxml.etree.fromstring"]
        table.add_row(name, f"{size / seconds:.1f}", f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
