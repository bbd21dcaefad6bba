"""Speed of reading laws beside plain parsing of the same bytes in the same run.

python bench/law.py FOLDER [--json]
"""

import argparse
import gc
import json
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    bodies = [path.read_bytes() for path in sorted(asked.folder.rglob("*.xml"))]
    bodies = [body for body in bodies if b"<Law" in body and b"</Law>" in body]
    size = sum(map(len, bodies)) / 1e6
    readers: dict[str, Callable[[bytes], object]] = {
        "lxml.etree.fromstring": etree.fromstring,
        "read_xml: text and tree": read_xml,
        "extract: as the stage does": whole,
    }
    gc.freeze()  # as workers do once the code of a stage is loaded
    spent = dict.fromkeys(readers, float("inf"))
    for _ in range(ROUNDS):
        for name, reader in readers.items():
            started = time.process_time()
            for body in bodies:
                reader(body)
            spent[name] = min(spent[name], time.process_time() - started)
    plain = spent["lxml.etree.fromstring"]
    rows = {
        name: {"MB/s": round(size / seconds, 1), "times lxml": round(seconds / plain, 2)}
        for name, seconds in spent.items()
    }
    if asked.json:
        json.dump(rows, sys.stdout, indent=1)
        return
    table = Table("reader", "MB/s", "times lxml", title=f"{len(bodies)} laws, {size:.1f} MB, best of {ROUNDS}")
    for name, row in rows.items():
        table.add_row(name, *map(str, row.values()))
    Console().print(table)


if __name__ == "__main__":
    main()
