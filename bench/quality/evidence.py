"""Evidence of rights on every sample: the phrase, its page and the hash of it.

Read from the chain that `kobunko lookup` shows. A phrase of a page that ships has to stand there, at its place. A
document that is closed shows what was looked at in vain, and the rule that closes it in the page of rules.
"""

import tempfile
from pathlib import Path
from typing import Any

from kobunko import pipeline
from kobunko.home import open_home
from kobunko.ids import sha256_hex
from kobunko.importing import import_files, rows_of_list
from kobunko.licensing.rulebook import FOLDER
from kobunko.lookup import chain
from kobunko.settings import load_settings

NEEDS_SAMPLES = True
FLOORS = {
    "documents": (">=", 500.0),
    "proven": (">=", 380.0),
    "shown with phrase, page and hash": ("==", 1.0),
}
_SHOWN = ("phrase", "url", "sha256", "fetched_at")


def measure(samples: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder), run={"engine": "inline"})
        with open_home(settings) as home:
            with home.writing():
                import_files(home, home.catalogue.start_run("import"), rows_of_list(samples / "import.jsonl"))
                pipeline.run(home, ["licence"])
            ids = [doc_id for doc_id, _ in home.catalogue.inputs()]
            licences = [found["licence"] for found in chain(home, pipeline.stages(home), ids)]
    proven = [licence for licence in licences if licence["license"] != "NOASSERTION"]
    closed = [licence for licence in licences if licence["license"] == "NOASSERTION"]
    good = sum(map(_is_shown, proven)) + sum(map(_shows_its_rule, closed))
    return {
        "documents": float(len(licences)),
        "proven": float(len(proven)),
        "closed": float(len(closed)),
        "shown with phrase, page and hash": good / max(1, len(licences)),
    }


def _is_shown(licence: dict[str, Any]) -> bool:
    deciding = licence["evidence"][0]
    ships = deciding["rule"].rpartition("text:kobunko/licensing/rules/")[2]
    there = True
    if ships != deciding["rule"]:
        there = (FOLDER / ships).read_text(encoding="utf-8").startswith(deciding["phrase"], deciding["start"])
    return there and deciding["level"] in ("E1", "E2", "E3") and all(deciding[name] for name in _SHOWN)


def _shows_its_rule(licence: dict[str, Any]) -> bool:
    told = licence["evidence"][-1]
    if not told["rule"].startswith("closed-by:"):
        return False
    text = (FOLDER / Path(told["url"]).name).read_bytes()
    return told["sha256"] == sha256_hex(text) and text.decode("utf-8").startswith(told["phrase"], told["start"])
