"""Filings: text blocks against the visible text of the pages, facts against the XBRL instance of the same filing.

Where `KOBUNKO_ARELLE` names a Python with Arelle, the facts are compared with Arelle's reading of the instances too.
"""

import csv
import io
import json
import os
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, cast

from lxml import etree

from kobunko.extract.archive import open_zip
from kobunko.extract.edinet import read_csv_package, read_package

NEEDS_SAMPLES = True
FLOORS = {
    "packages": (">=", 12.0),
    "characters of text blocks": (">=", 0.9999),
    "text blocks found": (">=", 1.0),
    "numeric facts": (">=", 1.0),
    "facts that the instance does not have": ("==", 0.0),
    "numeric facts as Arelle reads them": (">=", 1.0),
    "rows of CSV that became facts or text blocks": (">=", 1.0),
}
_HIDDEN = ".//*[contains(translate(@style, ' ', ''), 'display:none')]"
_XBRLI = "{http://www.xbrl.org/2003/instance}"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
Key = tuple[str, str, str, Decimal | str | None]


def measure(samples: Path) -> dict[str, float]:
    counts: Counter[str] = Counter()
    arelle = os.environ.get("KOBUNKO_ARELLE", "")
    for body in packages(samples / "edinet"):
        counts["packages"] += 1
        counts += package(body)
        if arelle:
            counts += beside_arelle(body, arelle)
    for path in sorted((samples / "edinet").rglob("*type5.zip")):
        counts += csv_package(path.read_bytes())
    return {
        "packages": counts["packages"],
        "text blocks": counts["blocks"],
        "characters of text blocks": 1 - counts["missing"] / counts["characters"],
        "text blocks found": counts["blocks found"] / counts["blocks"],
        "numeric facts in instances": counts["facts"],
        "numeric facts": counts["same"] / counts["facts"],
        "facts that the instance does not have": counts["invented"],
        **_arelle_figures(counts),
        "rows of CSV": counts["rows"],
        "rows of CSV that became facts or text blocks": counts["read rows"] / counts["rows"],
    }


def packages(folder: Path) -> Iterator[bytes]:
    """Packages of filings; the authority's own samples are unpacked and are packed again."""
    for path in sorted([*folder.rglob("*type1.zip"), *(folder / "arelle_sample_zip").glob("*.zip")]):
        yield path.read_bytes()
    for path in sorted((folder / "fsa_official_sample").glob("*/*/XBRL")):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            for member in sorted(path.rglob("*")):
                if member.is_file():
                    file.write(member, f"XBRL/{member.relative_to(path)}")
        yield out.getvalue()


def package(body: bytes) -> Counter[str]:
    reading = read_package(open_zip(body))
    texts = {page.number: page.text for page in reading.pages}
    ours = Counter(
        (block["element"], block["context"], letters(texts[block["page"]][block["start"] : block["end"]]))
        for block in reading.structure["text_blocks"]
    )
    by_name: dict[tuple[str, str], list[str]] = {}
    for element, context, text in ours.elements():
        by_name.setdefault((element, context), []).append(text)
    counts: Counter[str] = Counter()
    instance: set[Key] = set()
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        for name in file.namelist():
            if name.endswith("_ixbrl.htm"):
                for element, context, text in visible_blocks(file.read(name)):
                    counts["blocks"] += 1
                    counts["characters"] += len(text)
                    found = by_name.get((element, context), [])
                    counts["blocks found"] += bool(found)
                    counts["missing"] += min((missing(text, other) for other in found), default=len(text))
            elif name.endswith(".xbrl"):
                instance |= set(instance_facts(file.read(name)))
    if instance:
        read = {
            key(fact["element"], fact["context"], fact["unit"], fact["value"]) for fact in numeric(reading.structure)
        }
        counts |= Counter(facts=len(instance), same=len(instance & read), invented=len(read - instance))
    return counts


def beside_arelle(body: bytes, python: str) -> Counter[str]:
    """How many numeric facts Arelle finds in the instances of a package, and how many of them are ours."""
    read = read_package(open_zip(body)).structure
    ours = {key(fact["element"], fact["context"], fact["unit"], fact["value"]) for fact in numeric(read)}
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(io.BytesIO(body)) as file:
        instances = [file.extract(name, folder) for name in file.namelist() if name.endswith(".xbrl")]
        script = Path(__file__).parents[1] / "arelle_facts.py"
        answer = subprocess.run([python, str(script), *instances], check=True, capture_output=True).stdout
    theirs = {key(*fact) for found in json.loads(answer).values() for fact in found}
    return Counter({"arelle": len(theirs), "arelle same": len(theirs & ours)})


def _arelle_figures(counts: Counter[str]) -> dict[str, float]:
    if not counts["arelle"]:
        return {}
    share = counts["arelle same"] / counts["arelle"]
    return {"numeric facts that Arelle finds": counts["arelle"], "numeric facts as Arelle reads them": share}


def numeric(structure: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (fact for fact in structure["facts"] if fact.get("unit"))


def visible_blocks(page: bytes) -> Iterator[tuple[str, str, str]]:
    """Element, context and letters of every text block, read by lxml alone."""
    root = etree.fromstring(page, etree.XMLParser(huge_tree=True))
    for element in cast("list[etree._Element]", root.xpath(_HIDDEN)):
        for inner in element.iter("{*}nonNumeric"):
            inner.set("name", "")
    for element in root.iter("{*}nonNumeric"):
        if element.get("name", "").endswith("TextBlock"):
            yield (
                element.get("name", ""),
                element.get("contextRef", ""),
                "".join("".join(map(str, element.itertext())).split()),
            )


def letters(text: str) -> str:
    return "".join(text.replace("<br>", "").replace("\\|", "|").split())


def missing(wanted: str, found: str) -> int:
    return sum((Counter(wanted) - Counter(found)).values())


def instance_facts(body: bytes) -> Iterator[Key]:
    root = etree.fromstring(body, etree.XMLParser(huge_tree=True))
    for element in root.iterchildren(etree.Element):
        if unit := element.get("unitRef"):
            value = None if element.get(_NIL) == "true" else element.text
            name = etree.QName(element).localname
            yield key(f"{element.prefix}:{name}", element.get("contextRef", ""), unit, value)


def key(element: str, context: str, unit: str, value: str | None) -> Key:
    """Numbers compare as numbers: an instance writes 0 as -0 where the page has a bracket."""
    try:
        return element, context, unit, Decimal(value) + 0 if value is not None else None
    except InvalidOperation:
        return element, context, unit, value


def csv_package(body: bytes) -> Counter[str]:
    reading = read_csv_package(open_zip(body))
    csv.field_size_limit(1 << 30)
    rows = 0
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        for name in file.namelist():
            rows += (
                sum(1 for _ in csv.reader(io.StringIO(file.read(name).decode("utf-16"), newline=""), delimiter="\t"))
                - 1
            )
    return Counter({"rows": rows, "read rows": len(reading.structure["facts"]) + len(reading.structure["text_blocks"])})
